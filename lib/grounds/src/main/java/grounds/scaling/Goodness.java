package grounds.scaling;

import java.util.Arrays;

/** How well a curve follows points. */
final class Goodness {

  private Goodness() {}

  /** The share of the variance that the predictions explain; 1 if there is nothing to explain. */
  static double rSquared(double[] values, double[] predicted) {
    double mean = Arrays.stream(values).average().orElseThrow();
    double total = 0;
    double left = 0;
    for (int i = 0; i < values.length; i++) {
      total += (values[i] - mean) * (values[i] - mean);
      left += (values[i] - predicted[i]) * (values[i] - predicted[i]);
    }
    return total == 0 ? 1 : 1 - left / total;
  }
}
