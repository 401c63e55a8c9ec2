package grounds.tensor;

import ai.djl.ndarray.NDManager;

/** Whose code multiplies matrices on a CPU: the three products of a linear layer, in a script. */
public enum ProductKernel {
  /** The library that PyTorch takes by itself: MKL, OpenBLAS or Accelerate. */
  DEFAULT,
  /** oneDNN, which uses the wide vectors of AMD's newer processors where MKL does not. */
  ONEDNN;

  /**
   * The fastest for the layers of a model of that width on this processor: found by a {@link
   * ProductProbe} when first asked for, or named by {@code GROUNDS_PRODUCTS}, {@code default} or
   * {@code onednn}.
   *
   * @param manager where to compute
   * @param channels width of the stream between the model's blocks
   */
  public static ProductKernel fastest(NDManager manager, int channels) {
    String wanted = System.getProperty("grounds.products", System.getenv("GROUNDS_PRODUCTS"));
    if (wanted == null || wanted.isBlank()) {
      return ProductProbe.once(manager, channels).kernel();
    }
    switch (wanted.strip()) {
      case "default":
        return DEFAULT;
      case "onednn":
        return ONEDNN;
      default:
        throw new IllegalArgumentException(
            "Wanted matrix products by 'default' or 'onednn', got '"
                + wanted
                + "'. Set GROUNDS_PRODUCTS so.");
    }
  }

  /**
   * The expression of x W^T + b.
   *
   * @param bias a variable, or {@code None}
   */
  public String linear(String x, String weight, String bias) {
    String arguments = String.join(", ", x, weight, bias);
    return this == ONEDNN
        ? "ops.mkldnn._linear_pointwise("
            + arguments
            + ", \"none\", annotate(List[Optional[number]], []), \"\")"
        : "torch.linear(" + arguments + ")";
  }

  /** The expression of dy W, the gradient of x. */
  public String inputGradient(String dy, String weight) {
    return this == ONEDNN
        ? linear(dy, "torch.t(" + weight + ")", "None")
        : "torch.mm(" + dy + ", " + weight + ")";
  }

  /**
   * The expression of dy^T x, the gradient of W, and of the sum of dy over its rows, the gradient
   * of b: two results.
   *
   * @param weight W, or any other tensor of its type
   * @param bias whether the second result is wanted; it is empty or of no use otherwise
   */
  public String weightGradient(String dy, String x, String weight, boolean bias) {
    // oneDNN's own layer, for its linear() would first lay dy on its side, in memory.
    return this == ONEDNN
        ? "torch.mkldnn_linear_backward_weights(torch.to_mkldnn(%s), torch.to_mkldnn(%s), %s, %s)"
            .formatted(dy, x, weight, bias ? "True" : "False")
        : "(torch.mm(torch.t(%s), %s), torch.sum(%s, [0]))".formatted(dy, x, dy);
  }

  /** The expression of a bfloat16 weight as {@link #ONEDNN} reads it fastest for one row. */
  public static String packed(String weight) {
    return "ops.mkldnn._reorder_linear_weight(" + weight + ", 1)";
  }

  /** For the line that says what computes. */
  @Override
  public String toString() {
    return this == ONEDNN ? "oneDNN's products" : "default products";
  }
}
