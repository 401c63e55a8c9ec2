package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import grounds.tensor.Parameters;

/**
 * Root mean square normalisation: every vector is divided by the root of its mean square, then
 * scaled by learned values, weight * x / sqrt(mean(x^2) + epsilon) (Zhang and Sennrich 2019).
 * Unlike {@link LayerNorm} it takes no mean away and adds no bias.
 */
public final class RmsNorm implements Layer {

  private final NDArray weight;
  private final float epsilon;

  /**
   * Makes a gain of ones.
   *
   * @param epsilon added to the mean square, above 0: keeps a vector of zeros from a division by
   *     zero
   */
  public RmsNorm(Parameters parameters, int channels, double epsilon) {
    this.epsilon = (float) requireEpsilon(epsilon);
    this.weight = parameters.ones("weight", channels);
  }

  /** Takes and gives [..., channels]. */
  @Override
  public NDArray forward(NDArray input, boolean training) {
    int[] last = {input.getShape().dimension() - 1};
    NDArray rootMeanSquare = input.square().mean(last, true).add(epsilon).sqrt();
    return input.div(rootMeanSquare).mul(weight);
  }

  /** The value itself, if a norm can take it. */
  public static double requireEpsilon(double epsilon) {
    if (!(epsilon > 0 && epsilon < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("Wanted an epsilon above 0, got " + epsilon + ".");
    }
    return epsilon;
  }
}
