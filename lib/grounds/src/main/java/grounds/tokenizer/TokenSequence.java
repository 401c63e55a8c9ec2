package grounds.tokenizer;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A text as token ids, read by windows: an array in memory ({@link #of}), or a file too long for
 * one ({@link TokenFile}). The ids never change, so any number of threads may read.
 *
 * <p>Two methods make a sequence; the others follow from them.
 */
public interface TokenSequence {

  /** How many tokens. */
  long length();

  /**
   * A window: the ids from {@code start} to {@code start + count - 1}.
   *
   * @return a new array, the caller's own
   * @throws IllegalArgumentException if the sequence does not have all of them
   */
  int[] read(long start, int count);

  /**
   * The part from {@code from} up to, not including, {@code to}, without copying it: a view. A
   * split of nine to one is {@code slice(0, n * 9 / 10)} and {@code slice(n * 9 / 10, n)}.
   *
   * @throws IllegalArgumentException if the sequence does not have that part
   */
  default TokenSequence slice(long from, long to) {
    return new TokenSlice(this, from, to);
  }

  /**
   * Adds to a digest what tells this sequence from any other: here its length and all its ids. A
   * training run knows its text again by that.
   */
  default void identify(MessageDigest digest) {
    // The low half of the length is enough to tell where one sequence ends and another begins.
    digest.update(ByteBuffer.allocate(4).putInt((int) length()).flip());
    ByteBuffer bytes = ByteBuffer.allocate(4 * TokenSlice.CHUNK);
    for (long start = 0; start < length(); start += TokenSlice.CHUNK) {
      int count = (int) Math.min(TokenSlice.CHUNK, length() - start);
      bytes.asIntBuffer().put(read(start, count));
      digest.update(bytes.array(), 0, 4 * count);
    }
  }

  /**
   * Fails unless a model with that vocabulary has a row for every id. Here that means to look at
   * each of them.
   *
   * @param what a word for the sequence, such as "training"
   * @throws IllegalArgumentException that names the first id that does not fit, and its place
   */
  default void requireVocabulary(String what, int vocabularySize) {
    for (long start = 0; start < length(); start += TokenSlice.CHUNK) {
      int[] ids = read(start, (int) Math.min(TokenSlice.CHUNK, length() - start));
      for (int i = 0; i < ids.length; i++) {
        if (ids[i] < 0 || ids[i] >= vocabularySize) {
          throw new IllegalArgumentException(
              ("Wanted %s ids from 0 to %d, got %d at position %d. The model and the tokenizer have"
                      + " different vocabularies.")
                  .formatted(what, vocabularySize - 1, ids[i], start + i));
        }
      }
    }
  }

  /** What tells these sequences, in this order, from any others: a SHA-256. */
  static String hash(TokenSequence... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (TokenSequence part : parts) {
        part.identify(digest);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256.", e);
    }
  }

  /** The sequence of these ids; the array is not copied, so leave it as it is. */
  static TokenSequence of(int... ids) {
    return new TokenArray(ids);
  }
}
