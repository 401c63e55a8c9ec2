package grounds.model.script;

/** {@link grounds.model.layer.FeedForward}: expand, GELU, contract. */
final class FeedForwardPart implements ScriptPart {

  private final ScriptPart expand;
  private final ScriptPart contract;
  private final String form;
  private String expanded = "";

  FeedForwardPart(ScriptPart expand, ScriptPart contract, boolean tanhGelu) {
    this.expand = expand;
    this.contract = contract;
    this.form = tanhGelu ? ", approximate=\"tanh\")" : ")";
  }

  @Override
  public String forward(Pass pass, String x) {
    expanded = expand.forward(pass, x);
    return contract.forward(pass, pass.let("hidden", "torch.gelu(" + expanded + form));
  }

  @Override
  public String backward(Pass pass, String dy) {
    String dhidden = contract.backward(pass, dy);
    return expand.backward(
        pass, pass.let("dexpanded", "torch.gelu_backward(" + dhidden + ", " + expanded + form));
  }
}
