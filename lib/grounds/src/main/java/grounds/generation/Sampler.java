package grounds.generation;

import java.util.List;
import java.util.random.RandomGenerator;

/** Chooses the next token from the model's scores. Implement it to try a rule of your own. */
@FunctionalInterface
public interface Sampler {

  /**
   * The chosen token.
   *
   * @param logits the score of every token, before the softmax; may be overwritten
   * @param text the ids so far, the prompt's too; not to be changed
   * @param random the only source of chance
   */
  int choose(float[] logits, int[] text, RandomGenerator random);

  /**
   * A draw from the softmax of the scores after some changes.
   *
   * <pre>{@code
   * Sampler.of(new Temperature(0.8), new TopK(50), new TopP(0.95))
   * }</pre>
   *
   * @param processors what changes the scores, in this order
   */
  static Sampler of(LogitsProcessor... processors) {
    List<LogitsProcessor> inOrder = List.of(processors);
    return (logits, text, random) -> {
      inOrder.forEach(processor -> processor.process(logits, text));
      return draw(probabilities(logits), random.nextDouble());
    };
  }

  /** Always the token with the highest score; the first among equals. */
  static Sampler greedy() {
    return (logits, text, random) -> highest(logits);
  }

  /**
   * A draw at that temperature, from all tokens.
   *
   * @param temperature 0 or more; 0 means greedy
   */
  static Sampler temperature(double temperature) {
    return of(new Temperature(temperature));
  }

  /**
   * The softmax: scores as probabilities that sum to 1.
   *
   * @throws IllegalArgumentException if no score is finite, or one is not a number
   */
  static double[] probabilities(float[] logits) {
    float highest = logits[highest(logits)];
    double[] probabilities = new double[logits.length];
    double sum = 0;
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] = Math.exp((double) logits[i] - highest);
      sum += probabilities[i];
    }
    if (!(sum > 0 && Double.isFinite(sum))) {
      throw new IllegalArgumentException(
          "Wanted scores of which one at least is finite and all are numbers, got a highest score of "
              + highest
              + " and a sum of "
              + sum
              + ". Either the model's weights are broken, or a rule has removed every token.");
    }
    for (int i = 0; i < probabilities.length; i++) {
      probabilities[i] /= sum;
    }
    return probabilities;
  }

  /** The logarithm of the softmax at one token, in nats. */
  static double logProbability(float[] logits, int token) {
    float highest = logits[highest(logits)];
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp((double) logit - highest);
    }
    return (double) logits[token] - highest - Math.log(sum);
  }

  /** The first token with the highest score. */
  static int highest(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }

  /** Keeps every token with a lower score than that from being drawn. */
  static void removeBelow(float[] logits, float score) {
    for (int i = 0; i < logits.length; i++) {
      if (logits[i] < score) {
        logits[i] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  private static int draw(double[] probabilities, double target) {
    int chosen = 0;
    for (int i = 0; i < probabilities.length; i++) {
      if (probabilities[i] > 0) {
        chosen = i;
        target -= probabilities[i];
        if (target < 0) {
          break;
        }
      }
    }
    return chosen;
  }
}
