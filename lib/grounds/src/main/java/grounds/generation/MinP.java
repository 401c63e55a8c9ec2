package grounds.generation;

/**
 * Leaves the tokens that are at least the given share as probable as the most probable one: many
 * where the model hesitates, few where it is sure (Nguyen et al. 2024).
 *
 * @param share from 0 to 1; 0 leaves all
 */
public record MinP(double share) implements LogitsProcessor {

  public MinP {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException("Wanted a min-p from 0 to 1, got " + share + ".");
    }
  }

  @Override
  public void process(float[] logits, int[] text) {
    // p / p_highest = exp(logit - highest): no sum is needed.
    float highest = logits[Sampler.highest(logits)];
    Sampler.removeBelow(logits, (float) (highest + Math.log(share)));
  }
}
