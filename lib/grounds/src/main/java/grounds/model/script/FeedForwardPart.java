package grounds.model.script;

/** {@link grounds.model.layer.FeedForward}: expand, exact GELU, contract. */
final class FeedForwardPart implements ScriptPart {

  private final ScriptPart expand;
  private final ScriptPart contract;
  private String expanded = "";

  FeedForwardPart(ScriptPart expand, ScriptPart contract) {
    this.expand = expand;
    this.contract = contract;
  }

  @Override
  public String forward(Pass pass, String x) {
    expanded = expand.forward(pass, x);
    return contract.forward(pass, pass.let("hidden", "torch.gelu(" + expanded + ")"));
  }

  @Override
  public String backward(Pass pass, String dy) {
    String dhidden = contract.backward(pass, dy);
    return expand.backward(
        pass, pass.let("dexpanded", "torch.gelu_backward(" + dhidden + ", " + expanded + ")"));
  }
}
