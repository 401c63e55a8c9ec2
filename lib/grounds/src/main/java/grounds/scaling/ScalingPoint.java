package grounds.scaling;

import java.util.List;

/**
 * What one training run says about scaling.
 *
 * @param parameters N, the size of the model
 * @param tokens D, how many tokens it read
 * @param flops C, the operations of its training
 * @param loss the loss it reached, in nats a token
 */
public record ScalingPoint(double parameters, double tokens, double flops, double loss) {

  public ScalingPoint {
    requireAboveZero("number of parameters", parameters);
    requireAboveZero("number of tokens", tokens);
    requireAboveZero("number of operations", flops);
    requireAboveZero("loss", loss);
  }

  /** A run whose operations are counted as 6 N D. */
  public static ScalingPoint of(double parameters, double tokens, double loss) {
    return new ScalingPoint(parameters, tokens, TrainingFlops.sixNd(parameters, tokens), loss);
  }

  private static void requireAboveZero(String what, double value) {
    if (!(value > 0 && Double.isFinite(value))) {
      throw new IllegalArgumentException(
          "Wanted a " + what + " above 0, got " + value + ". Leave out runs that failed.");
    }
  }

  /** Fails unless there are at least as many different points as coefficients. */
  static void requireEnough(List<?> points, int coefficients, String what) {
    long different = points.stream().distinct().count();
    if (different < coefficients) {
      throw new IllegalArgumentException(
          "Wanted "
              + coefficients
              + " or more different points for the "
              + coefficients
              + " coefficients of "
              + what
              + ", got "
              + different
              + ". Run more.");
    }
  }
}
