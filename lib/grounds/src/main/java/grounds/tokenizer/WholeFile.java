package grounds.tokenizer;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** A text file that is there whole or not at all. */
final class WholeFile {

  private WholeFile() {}

  /**
   * Writes a text in UTF-8: under a temporary name, forced to disk, then renamed.
   *
   * @throws UncheckedIOException with the path; a file that was there before is untouched
   */
  static void write(Path file, String text) {
    Path temporary =
        file.resolveSibling(file.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      try {
        // A stream, not a channel: an interrupt closes a channel in mid-write.
        try (FileOutputStream out = new FileOutputStream(temporary.toFile())) {
          out.write(text.getBytes(StandardCharsets.UTF_8));
          out.getFD().sync();
        }
        Files.move(
            temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
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
}
