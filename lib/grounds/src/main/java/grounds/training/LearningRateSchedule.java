package grounds.training;

/** The learning rate as a function of the step. Implement it with a record or a lambda. */
@FunctionalInterface
public interface LearningRateSchedule {

  /**
   * The learning rate of a step.
   *
   * @param step steps done before it: 0 for the first
   */
  double at(int step);

  /** The same rate at every step. */
  static LearningRateSchedule constant(double rate) {
    return new Constant(rate);
  }

  /**
   * Up in a straight line, then down along half a cosine to a tenth of the peak (Loshchilov and
   * Hutter 2017; the tenth is GPT-3's).
   */
  static LearningRateSchedule warmupCosine(double peak, int warmupSteps, int steps) {
    return new WarmupCosine(peak, peak / 10, warmupSteps, steps);
  }

  /**
   * A rate that never changes.
   *
   * @param rate 0 or more
   */
  record Constant(double rate) implements LearningRateSchedule {
    public Constant {
      requireRate("learning rate", rate);
    }

    @Override
    public double at(int step) {
      return rate;
    }
  }

  /**
   * Warm-up and cosine decay.
   *
   * @param peak the highest rate, reached after the warm-up
   * @param minimum the rate at the end and after it
   * @param warmupSteps steps of the straight way up
   * @param steps step at which the minimum is reached
   */
  record WarmupCosine(double peak, double minimum, int warmupSteps, int steps)
      implements LearningRateSchedule {
    public WarmupCosine {
      requireRate("peak learning rate", peak);
      requireRate("minimum learning rate", minimum);
      if (minimum > peak) {
        throw new IllegalArgumentException(
            "Wanted a minimum rate of at most the peak of " + peak + ", got " + minimum + ".");
      }
      if (warmupSteps < 0 || steps < 1 || warmupSteps > steps) {
        throw new IllegalArgumentException(
            "Wanted 0 <= warm-up steps <= steps, got " + warmupSteps + " and " + steps + ".");
      }
    }

    @Override
    public double at(int step) {
      if (step < warmupSteps) {
        return peak * (step + 1) / (warmupSteps + 1);
      }
      if (step >= steps) {
        return minimum;
      }
      double progress = (double) (step - warmupSteps) / (steps - warmupSteps);
      return minimum + (peak - minimum) * 0.5 * (1 + Math.cos(Math.PI * progress));
    }
  }

  private static void requireRate(String name, double rate) {
    if (!(rate >= 0 && Double.isFinite(rate))) {
      throw new IllegalArgumentException("Wanted a " + name + " of 0 or more, got " + rate + ".");
    }
  }
}
