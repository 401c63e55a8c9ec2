package grounds.generation;

import java.util.Arrays;

/**
 * Makes the tokens of the text so far less probable: divides their score if it is above 0,
 * multiplies it if below (Keskar et al. 2019).
 *
 * @param penalty above 0; 1 changes nothing, 1.2 is usual, below 1 rewards
 */
public record RepetitionPenalty(double penalty) implements LogitsProcessor {

  public RepetitionPenalty {
    if (!(penalty > 0 && Double.isFinite(penalty))) {
      throw new IllegalArgumentException(
          "Wanted a repetition penalty above 0, got " + penalty + ". 1 changes nothing.");
    }
  }

  @Override
  public void process(float[] logits, int[] text) {
    Arrays.stream(text)
        .distinct()
        .forEach(
            id ->
                logits[id] =
                    (float) (logits[id] > 0 ? logits[id] / penalty : logits[id] * penalty));
  }
}
