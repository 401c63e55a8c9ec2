package grounds.tokenizer;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.concurrent.CancellationException;

/** Writes a {@link TokenFile} under a temporary name, which becomes the real one at the end. */
final class TokenFileWriter implements AutoCloseable {
  private final Path file;
  private final Tokenizer tokenizer;
  private final int vocabularySize;
  private final Path temporary;
  private final RandomAccessFile out;
  private final MessageDigest digest = TokenFileHeader.sha256();
  private final IdBytes bytes;
  private long count;

  TokenFileWriter(Path file, Tokenizer tokenizer) {
    this.file = file;
    this.tokenizer = tokenizer;
    vocabularySize = tokenizer.vocabularySize();
    bytes = new IdBytes(TokenFileHeader.bytesPerId(vocabularySize));
    temporary = WholeFile.temporary(file);
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      // Not a channel: an interrupt closes a channel in mid-write.
      out = new RandomAccessFile(temporary.toFile(), "rw");
    } catch (IOException e) {
      throw failed(e);
    }
    try {
      out.setLength(0);
      // A header of zeros: whoever meets this file before the end sees that it is none yet.
      out.write(new byte[TokenFileHeader.BYTES]);
    } catch (IOException e) {
      UncheckedIOException failed = failed(e);
      try {
        close();
      } catch (UncheckedIOException alsoFailed) {
        failed.addSuppressed(alsoFailed);
      }
      throw failed;
    }
  }

  /** Writes more ids. */
  void append(int... ids) {
    for (int start = 0; start < ids.length; start += TokenSlice.CHUNK) {
      requireNotInterrupted();
      int end = Math.min(ids.length, start + TokenSlice.CHUNK);
      for (int i = start; i < end; i++) {
        if (ids[i] < 0 || ids[i] >= vocabularySize) {
          throw new IllegalArgumentException(
              ("Wanted ids from 0 to %d from the tokenizer (%s), got %d as token %,d of the text."
                      + " The tokenizer is wrong about its vocabularySize or its ids.")
                  .formatted(vocabularySize - 1, tokenizer.name(), ids[i], count + i - start));
        }
      }
      ByteBuffer chunk = bytes.of(ids, start, end);
      digest.update(chunk.array(), 0, chunk.limit());
      try {
        out.write(chunk.array(), 0, chunk.limit());
      } catch (IOException e) {
        throw failed(e);
      }
      count += end - start;
    }
  }

  void requireNotInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException(
          "Writing %s was interrupted after %,d tokens; nothing is left of it."
              .formatted(file, count));
    }
  }

  /** Makes it the file it is to be. */
  void finish() {
    requireNotInterrupted();
    TokenFileHeader header =
        new TokenFileHeader(
            bytes.bytesPerId(),
            count,
            vocabularySize,
            tokenizer.vocabularyHash(),
            HexFormat.of().formatHex(digest.digest()),
            tokenizer.name());
    try {
      out.seek(0);
      out.write(header.toBytes());
      out.getFD().sync();
      out.close();
      WholeFile.moveIntoPlace(temporary, file);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private UncheckedIOException failed(IOException e) {
    return new UncheckedIOException(
        ("Could not write %s (%,d bytes so far; %s bytes are free there). The file that was there"
                + " before, if any, is untouched. Make room or choose another folder, then go on.")
            .formatted(file, TokenFileHeader.BYTES + count * bytes.bytesPerId(), freeBytes()),
        e);
  }

  private String freeBytes() {
    try {
      return "%,d"
          .formatted(Files.getFileStore(file.toAbsolutePath().getParent()).getUsableSpace());
    } catch (IOException e) {
      return "an unknown number of";
    }
  }

  /** Leaves nothing behind but a finished file. */
  @Override
  public void close() {
    try {
      try {
        out.close();
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Could not delete " + temporary + ".", e);
    }
  }
}
