package grounds.tokenizer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.ShortBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/**
 * A text that was tokenized once, in a file that is read by windows and never as a whole: for texts
 * longer than memory, and to start the second run without tokenizing again.
 *
 * <pre>{@code
 * try (TokenFile tokens = TokenFile.write(file, tokenizer, text, SpecialText.refused())) {
 *   long cut = tokens.length() * 9 / 10;
 *   new Trainer(model, tokens.slice(0, cut), tokens.slice(cut, tokens.length()), config).run();
 * }
 * }</pre>
 *
 * <p>The file, all numbers little-endian:
 *
 * <table>
 * <caption>Bytes of a token file</caption>
 * <tr><th>from byte</th><th>bytes</th><th></th></tr>
 * <tr><td>0</td><td>8</td><td>GRNDTOKS in ASCII</td></tr>
 * <tr><td>8</td><td>4</td><td>version of this layout: 1</td></tr>
 * <tr><td>12</td><td>4</td><td>bytes per id: 2 for a vocabulary of up to 65,536, else 4</td></tr>
 * <tr><td>16</td><td>8</td><td>how many ids</td></tr>
 * <tr><td>24</td><td>4</td><td>vocabulary size</td></tr>
 * <tr><td>28</td><td>4</td><td>n, the bytes of the tokenizer's name</td></tr>
 * <tr><td>32</td><td>32</td><td>{@link Tokenizer#vocabularyHash()}</td></tr>
 * <tr><td>64</td><td>32</td><td>SHA-256 of the ids: of all bytes from 4096 on</td></tr>
 * <tr><td>96</td><td>n</td><td>{@link Tokenizer#name()} in UTF-8, then zeros</td></tr>
 * <tr><td>4064</td><td>32</td><td>SHA-256 of the bytes before</td></tr>
 * <tr><td>4096</td><td></td><td>the ids, unsigned, to the end of the file</td></tr>
 * </table>
 *
 * <p>So NumPy reads it with {@code numpy.memmap(file, dtype="<u2", mode="r", offset=4096)}, or
 * {@code "<u4"} where ids have four bytes.
 *
 * <p>The file is mapped into memory, and the system reads what is asked for. It must stay as it is
 * while it is open; {@code write} never changes a file, it puts another in its place. After {@link
 * #close} reading is an error. The mapping itself ends when it is garbage.
 */
public final class TokenFile implements TokenSequence, AutoCloseable {
  /** Java maps less than 2 GB at once. */
  private static final int IDS_PER_SEGMENT = 1 << 28;

  private static final int SHOWN_DIGITS = 12;

  /** A mapped part of the ids. */
  private interface Segment {
    void read(int start, int[] into, int at, int count);
  }

  private final Path file;
  private final TokenFileHeader header;
  private final int idsPerSegment;
  private volatile Optional<List<Segment>> segments;

  private TokenFile(Path file, TokenFileHeader header, int idsPerSegment, List<Segment> segments) {
    this.file = file;
    this.header = header;
    this.idsPerSegment = idsPerSegment;
    this.segments = Optional.of(segments);
  }

  /**
   * Tokenizes a file of UTF-8 text, in as little memory as {@link Tokenizer#encodeFile} needs. The
   * token file is whole or absent: until the end it has a temporary name.
   *
   * @param special what becomes of the text of special tokens
   * @throws IllegalArgumentException if the tokenizer cannot encode the text
   * @throws CancellationException if the thread is interrupted
   * @throws UncheckedIOException with the path, if a file cannot be read or written, for example
   *     when the disk is full
   */
  public static TokenFile write(Path file, Tokenizer tokenizer, Path text, SpecialText special) {
    return write(file, tokenizer, out -> tokenizer.encodeFile(text, special, out::append));
  }

  /** The same for a text in memory. */
  public static TokenFile writeText(
      Path file, Tokenizer tokenizer, String text, SpecialText special) {
    return writeDocuments(file, tokenizer, List.of(text), special);
  }

  /** The same for several texts, one after the other, of which one at a time is in memory. */
  public static TokenFile writeDocuments(
      Path file, Tokenizer tokenizer, Iterable<String> documents, SpecialText special) {
    return writeDocuments(file, tokenizer, documents, special, new int[0]);
  }

