package grounds.tokenizer;

/**
 * A fixed, finite vocabulary of tokens, and the two-way translation between text and sequences of
 * token ids. Ids are {@code 0} to {@code vocabularySize() - 1}.
 *
 * <p>For every text that {@code encode} accepts, {@code decode(encode(text))} is that text again.
 * The reverse need not hold: several id sequences may decode to one text. A tokenizer never changes
 * after it is made, so any number of threads may use one.
 */
public interface Tokenizer {

  /**
   * The token ids of a text, in order; no ids for the empty text.
   *
   * @return a new array, the caller's own
   * @throws IllegalArgumentException if the text holds something the vocabulary has no token for;
   *     the message says what and where
   */
  int[] encode(String text);

  /**
   * The text of a sequence of token ids; the empty text for no ids.
   *
   * @throws IllegalArgumentException if an id is not in the vocabulary; the message says which
   */
  String decode(int... ids);

  /** The number of tokens: how many rows an embedding needs, how many logits a model gives. */
  int vocabularySize();

  /**
   * One token as text, to be shown. Where a token is no whole text of its own, as a part of a UTF-8
   * sequence, this is a readable stand-in; {@link #decode} is the way back to text.
   *
   * @throws IllegalArgumentException if the id is not in the vocabulary
   */
  String token(int id);
}
