package grounds.generation;

import java.util.Arrays;

/**
 * Leaves the most probable tokens that together have the given probability or more, the fewest that
 * do: the nucleus (Holtzman et al. 2020). Tokens as probable as the last of them stay too.
 *
 * @param p above 0, at most 1; 1 leaves all
 */
public record TopP(double p) implements LogitsProcessor {

  public TopP {
    if (!(p > 0 && p <= 1)) {
      throw new IllegalArgumentException(
          "Wanted a top-p above 0 and at most 1, got " + p + ". 1 leaves every token.");
    }
  }

  @Override
  public void process(float[] logits, int[] text) {
    if (p == 1) {
      return;
    }
    float[] sorted = logits.clone();
    Arrays.sort(sorted);
    double[] probabilities = Sampler.probabilities(sorted);
    double sum = 0;
    int i = sorted.length;
    while (i > 0 && sum < p) {
      i--;
      sum += probabilities[i];
    }
    Sampler.removeBelow(logits, sorted[i]);
  }
}
