package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import grounds.tensor.Parameters;

/**
 * x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))): within 5e-4 of the exact GELU, and cheaper when
 * GPT-2 was made (Hendrycks and Gimpel 2016).
 */
final class TanhGelu {

  private static final double CUBIC = 0.044715;

  // Constants, not Java numbers: DJL frees a number's buffer while autograd still needs it.
  private final NDArray half;
  private final NDArray linear;
  private final NDArray cubic;

  TanhGelu(Parameters parameters) {
    double slope = Math.sqrt(2 / Math.PI);
    half = parameters.constant(new float[] {0.5f}, 1);
    linear = parameters.constant(new float[] {(float) slope}, 1);
    cubic = parameters.constant(new float[] {(float) (slope * CUBIC)}, 1);
  }

  NDArray of(NDArray x) {
    NDArray inner = x.mul(linear).add(x.mul(x).mul(x).mul(cubic));
    return x.mul(half).mul(inner.tanh().add(1));
  }
}
