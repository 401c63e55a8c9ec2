package grounds.notebook;

/**
 * An exponential moving average, corrected for its start as in Adam (Kingma and Ba, 2015): the
 * first value counts fully, not as a step away from zero.
 */
final class Smoothed {

  private final double weight;
  private double sum;
  private double mass;

  /**
   * @param weight what the past counts at each new value, from 0 (nothing) to below 1
   */
  Smoothed(double weight) {
    if (!(weight >= 0 && weight < 1)) {
      throw new IllegalArgumentException(
          "The smoothing weight is 0 or more and below 1, but got " + weight);
    }
    this.weight = weight;
  }

  /** Takes in a value and returns the average; a value that is not a number changes nothing. */
  double add(double value) {
    if (!Double.isFinite(value)) {
      return value;
    }
    sum = weight * sum + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return sum / mass;
  }
}
