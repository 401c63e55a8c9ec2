package grounds.model.script;

/** {@link grounds.model.layer.RmsNorm}: float32 in and out. */
final class RmsNormPart implements ScriptPart {

  private final String name;
  private final double epsilon;
  private String normalized = "";
  private String factor = "";

  RmsNormPart(String name, double epsilon) {
    this.name = name;
    this.epsilon = epsilon;
  }

  @Override
  public String forward(Pass pass, String x) {
    String square = "torch.mean(torch.mul(" + x + ", " + x + "), [1], True)";
    factor = pass.let("factor", "torch.rsqrt(torch.add(" + square + ", " + epsilon + "))");
    normalized = pass.let("normalized", "torch.mul(" + x + ", " + factor + ")");
    return pass.let("norm", "torch.mul(" + normalized + ", " + weight(pass) + ")");
  }

  /** With n = x / rms and u = w dy: dx = (u - n mean(u n)) / rms, and dw = sum of dy n. */
  @Override
  public String backward(Pass pass, String gradient) {
    String dy = pass.wide(gradient);
    pass.gradient(name + ".weight")
        .ifPresent(g -> pass.put(g, "torch.sum(torch.mul(" + dy + ", " + normalized + "), [0])"));
    String u = pass.let("u", "torch.mul(" + dy + ", " + weight(pass) + ")");
    String along =
        pass.let("along", "torch.mean(torch.mul(" + u + ", " + normalized + "), [1], True)");
    String across = "torch.sub(" + u + ", torch.mul(" + normalized + ", " + along + "))";
    return pass.let("dx", "torch.mul(" + across + ", " + factor + ")");
  }

  private String weight(Pass pass) {
    return pass.weight(name + ".weight");
  }
}
