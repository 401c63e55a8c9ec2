package grounds.finetune;

/**
 * What a model loses by a pair of answers, of which it should prefer the chosen one. It depends on
 * four numbers a pair: how probable each answer is to the model that learns, the policy, and to the
 * model it began as, the reference.
 *
 * <p>A loss gives its derivatives too, so that a step needs no more than a weighted sum of
 * surprises: {@link grounds.model.Batch#withWeights}.
 */
@FunctionalInterface
public interface PreferenceLoss {

  /** The loss of a pair. */
  Value of(Pair pair);

  /**
   * A pair of answers, as two models see them: logarithms of the probability of all their tokens,
   * in nats.
   *
   * @param policyChosen of the chosen answer, by the model that learns
   * @param policyRejected of the rejected answer, by the same
   * @param referenceChosen of the chosen answer, by the reference
   * @param referenceRejected of the rejected answer, by the reference
   * @param chosenTokens how many tokens the chosen answer has
   * @param rejectedTokens how many the rejected one has
   */
  record Pair(
      double policyChosen,
      double policyRejected,
      double referenceChosen,
      double referenceRejected,
      int chosenTokens,
      int rejectedTokens) {

    /** How much more the policy likes the chosen answer than the reference does. */
    public double chosenRatio() {
      return policyChosen - referenceChosen;
    }

    /** How much more the policy likes the rejected answer than the reference does. */
    public double rejectedRatio() {
      return policyRejected - referenceRejected;
    }

    /** By how much more the policy prefers the chosen answer than the reference does. */
    public double difference() {
      return chosenRatio() - rejectedRatio();
    }
  }

  /**
   * A loss and where it goes.
   *
   * @param loss in nats, where the loss is a logarithm
   * @param byChosen its derivative by {@link Pair#policyChosen}
   * @param byRejected its derivative by {@link Pair#policyRejected}
   */
  record Value(double loss, double byChosen, double byRejected) {}

  /**
   * Direct preference optimization (Rafailov et al. 2023): minus log sigma(beta difference).
   *
   * @param beta how much it costs to leave the reference; about 0.1
   */
  record Dpo(double beta) implements PreferenceLoss {

    public Dpo {
      requirePositive("beta", beta);
    }

    @Override
    public Value of(Pair pair) {
      return new ConservativeDpo(beta, 0).of(pair);
    }
  }

  /**
   * DPO for labels of which a share is wrong (Mitchell 2023, "A note on DPO with noisy
   * preferences"): (1 - smoothing) of the loss as it is and smoothing of the loss the other way
   * round.
   *
   * @param smoothing the share, 0 to below 0.5
   */
  record ConservativeDpo(double beta, double smoothing) implements PreferenceLoss {

    public ConservativeDpo {
      requirePositive("beta", beta);
      if (!(smoothing >= 0 && smoothing < 0.5)) {
        throw new IllegalArgumentException(
            "Wanted a smoothing in [0, 0.5), got " + smoothing + ".");
      }
    }

    @Override
    public Value of(Pair pair) {
      double h = beta * pair.difference();
      double loss = (1 - smoothing) * softplus(-h) + smoothing * softplus(h);
      double slope = beta * (smoothing * sigmoid(h) - (1 - smoothing) * sigmoid(-h));
      return new Value(loss, slope, -slope);
    }
  }

  /**
   * Identity preference optimization (Azar et al. 2023, equation 17): the square of (difference - 1
   * / (2 tau)), with probabilities of whole answers as there, not means over their tokens.
   *
   * @param tau how much it costs to leave the reference
   */
  record Ipo(double tau) implements PreferenceLoss {

    public Ipo {
      requirePositive("tau", tau);
    }

    @Override
    public Value of(Pair pair) {
      double off = pair.difference() - 1 / (2 * tau);
      return new Value(off * off, 2 * off, -2 * off);
    }
  }

  /**
   * Odds ratio preference optimization (Hong et al. 2024), without a reference: the mean surprise
   * at the chosen answer's tokens, and lambda times minus log sigma of the logarithm of the odds
   * ratio, of the geometric mean probability of a token.
   *
   * @param lambda how much the preference counts beside the answer itself; about 0.1
   */
  record Orpo(double lambda) implements PreferenceLoss {

    public Orpo {
      requirePositive("lambda", lambda);
    }

    @Override
    public Value of(Pair pair) {
      double chosen = pair.policyChosen / pair.chosenTokens;
      double rejected = pair.policyRejected / pair.rejectedTokens;
      double h = logOdds(chosen) - logOdds(rejected);
      double slope = -lambda * sigmoid(-h);
      return new Value(
          -chosen + lambda * softplus(-h),
          (-1 + slope * logOddsSlope(chosen)) / pair.chosenTokens,
          -slope * logOddsSlope(rejected) / pair.rejectedTokens);
    }

    private static double logOdds(double logProbability) {
      return logProbability - Math.log(-Math.expm1(logProbability));
    }

    private static double logOddsSlope(double logProbability) {
      return -1 / Math.expm1(logProbability);
    }
  }

  /** log(1 + e^x), which is minus log sigma(-x). */
  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static void requirePositive(String what, double value) {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("Wanted a " + what + " above 0, got " + value + ".");
    }
  }
}
