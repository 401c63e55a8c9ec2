package grounds.tokenizer;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The tokens of a byte-level vocabulary: bytes by id and back; special tokens are beside it. */
final class Vocabulary {
  static final int ABSENT = ByteTable.ABSENT;

  private final byte[][] tokens;
  private final ByteTable table = new ByteTable();
  private final int[] idsByIndex;
  private final int[] idsOfBytes = new int[256];
  private final int longest;

  /**
   * A vocabulary.
   *
   * @param tokens the bytes of each token by its id; null where an id is not used
   * @throws IllegalArgumentException if two tokens are equal, one is empty, or the token of a
   *     single byte is missing
   */
  Vocabulary(List<byte[]> tokens) {
    this.tokens = tokens.toArray(byte[][]::new);
    if (this.tokens.length > PairTable.MOST_TOKENS) {
      throw new IllegalArgumentException(
          "A vocabulary holds at most %,d tokens; got %,d."
              .formatted(PairTable.MOST_TOKENS, this.tokens.length));
    }
    idsByIndex = new int[this.tokens.length];
    int most = 1;
    int seen = 0;
    for (int id = 0; id < this.tokens.length; id++) {
      byte[] token = this.tokens[id];
      if (token == null) {
        continue;
      }
      if (token.length == 0) {
        throw new IllegalArgumentException(
            "A token has one byte or more; number %d is empty.".formatted(id));
      }
      int index = table.add(token, 0, token.length);
      if (table.size() == seen) {
        throw new IllegalArgumentException(
            "A vocabulary holds each token once; \"%s\" has the ids %d and %d."
                .formatted(show(token), idsByIndex[index], id));
      }
      seen = table.size();
      idsByIndex[index] = id;
      most = Math.max(most, token.length);
    }
    longest = most;
    for (int b = 0; b < 256; b++) {
      idsOfBytes[b] = find(new byte[] {(byte) b}, 0, 1);
      if (idsOfBytes[b] == ABSENT) {
        throw new IllegalArgumentException(
            ("A byte-level vocabulary has a token for each of the 256 bytes, so that every text has"
                    + " ids; 0x%02X is missing among %d tokens.")
                .formatted(b, this.tokens.length));
      }
    }
  }

  /** One more than the highest id. */
  int size() {
    return tokens.length;
  }

  /** The bytes of a token, not to be changed; null if the id is not used. */
  byte[] get(int id) {
    return tokens[id];
  }

  int find(byte[] text, int from, int to) {
    int index = table.find(text, from, to);
    return index == ByteTable.ABSENT ? ABSENT : idsByIndex[index];
  }

  int ofByte(byte b) {
    return idsOfBytes[b & 0xFF];
  }

  /** The most bytes a token has. */
  int longest() {
    return longest;
  }

  byte[] join(int left, int right) {
    byte[] both = Arrays.copyOf(tokens[left], tokens[left].length + tokens[right].length);
    System.arraycopy(tokens[right], 0, both, tokens[left].length, tokens[right].length);
    return both;
  }

  /** A token for people: as text where it is text, else its bytes. */
  static String show(byte[] token) {
    StringBuilder shown = new StringBuilder();
    for (int i = 0; i < token.length; ) {
      int codePoint = Utf8.codePoint(token, i, token.length);
      if (codePoint == Utf8.INVALID) {
        shown.append("\\x%02X".formatted(token[i++] & 0xFF));
      } else {
        shown.appendCodePoint(codePoint);
        i += Utf8.length(codePoint);
      }
    }
    return shown.toString();
  }

  /** Refuses special tokens whose ids belong to other tokens, or to each other. */
  void requireFree(Map<String, Integer> special) {
    Map<Integer, String> seen = new HashMap<>();
    special.forEach(
        (token, id) -> {
          boolean outside = id < 0 || id >= PairTable.MOST_TOKENS;
          boolean taken = id >= 0 && id < tokens.length && tokens[id] != null;
          String other = seen.put(id, token);
          if (outside || taken || other != null) {
            throw new IllegalArgumentException(
                "The special token %s wants the id %d, which %s."
                    .formatted(
                        token,
                        id,
                        outside
                            ? "is not from 0 to " + (PairTable.MOST_TOKENS - 1)
                            : "belongs to \"%s\"".formatted(taken ? show(tokens[id]) : other)));
          }
        });
  }
}
