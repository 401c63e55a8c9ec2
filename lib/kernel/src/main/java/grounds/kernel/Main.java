package grounds.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.dflib.jjava.jupyter.kernel.KernelConnectionProperties;

/** Starts the kernel: {@code java -cp ... grounds.kernel.Main connection-file.json}. */
public final class Main {

  private Main() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 1) {
      System.err.println(
          "usage: java -cp ... grounds.kernel.Main <connection file that Jupyter wrote>");
      System.exit(2);
    }
    // Charts are drawn, never opened in windows.
    System.setProperty("java.awt.headless", "true");
    exitWithParent(Optional.ofNullable(System.getenv("JPY_PARENT_PID")));
    Path file = Path.of(arguments[0]);
    String connection;
    try {
      connection = Files.readString(file);
    } catch (IOException e) {
      System.err.println("cannot read the connection file " + file.toAbsolutePath() + ": " + e);
      System.exit(2);
      return;
    }
    Kernel.start(KernelConnectionProperties.parse(connection));
  }

  /**
   * Jupyter names itself in JPY_PARENT_PID (on Windows by a handle that means nothing here); a
   * kernel that outlives it would never be found.
   */
  private static void exitWithParent(Optional<String> pid) {
    boolean windows = System.getProperty("os.name").startsWith("Windows");
    pid.filter(p -> p.matches("[1-9][0-9]{0,17}"))
        .flatMap(
            p -> windows ? ProcessHandle.current().parent() : ProcessHandle.of(Long.parseLong(p)))
        .ifPresent(parent -> parent.onExit().thenRun(() -> Kernel.exit(0)));
  }
}