  /**
   * The same with a special token after each of them, such as {@code <|endoftext|>}, so that a
   * model can learn where one ends.
   *
   * @throws IllegalArgumentException also if the tokenizer has no such special token
   */
  public static TokenFile writeDocuments(
      Path file,
      Tokenizer tokenizer,
      Iterable<String> documents,
      SpecialText special,
      String endOfDocument) {
    Integer id = tokenizer.specialTokens().get(endOfDocument);
    if (id == null) {
      throw new IllegalArgumentException(
          "Wanted the special token %s after each document; the tokenizer (%s) has %s."
              .formatted(endOfDocument, tokenizer.name(), tokenizer.specialTokens().keySet()));
    }
    return writeDocuments(file, tokenizer, documents, special, new int[] {id});
  }

  private static TokenFile writeDocuments(
      Path file,
      Tokenizer tokenizer,
      Iterable<String> documents,
      SpecialText special,
      int[] afterEach) {
    return write(
        file,
        tokenizer,
        out -> {
          for (String document : documents) {
            out.requireNotInterrupted();
            out.append(tokenizer.encode(document, special));
            out.append(afterEach);
          }
        });
  }

  private static TokenFile write(
      Path file, Tokenizer tokenizer, Consumer<TokenFileWriter> content) {
    try (TokenFileWriter out = new TokenFileWriter(file, tokenizer)) {
      out.requireNotInterrupted();
      try {
        content.accept(out);
      } catch (UncheckedIOException e) {
        if (e.getCause() instanceof ClosedByInterruptException) {
          out.requireNotInterrupted();
        }
        throw e;
      }
      out.finish();
    }
    return open(file, tokenizer);
  }

  /**
   * Opens a file that was written with the same vocabulary. This checks the header and the file's
   * length, and takes no longer for a long file; {@link #verify} checks the ids.
   *
   * @throws IllegalArgumentException if it was written with another vocabulary, is truncated or
   *     damaged, by a newer version, or no such file; the message says what to do
   * @throws CancellationException if the thread is interrupted
   * @throws UncheckedIOException with the path, if it cannot be read
   */
  public static TokenFile open(Path file, Tokenizer tokenizer) {
    return open(file, tokenizer, IDS_PER_SEGMENT);
  }

