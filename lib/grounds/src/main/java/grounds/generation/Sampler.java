package grounds.generation;

import java.util.random.RandomGenerator;

/** Chooses the next token from the model's scores. Implement it to try a rule of your own. */
@FunctionalInterface
public interface Sampler {

  /**
   * The chosen token.
   *
   * @param logits the score of every token, before the softmax; may be overwritten
   * @param random the only source of chance
   */
  int choose(float[] logits, RandomGenerator random);

  /** Always the token with the highest score; the first among equals. */
  static Sampler greedy() {
    return (logits, random) -> {
      int best = 0;
      for (int i = 1; i < logits.length; i++) {
        if (logits[i] > logits[best]) {
          best = i;
        }
      }
      return best;
    };
  }

  /**
   * A draw from the softmax of the scores divided by the temperature: below 1 bolder tokens win
   * more often, above 1 rarer ones do.
   *
   * @param temperature 0 or more; 0 means greedy
   */
  static Sampler temperature(double temperature) {
    if (!(temperature >= 0 && Double.isFinite(temperature))) {
      throw new IllegalArgumentException(
          "Wanted a temperature of 0 or more, got " + temperature + ".");
    }
    if (temperature == 0) {
      return greedy();
    }
    return (logits, random) -> {
      double highest = Double.NEGATIVE_INFINITY;
      for (float logit : logits) {
        highest = Math.max(highest, logit);
      }
      double[] weights = new double[logits.length];
      double sum = 0;
      for (int i = 0; i < logits.length; i++) {
        weights[i] = Math.exp((logits[i] - highest) / temperature);
        sum += weights[i];
      }
      double target = random.nextDouble() * sum;
      int chosen = 0;
      for (int i = 0; i < weights.length; i++) {
        if (weights[i] > 0) {
          chosen = i;
          target -= weights[i];
          if (target < 0) {
            break;
          }
        }
      }
      return chosen;
    };
  }
}
