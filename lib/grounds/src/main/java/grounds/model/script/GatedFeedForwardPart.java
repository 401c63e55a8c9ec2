package grounds.model.script;

/** {@link grounds.model.layer.GatedFeedForward}: contract(silu(gate(x)) * expand(x)). */
final class GatedFeedForwardPart implements ScriptPart {

  private final ScriptPart gate;
  private final ScriptPart expand;
  private final ScriptPart contract;
  private String gated = "";
  private String opened = "";
  private String expanded = "";

  GatedFeedForwardPart(ScriptPart gate, ScriptPart expand, ScriptPart contract) {
    this.gate = gate;
    this.expand = expand;
    this.contract = contract;
  }

  @Override
  public String forward(Pass pass, String x) {
    gated = gate.forward(pass, x);
    expanded = expand.forward(pass, x);
    opened = pass.let("opened", "torch.silu(" + gated + ")");
    return contract.forward(
        pass, pass.let("hidden", "torch.mul(" + opened + ", " + expanded + ")"));
  }

  @Override
  public String backward(Pass pass, String dy) {
    String dhidden = contract.backward(pass, dy);
    String dexpanded = pass.let("dexpanded", "torch.mul(" + dhidden + ", " + opened + ")");
    String dopened = pass.let("dopened", "torch.mul(" + dhidden + ", " + expanded + ")");
    String dgated = pass.let("dgated", "torch.silu_backward(" + dopened + ", " + gated + ")");
    String dx = expand.backward(pass, dexpanded);
    pass.line("_ = torch.add_(" + dx + ", " + gate.backward(pass, dgated) + ")");
    return dx;
  }
}
