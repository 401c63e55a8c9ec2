package grounds.tensor;

import ai.djl.ndarray.NDManager;

/**
 * The kernels of the three matrix products of a linear layer y = x W^T.
 *
 * @param forward for y = x W^T
 * @param inputGradient for dx = dy W
 * @param weightGradient for dW = dy^T x
 */
public record ProductKernels(
    ProductKernel forward, ProductKernel inputGradient, ProductKernel weightGradient) {

  /** What PyTorch takes by itself, for all three. */
  public static final ProductKernels DEFAULT = all(ProductKernel.DEFAULT);

  /** One kernel for all three. */
  public static ProductKernels all(ProductKernel kernel) {
    return new ProductKernels(kernel, kernel, kernel);
  }

  /**
   * The fastest for linear layers on this processor: found by a {@link ProductProbe} when first
   * asked for, or named by {@code GROUNDS_PRODUCTS}, {@code default} or {@code onednn}.
   *
   * @param manager where to compute
   */
  public static ProductKernels fastest(NDManager manager) {
    String wanted = System.getProperty("grounds.products", System.getenv("GROUNDS_PRODUCTS"));
    if (wanted == null || wanted.isBlank()) {
      return ProductProbe.once(manager).kernels();
    }
    switch (wanted.strip()) {
      case "default":
        return DEFAULT;
      case "onednn":
        return all(ProductKernel.ONEDNN);
      default:
        throw new IllegalArgumentException(
            "Wanted matrix products by 'default' or 'onednn', got '"
                + wanted
                + "'. Set GROUNDS_PRODUCTS so.");
    }
  }

  /** One of both, or which of the three are oneDNN's. */
  @Override
  public String toString() {
    if (equals(DEFAULT)) {
      return "default products";
    }
    return equals(all(ProductKernel.ONEDNN))
        ? "oneDNN's products"
        : "products by "
            + forward
            + " (forward), "
            + inputGradient
            + " (input gradient), "
            + weightGradient
            + " (weight gradient)";
  }
}
