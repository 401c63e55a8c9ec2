package grounds.tensor;

/** Whose code multiplies matrices on a CPU. */
public enum ProductKernel {
  /** The library that PyTorch takes by itself: MKL, OpenBLAS or Accelerate. */
  DEFAULT("torch.linear(%s, %s, %s)"),
  /** oneDNN, which uses the wide vectors of AMD's newer processors where MKL does not. */
  ONEDNN(
      "ops.mkldnn._linear_pointwise(%s, %s, %s, \"none\", annotate(List[Optional[number]], []),"
          + " \"\")");

  private final String linear;

  ProductKernel(String linear) {
    this.linear = linear;
  }

  /**
   * The expression of x W^T + b in a script.
   *
   * @param bias a variable, or {@code None}
   */
  public String linear(String x, String weight, String bias) {
    return linear.formatted(x, weight, bias);
  }
}
