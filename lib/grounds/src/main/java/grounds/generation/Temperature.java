package grounds.generation;

import java.util.Arrays;

/**
 * Divides the scores: below 1 bolder tokens win more often, above 1 rarer ones do (Ackley, Hinton
 * and Sejnowski 1985).
 *
 * @param value 0 or more; 0 leaves only the token with the highest score, the first among equals
 */
public record Temperature(double value) implements LogitsProcessor {

  public Temperature {
    if (!(value >= 0 && Double.isFinite(value))) {
      throw new IllegalArgumentException("Wanted a temperature of 0 or more, got " + value + ".");
    }
  }

  @Override
  public void process(float[] logits, int[] text) {
    if (value == 0) {
      int best = Sampler.highest(logits);
      float score = logits[best];
      Arrays.fill(logits, Float.NEGATIVE_INFINITY);
      logits[best] = score;
    } else if (value != 1) {
      for (int i = 0; i < logits.length; i++) {
        logits[i] = (float) (logits[i] / value);
      }
    }
  }
}
