package grounds.tokenizer;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Files that are whole or absent: written under another name, forced to disk, then renamed. */
public final class WholeFile {

  private WholeFile() {}

  /** Writes what a file is to hold. */
  @FunctionalInterface
  public interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /** Writes a text in UTF-8. */
  public static void write(Path file, String text) {
    write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * Writes a file.
   *
   * @throws UncheckedIOException with the path; a file that was there before is untouched
   */
  public static void write(Path file, Content content) {
    Path temporary = temporary(file);
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      try {
        // A stream, not a channel: an interrupt closes a channel in mid-write.
        try (FileOutputStream to = new FileOutputStream(temporary.toFile());
            OutputStream out = new BufferedOutputStream(to, 1 << 16)) {
          content.writeTo(out);
          out.flush();
          to.getFD().sync();
        }
        moveIntoPlace(temporary, file);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          ("Could not write %s. The file that was there before, if any, is untouched. Make room or"
                  + " choose another folder.")
              .formatted(file.toAbsolutePath()),
          e);
    }
  }

  /** The name until the file is whole; of this thread alone, so that two do not mix. */
  static Path temporary(Path file) {
    return file.resolveSibling(
        "%s.%d.%d.tmp"
            .formatted(
                file.getFileName(), ProcessHandle.current().pid(), Thread.currentThread().getId()));
  }

  /** Gives a file that is whole, and forced to disk, its name. */
  static void moveIntoPlace(Path temporary, Path file) throws IOException {
    try {
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      throw new IOException("This file system cannot rename a file in one step.", e);
    }
    // The rename itself must survive a power cut; Windows has no way to force a folder.
    Path folder = file.toAbsolutePath().getParent();
    try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
      directory.force(true);
    } catch (IOException e) {
      // Best effort only: the file itself is whole under either name.
    }
  }
}
