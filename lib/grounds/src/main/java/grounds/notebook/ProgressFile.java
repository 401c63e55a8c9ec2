package grounds.notebook;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.gson.reflect.TypeToken;
import grounds.tokenizer.WholeFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Which exercises were tried and which are right, on this machine: a small JSON file, exercise to
 * {@code right} or {@code tried}. What was right once stays so.
 */
final class ProgressFile {

  private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();
  private static final String RIGHT = "right";
  private static final String TRIED = "tried";

  private final Path file;

  ProgressFile(Path file) {
    this.file = file;
  }

  static ProgressFile current() {
    String named = System.getProperty("grounds.progress", System.getenv("GROUNDS_PROGRESS"));
    return new ProgressFile(
        named == null || named.isBlank() ? Path.of("runs", "progress.json") : Path.of(named));
  }

  boolean isTried(String id) {
    return read().containsKey(id);
  }

  boolean isRight(String id) {
    return RIGHT.equals(read().get(id));
  }

  /** Keeps the outcome of a check; what kept it from that, if anything did. */
  Optional<String> record(String id, boolean right) {
    try {
      Map<String, String> all = read();
      if (right || !all.containsKey(id)) {
        all.put(id, right ? RIGHT : TRIED);
        WholeFile.write(file, GSON.toJson(all));
      }
      return Optional.empty();
    } catch (UncheckedIOException e) {
      return Optional.of("(Your progress could not be kept in " + file + ": " + e + ")");
    }
  }

  /** A damaged file is put aside, not overwritten. */
  private Map<String, String> read() {
    if (!Files.exists(file)) {
      return new TreeMap<>();
    }
    try {
      Map<String, String> all =
          GSON.fromJson(Files.readString(file), new TypeToken<TreeMap<String, String>>() {});
      return all == null ? new TreeMap<>() : all;
    } catch (JsonParseException e) {
      try {
        Files.move(
            file,
            file.resolveSibling(file.getFileName() + ".damaged"),
            StandardCopyOption.REPLACE_EXISTING);
      } catch (IOException moving) {
        throw new UncheckedIOException(moving);
      }
      return new TreeMap<>();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
