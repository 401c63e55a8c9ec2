package grounds.tensor;

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
}
