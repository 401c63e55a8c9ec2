package grounds.scaling;

/**
 * y = offset + coefficient × x^exponent: Kaplan et al.'s L(N), L(D) and L(C) (2020) have an
 * exponent below 0 and no offset; later ones have one.
 *
 * @param offset what y tends to; 0 for a straight line on log axes
 * @param coefficient above 0
 * @param exponent the slope on log axes, where the offset is small
 */
public record PowerLaw(double offset, double coefficient, double exponent) {

  /** The value at x, above 0. */
  public double at(double x) {
    return offset + coefficient * Math.pow(x, exponent);
  }

  /** Where it reaches y, without an offset at most. */
  public double inverse(double y) {
    if (!((y - offset) / coefficient > 0)) {
      throw new IllegalArgumentException(
          "Wanted a value beyond the offset "
              + offset
              + ", which is never reached, got "
              + y
              + ".");
    }
    return Math.pow((y - offset) / coefficient, 1 / exponent);
  }
}
