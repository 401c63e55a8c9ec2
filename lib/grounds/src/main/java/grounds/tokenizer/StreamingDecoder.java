package grounds.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * Text from token ids that come one at a time, as a model makes them. A token may end in the middle
 * of a character; its bytes wait for the next token, so that what is given out is always whole
 * characters. All of it together is {@link Tokenizer#decode} of all ids; only {@link
 * WordPieceTokenizer} leaves out there the space before the first word.
 *
 * <p>Bytes that are no UTF-8 become U+FFFD. Not for use by several threads at once.
 */
public final class StreamingDecoder {
  /** The longest start of a character that is not a whole one. */
  private static final int PENDING = 3;

  private final Tokenizer tokenizer;
  private final CharsetDecoder utf8 =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private byte[] pending = {};

  /** A decoder at the start of a text. */
  public StreamingDecoder(Tokenizer tokenizer) {
    this.tokenizer = Objects.requireNonNull(tokenizer, "tokenizer");
  }

  /**
   * The text that is whole once this token has come; often one word, sometimes nothing yet.
   *
   * @throws IllegalArgumentException if the id is not in the vocabulary
   */
  public String next(int id) {
    return decode(tokenizer.tokenBytes(id), false);
  }

  /** What is left when no more tokens come, and the way back to the start. */
  public String end() {
    String rest = decode(new byte[0], true);
    utf8.reset();
    return rest;
  }

  private String decode(byte[] bytes, boolean end) {
    ByteBuffer in = ByteBuffer.allocate(pending.length + bytes.length).put(pending).put(bytes);
    in.flip();
    CharBuffer out = CharBuffer.allocate(in.remaining() + PENDING);
    utf8.decode(in, out, end);
    if (end) {
      utf8.flush(out);
    }
    pending = new byte[in.remaining()];
    in.get(pending);
    return out.flip().toString();
  }
}
