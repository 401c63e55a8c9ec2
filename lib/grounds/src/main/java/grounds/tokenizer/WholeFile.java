package grounds.tokenizer;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Files that are whole or absent: written under another name, forced to disk, then renamed. */
final class WholeFile {

  private WholeFile() {}

  /** Writes what a file is to hold. */
  @FunctionalInterface
  interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  static void write(Path file, Content content) {
    Path temporary =
        file.resolveSibling(file.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
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
        Files.move(
            temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Could not write "
              + file.toAbsolutePath()
              + ". The file that was there before, if any, is untouched. Make room or choose another"
              + " folder.",
          e);
    }
  }
}
