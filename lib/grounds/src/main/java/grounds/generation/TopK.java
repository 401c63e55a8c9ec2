package grounds.generation;

import java.util.Arrays;

/**
 * Leaves the k tokens with the highest scores, and those whose score equals the last of them (Fan,
 * Lewis and Dauphin 2018).
 *
 * @param k 1 or more
 */
public record TopK(int k) implements LogitsProcessor {

  public TopK {
    if (k < 1) {
      throw new IllegalArgumentException("Wanted a top-k of 1 or more tokens, got " + k + ".");
    }
  }

  @Override
  public void process(float[] logits, int[] text) {
    if (k < logits.length) {
      float[] sorted = logits.clone();
      Arrays.sort(sorted);
      Sampler.removeBelow(logits, sorted[sorted.length - k]);
    }
  }
}
