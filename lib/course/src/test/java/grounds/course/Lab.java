package grounds.course;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** {@code notebooks/lab} of this checkout, with the jars of this build. */
final class Lab {

  static final Path ROOT = root();
  static final Path NOTEBOOKS = ROOT.resolve("notebooks");

  private Lab() {}

  /** The lessons and the solutions of their exercises. */
  static Stream<Path> notebooks() throws IOException {
    List<Path> found = new ArrayList<>();
    for (Path folder : List.of(NOTEBOOKS, NOTEBOOKS.resolve("solutions"))) {
      if (Files.isDirectory(folder)) {
        try (Stream<Path> files = Files.list(folder)) {
          files.filter(file -> file.toString().endsWith(".ipynb")).sorted().forEach(found::add);
        }
      }
    }
    return found.stream();
  }

  /** The outcome of one {@code notebooks/lab}. */
  record Run(int exitCode, String log) {}

  /** Runs a notebook at its smallest size; the log is kept in the folder. */
  static Run run(Path notebook, Path executed, Path folder) throws Exception {
    Path log = folder.resolve("log");
    return finish(start(notebook, executed, log), log, 20);
  }

  /** {@code notebooks/lab} with other arguments; the Jupyter of this checkout is not made again. */
  static Run command(Path notebooks, Path log, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(notebooks.resolve("lab").toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().putIfAbsent("GROUNDS_STATE", NOTEBOOKS.resolve(".lab").toString());
    return finish(builder.start(), log, 10);
  }

  static Process start(Path notebook, Path executed, Path log) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                NOTEBOOKS.resolve("lab").toString(),
                "run",
                notebook.toString(),
                "--size=smoke",
                "--output=" + executed,
                "--timeout=600")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("GROUNDS_LAB_NO_BUILD", "1");
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    return builder.start();
  }

  static Run finish(Process process, Path log, int minutes) throws Exception {
    if (!process.waitFor(minutes, TimeUnit.MINUTES)) {
      process.destroyForcibly().waitFor();
      fail("still running after " + minutes + " minutes:\n" + Files.readString(log));
    }
    return new Run(process.exitValue(), Files.readString(log));
  }

  private static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("notebooks").resolve("lab"))) {
      folder = folder.getParent();
      if (folder == null) {
        throw new IllegalStateException(
            "run the tests inside the checkout: no notebooks/lab above");
      }
    }
    return folder;
  }
}
