package grounds.bench;

import grounds.model.GptConfig;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/**
 * The shape of a GPT and of its batches, written as {@code T64 C192 L4 H3 B32}: context, channels,
 * layers, heads, windows a batch. More words: {@code V50257} for another vocabulary than 65, {@code
 * tied} for a head that is the token table. Its peers in Python read the same text.
 *
 * @param batch windows a step
 */
record Workload(GptConfig shape, int batch) {

  private static final String FORM = "T64 C192 L4 H3 B32 [V50257] [tied]";

  /** A text to cut batches out of. */
  private static final int TOKENS = 1_000_000;

  /**
   * The workload of a text.
   *
   * @throws IllegalArgumentException if a word is missing or unknown
   */
  static Workload of(String text) {
    Map<String, Integer> numbers = new HashMap<>(Map.of("V", 65));
    boolean tied = false;
    for (String word : text.strip().split("\\s+")) {
      if (word.equals("tied")) {
        tied = true;
      } else if (word.matches("[TCLHBV]\\d{1,8}")) {
        numbers.put(word.substring(0, 1), Integer.parseInt(word.substring(1)));
      } else {
        throw new IllegalArgumentException("Wanted '" + FORM + "', got '" + word + "'.");
      }
    }
    if (numbers.size() < 6) {
      throw new IllegalArgumentException("Wanted '" + FORM + "', got '" + text + "'.");
    }
    return new Workload(
        new GptConfig(
            numbers.get("V"),
            numbers.get("T"),
            numbers.get("C"),
            numbers.get("L"),
            numbers.get("H"),
            0,
            true,
            tied),
        numbers.get("B"));
  }

  /** Ids drawn evenly from the vocabulary: what a step costs does not depend on them. */
  int[] randomTokens() {
    return new Random(1).ints(TOKENS, 0, shape.vocabularySize()).toArray();
  }

  /** Tokens a step. */
  int tokens() {
    return batch * shape.contextLength();
  }
}