  static TokenFile open(Path file, Tokenizer tokenizer, int idsPerSegment) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long fileBytes = channel.size();
      byte[] start = new byte[(int) Math.min(TokenFileHeader.BYTES, fileBytes)];
      ByteBuffer buffer = ByteBuffer.wrap(start);
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, buffer.position()) < 0) {
          throw new IOException("The file ended while it was read.");
        }
      }
      TokenFileHeader header = TokenFileHeader.parse(file, start, fileBytes);
      requireVocabularyOf(tokenizer, file, header);
      List<Segment> segments = new ArrayList<>();
      for (long first = 0; first < header.count(); first += idsPerSegment) {
        long ids = Math.min(idsPerSegment, header.count() - first);
        segments.add(
            segment(
                channel
                    .map(
                        FileChannel.MapMode.READ_ONLY,
                        TokenFileHeader.BYTES + first * header.bytesPerId(),
                        ids * header.bytesPerId())
                    .order(ByteOrder.LITTLE_ENDIAN),
                header.bytesPerId()));
      }
      return new TokenFile(file, header, idsPerSegment, segments);
    } catch (ClosedByInterruptException e) {
      throw new CancellationException("Opening %s was interrupted.".formatted(file));
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + file + ".", e);
    }
  }

  private static Segment segment(ByteBuffer bytes, int bytesPerId) {
    if (bytesPerId == Integer.BYTES) {
      IntBuffer ids = bytes.asIntBuffer();
      return (start, into, at, count) -> ids.get(start, into, at, count);
    }
    ShortBuffer ids = bytes.asShortBuffer();
    return (start, into, at, count) -> {
      short[] window = new short[count];
      ids.get(start, window);
      for (int i = 0; i < count; i++) {
        into[at + i] = window[i] & 0xFFFF;
      }
    };
  }

  private static void requireVocabularyOf(Tokenizer tokenizer, Path file, TokenFileHeader header) {
    String hash = tokenizer.vocabularyHash();
    if (!hash.equals(header.vocabularyHash())) {
      throw new IllegalArgumentException(
          ("%s was written with another vocabulary.\n  stored: %s (%s)\n  given:  %s (%s)\nIts ids"
                  + " mean other tokens there. Open it with the tokenizer that wrote it, or write"
                  + " it again from its text.")
              .formatted(
                  file,
                  header.tokenizerName(),
                  shown(header.vocabularyHash()),
                  tokenizer.name(),
                  shown(hash)));
    }
  }

  private static String shown(String hash) {
    return hash.substring(0, Math.min(SHOWN_DIGITS, hash.length()));
  }

  @Override
  public long length() {
    return header.count();
  }

  /** The size of the vocabulary it was written with; every id is below. */
  public int vocabularySize() {
    return header.vocabularySize();
  }

  /** The name of the tokenizer it was written with. */
  public String tokenizerName() {
    return header.tokenizerName();
  }

  /** Two, or four where the vocabulary is larger than 65,536. */
  public int bytesPerId() {
    return header.bytesPerId();
  }

  /** The file this is. */
  public Path file() {
    return file;
  }

  /**
   * A window, copied out of the mapped file.
   *
   * @throws IllegalStateException if this is closed
   */
  @Override
  public int[] read(long start, int count) {
    List<Segment> open = requireOpen();
    TokenSlice.requireWithin(start, count, length());
    int[] ids = new int[count];
    int done = 0;
    while (done < count) {
      int offset = (int) ((start + done) % idsPerSegment);
      int here = Math.min(count - done, idsPerSegment - offset);
      open.get((int) ((start + done) / idsPerSegment)).read(offset, ids, done, here);
      done += here;
    }
    return ids;
  }

  private List<Segment> requireOpen() {
    return segments.orElseThrow(
        () ->
            new IllegalStateException(
                file + " is closed. Open it again with TokenFile.open(file, tokenizer)."));
  }

  @Override
  public TokenSequence slice(long from, long to) {
    return new TokenSlice(this, from, to) {
      @Override
      public void identify(MessageDigest digest) {
        TokenFile.this.identify(digest, from, to);
      }

      @Override
      public void requireVocabulary(String what, int vocabularySize) {
        TokenFile.this.requireVocabulary(what, vocabularySize);
      }
    };
  }

  /**
   * Adds the stored SHA-256 of the ids and the bounds of the part, without reading it. So a
   * training run on a token file goes on from the same file or a copy of it, or the same text
   * written again; but not from an array of the same ids.
   */
  @Override
  public void identify(MessageDigest digest) {
    identify(digest, 0, length());
  }

  private void identify(MessageDigest digest, long from, long to) {
    digest.update(HexFormat.of().parseHex(header.idsHash()));
    digest.update(ByteBuffer.allocate(2 * Long.BYTES).putLong(from).putLong(to).flip());
  }

  /**
   * Fails unless the model's vocabulary has the file's size or more (some models have a few rows
   * more than tokens). Ids are not read.
   */
  @Override
  public void requireVocabulary(String what, int vocabularySize) {
    if (header.vocabularySize() > vocabularySize) {
      throw new IllegalArgumentException(
          ("Wanted %s ids for a model with a vocabulary of %,d, got %s with one of %,d, written with"
                  + " %s. Make the model with the vocabulary size of that tokenizer.")
              .formatted(
                  what, vocabularySize, file, header.vocabularySize(), header.tokenizerName()));
    }
  }

  /**
   * Reads all ids, and checks them against the stored SHA-256 and the vocabulary's size.
   *
   * @throws IllegalArgumentException if they are not what was written
   * @throws IllegalStateException if this is closed
   * @throws CancellationException if the thread is interrupted
   */
  public void verify() {
    requireOpen();
    IdBytes bytes = new IdBytes(header.bytesPerId());
    MessageDigest digest = TokenFileHeader.sha256();
    for (long start = 0; start < length(); start += TokenSlice.CHUNK) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancellationException(
            "Verifying %s was interrupted after %,d tokens.".formatted(file, start));
      }
      int[] ids = read(start, (int) Math.min(TokenSlice.CHUNK, length() - start));
      for (int i = 0; i < ids.length; i++) {
        if (ids[i] < 0 || ids[i] >= header.vocabularySize()) {
          throw TokenFileHeader.damaged(
              file,
              "token %,d is %s, in a vocabulary of %,d"
                  .formatted(start + i, Integer.toUnsignedString(ids[i]), header.vocabularySize()));
        }
      }
      digest.update(bytes.of(ids, 0, ids.length));
    }
    String hash = HexFormat.of().formatHex(digest.digest());
    if (!hash.equals(header.idsHash())) {
      throw TokenFileHeader.damaged(
          file,
          "its ids have the SHA-256 %s..., and were written with %s..."
              .formatted(shown(hash), shown(header.idsHash())));
    }
  }

  /** Ends reading. */
  @Override
  public void close() {
    // Never unmapped by force: another thread may be reading, and that would end the JVM.
    segments = Optional.empty();
  }

  @Override
  public String toString() {
    return "TokenFile(%s: %,d tokens of %s)".formatted(file, length(), header.tokenizerName());
  }
}
