package grounds.tokenizer;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A part of a file, block by block, each block cut where no piece is: the blocks can be encoded one
 * by one, in memory that does not depend on the file's size.
 */
final class TextBlocks implements Closeable {

  /** Large enough that cuts do not count, small enough for a cache. */
  static final int BLOCK = 1 << 20;

  // Not a channel: an interrupt would close it.
  private final RandomAccessFile file;
  private final PreTokenizer preTokenizer;
  private final SpecialTokens special;
  private final long end;
  private byte[] text;
  private int filled;
  private int given;
  private long position;

  TextBlocks(
      Path path, PreTokenizer preTokenizer, SpecialTokens special, long from, long to, int block)
      throws IOException {
    this.file = new RandomAccessFile(path.toFile(), "r");
    this.preTokenizer = preTokenizer;
    this.special = special;
    this.end = to;
    text = new byte[block];
    position = from;
    file.seek(from);
  }

  /** Moves on to the next block; false at the end. */
  boolean next() throws IOException {
    System.arraycopy(text, given, text, 0, filled - given);
    filled -= given;
    given = 0;
    while (true) {
      fill();
      if (position == end) {
        given = filled;
        return given > 0;
      }
      given = special.cut(preTokenizer, text, filled);
      if (given > 0) {
        return true;
      }
      // One piece longer than all that was read.
      if (text.length > Integer.MAX_VALUE / 2) {
        throw new IOException(
            "Bytes %d to %d hold no place where the text could be cut, such as a blank after a word."
                .formatted(position - filled, position));
      }
      text = Arrays.copyOf(text, 2 * text.length);
    }
  }

  private void fill() throws IOException {
    while (filled < text.length && position < end) {
      int read = file.read(text, filled, (int) Math.min(text.length - filled, end - position));
      if (read < 0) {
        throw new IOException(
            "The file ended at byte %d; it had %d when it was opened.".formatted(position, end));
      }
      filled += read;
      position += read;
    }
  }

  /** Where the block lies: from 0 to {@link #length()}. */
  byte[] text() {
    return text;
  }

  int length() {
    return given;
  }

  /** Where the block begins in the file. */
  long start() {
    return position - filled;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
