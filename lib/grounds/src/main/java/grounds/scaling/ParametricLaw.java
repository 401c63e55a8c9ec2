package grounds.scaling;

/**
 * Hoffmann et al.'s law (2022): L(N, D) = E + A / N^alpha + B / D^beta.
 *
 * @param irreducible E, the loss that no model gets below, in nats
 * @param a what a small model costs
 * @param b what a short text costs
 * @param alpha how fast the first fades with parameters
 * @param beta how fast the second fades with tokens
 */
public record ParametricLaw(double irreducible, double a, double b, double alpha, double beta) {

  /** As printed in the paper, to two or three digits. */
  public static final ParametricLaw HOFFMANN_ROUNDED =
      new ParametricLaw(1.69, 406.4, 410.7, 0.34, 0.28);

  /** The same before rounding, from the source of the paper (Besiroglu et al. 2024). */
  public static final ParametricLaw HOFFMANN =
      new ParametricLaw(1.69337368, 406.401018, 410.722827, 0.33917084, 0.2849083);

  /** The loss of a model of that size after so many tokens. */
  public double loss(double parameters, double tokens) {
    return irreducible + a / Math.pow(parameters, alpha) + b / Math.pow(tokens, beta);
  }

  /**
   * The best use of a budget.
   *
   * @param parameters N
   * @param tokens D
   * @param loss what the law promises
   */
  public record Optimum(double parameters, double tokens, double loss) {

    /** D / N. */
    public double tokensPerParameter() {
      return tokens / parameters;
    }
  }

  /**
   * The size and the number of tokens that give the lowest loss for so many operations, C = 6 N D.
   */
  public Optimum optimum(double flops) {
    if (!(flops > 0)) {
      throw new IllegalArgumentException("Wanted operations above 0, got " + flops + ".");
    }
    double g = Math.pow(alpha * a / (beta * b), 1 / (alpha + beta));
    double parameters = g * Math.pow(flops / 6, beta / (alpha + beta));
    double tokens = flops / 6 / parameters;
    return new Optimum(parameters, tokens, loss(parameters, tokens));
  }

  /** The exponent of the best size: N grows as C to this. */
  public double parameterExponent() {
    return beta / (alpha + beta);
  }
}
