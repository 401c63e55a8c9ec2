package grounds.cluster;

import grounds.scaling.Sweep;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The jars of this process that a cluster does not have: all but Spark's own. */
final class ClassPath {

  private ClassPath() {}

  /**
   * What has to be sent.
   *
   * @throws IllegalStateException if code lies in a folder, which cannot be sent
   */
  static List<String> toSend() {
    requireJar(Sweep.class);
    requireJar(Cluster.class);
    Set<String> spark = namesOfSpark();
    List<String> jars = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      Path path = Path.of(entry).toAbsolutePath();
      if (Files.isRegularFile(path) && !spark.contains(path.getFileName().toString())) {
        jars.add(path.toUri().toString());
      }
    }
    return jars;
  }

  private static void requireJar(Class<?> type) {
    String place = type.getProtectionDomain().getCodeSource().getLocation().getPath();
    if (!place.endsWith(".jar")) {
      throw new IllegalStateException(
          "The class path holds "
              + place
              + ", a folder; a cluster takes jars. Build them with mvn package, or start from"
              + " notebooks/lab.");
    }
  }

  /** The build wrote them down. */
  private static Set<String> namesOfSpark() {
    try (InputStream file = ClassPath.class.getResourceAsStream("spark.jars")) {
      String all = new String(file.readAllBytes(), StandardCharsets.UTF_8).strip();
      return Arrays.stream(all.split(File.pathSeparator))
          .map(path -> Path.of(path).getFileName().toString())
          .collect(Collectors.toUnmodifiableSet());
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read which jars are Spark's.", e);
    }
  }
}
