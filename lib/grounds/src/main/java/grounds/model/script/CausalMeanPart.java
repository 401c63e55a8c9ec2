package grounds.model.script;

/** {@link grounds.model.layer.CausalMean}: the mean of the values up to each position. */
final class CausalMeanPart implements ScriptPart {

  private final ScriptPart value;
  private final ScriptPart output;
  private final int block;
  private final int channels;
  private String weights = "";

  /**
   * The layer of one block; the first constant holds the averaging matrix, transposed.
   *
   * @param block its number, for the values it keeps
   */
  CausalMeanPart(ScriptPart value, ScriptPart output, int block, int channels) {
    this.value = value;
    this.output = output;
    this.block = block;
    this.channels = channels;
  }

  @Override
  public String forward(Pass pass, String x) {
    String values = value.forward(pass, x);
    boolean generating = pass.kind() == Pass.Kind.GENERATION;
    String from = generating ? "at" : "0";
    String end = generating ? "at + time" : "time";
    weights =
        pass.narrow(
            pass.let(
                "shares",
                "torch.t(torch.narrow(torch.narrow(self.constants[0], 1, %s, time), 0, 0, %s))"
                    .formatted(from, end)));
    return output.forward(
        pass, mixed(pass, weights, generating ? kept(pass, values) : byText(values)));
  }

  @Override
  public String backward(Pass pass, String dy) {
    String dmean = byText(output.backward(pass, dy));
    return value.backward(pass, mixed(pass, "torch.t(" + weights + ")", dmean));
  }

  private String mixed(Pass pass, String factor, String values) {
    return pass.let(
        "mean",
        "torch.reshape(torch.matmul(%s, %s), [-1, %d])".formatted(factor, values, channels));
  }

  private String byText(String rows) {
    return "torch.view(" + rows + ", [batch, time, " + channels + "])";
  }

  /** Keeps the new values, and gives all that are kept. */
  private String kept(Pass pass, String values) {
    String all = "torch.squeeze(self.values[" + block + "], 1)";
    pass.line("_ = torch.copy_(torch.narrow(%s, 1, at, time), %s)".formatted(all, byText(values)));
    return "torch.narrow(" + all + ", 1, 0, at + time)";
  }
}
