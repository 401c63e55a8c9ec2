package grounds.model;

import ai.djl.ndarray.NDArray;

/**
 * A model in the middle of some texts of one length: it takes their next tokens and scores what may
 * follow, and keeps what it needs of the tokens before. Used by one thread at a time.
 *
 * <pre>{@code
 * try (TextReader reader = model.reader()) {
 *   NDArray scores = reader.next(prompt); // [texts, time] in, [texts, vocabularySize] out
 *   ...
 *   scores = reader.next(chosen); // [texts, 1]
 * }
 * }</pre>
 */
public interface TextReader extends AutoCloseable {

  /**
   * Reads the next tokens of every text.
   *
   * @param ids int64 [texts, time], one row a text: all of a prompt, or one token each
   * @return the scores of what may follow, float32 [texts, vocabularySize]; closed by the scope
   *     around the call
   * @throws IllegalArgumentException if there are more or fewer texts than before, or the texts
   *     would be longer than the context; nothing is then read
   */
  NDArray next(NDArray ids);

  /** How many tokens of each text were read. */
  int length();

  /**
   * Goes on with some of the texts, as a beam search does.
   *
   * @param texts their numbers, in a new order if so wished; one may be there several times
   */
  void select(int... texts);

  /** Forgets everything: the next tokens are the first of new texts. */
  void forget();

  /** Frees what was kept. */
  @Override
  void close();

  /** A reader that keeps nothing but the tokens, and reads all of a text anew for every token. */
  static TextReader rereading(LanguageModel model) {
    return new RereadingReader(model);
  }

  /** Fails unless the ids are [texts, time] and fit behind what was read. */
  static void requireFits(NDArray ids, int texts, int length, ModelConfig config) {
    if (ids.getShape().dimension() != 2 || (length > 0 && ids.getShape().get(0) != texts)) {
      throw new IllegalArgumentException(
          "Wanted the next tokens of "
              + (length > 0 ? texts + " texts" : "texts")
              + " as [texts, time], got "
              + ids.getShape()
              + ".");
    }
    config.requireFits(length + ids.getShape().get(1));
  }

  /** Fails unless there are such texts. */
  static void requireTexts(int[] wanted, int texts) {
    for (int text : wanted) {
      if (text < 0 || text >= texts) {
        throw new IllegalArgumentException(
            "Wanted texts numbered 0 to " + (texts - 1) + ", got number " + text + ".");
      }
    }
    if (wanted.length == 0) {
      throw new IllegalArgumentException("Wanted one or more texts to go on with, got none.");
    }
  }
}
