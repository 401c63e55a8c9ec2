package grounds.course;

import static grounds.course.NotebookFile.codeCells;
import static grounds.course.NotebookFile.complaints;
import static grounds.course.NotebookFile.outputs;
import static grounds.course.NotebookFile.source;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openqa.selenium.SessionNotCreatedException;

/**
 * The course in JupyterLab in a browser, as a learner has it. Where there is no browser the lessons
 * are run all the same, by {@code notebooks/lab run}.
 */
class LessonIT {

  private static final Path RUNS = Path.of("target", "notebooks").toAbsolutePath();

  private static LabServer lab;
  private static Browser browser;

  @BeforeAll
  static void open() throws Exception {
    Files.createDirectories(RUNS.resolve("solutions"));
    lab = LabServer.start(Path.of("target", "lab").toAbsolutePath());
    Optional<String> missing =
        lab.isJupyterLab()
            ? Browser.missing()
            : Optional.of("the Jupyter that was found has no JupyterLab");
    if (missing.isEmpty()) {
      try {
        browser = Browser.open();
      } catch (SessionNotCreatedException e) { // of another version than its driver
        missing = Optional.of(e.getMessage());
      }
    }
    missing.ifPresent(
        what ->
            System.err.println(
                "No test in a browser: " + what + ". Lessons run through notebooks/lab run."));
  }

  @AfterAll
  static void close() throws Exception {
    try {
      if (browser != null) {
        browser.close();
      }
    } finally {
      if (lab != null) {
        lab.stop();
      }
    }
  }

  // ------------------------------------------------------------------------------- the lessons

  @ParameterizedTest(name = "{0}")
  @MethodSource("grounds.course.Lab#notebooks")
  void runsFromTopToBottomInAFreshKernel(Path lesson) throws Exception {
    Path path = Lab.NOTEBOOKS.relativize(lesson);
    Path executed = RUNS.resolve(path);
    if (browser == null) {
      Lab.Run run = Lab.run(lesson, executed, RUNS);
      assertEquals(0, run.exitCode(), run.log());
    } else {
      runInBrowser(path.toString(), executed);
    }
    assertGoneWell(lesson, executed);
  }

  private static void runInBrowser(String path, Path executed) throws Exception {
    try {
      browser.go(lab.address(path));
      lab.awaitKernel(path);
      browser.choose("Run", "Run All Cells");
      Files.copy(awaitAllCells(path), executed, StandardCopyOption.REPLACE_EXISTING);
      Map<String, Long> seen = browser.look();
      long charts =
          codeCells(NotebookFile.read(executed)).stream()
              .flatMap(cell -> NotebookFile.pictures(cell).stream())
              .distinct()
              .count();
      assertEquals(Map.of("charts", charts, "broken", 0L), seen);
    } catch (RuntimeException | AssertionError e) {
      browser.picture(Path.of(executed + ".png"));
      throw e;
    } finally {
      lab.shutDown(path);
    }
  }

  /** Waits until all cells have run, or one has failed, and saves the notebook. */
  private static Path awaitAllCells(String path) throws Exception {
    Path file = lab.notebooks().resolve(path);
    long busy = System.nanoTime();
    long saved = busy;
    while (true) {
      Thread.sleep(250);
      long now = System.nanoTime();
      if (!lab.isIdle(path)) {
        busy = now;
      }
      // Between two cells a kernel is idle, too.
      if (now - busy > TimeUnit.SECONDS.toNanos(1) && now - saved > TimeUnit.SECONDS.toNanos(1)) {
        browser.save();
        Thread.sleep(500);
        saved = System.nanoTime();
        List<JsonObject> cells = codeCells(NotebookFile.read(file));
        long waiting =
            cells.stream().filter(cell -> cell.get("execution_count").isJsonNull()).count();
        if (waiting == 0 || cells.stream().anyMatch(cell -> !complaints(cell).isEmpty())) {
          return file;
        }
        assertTrue(
            now - busy < TimeUnit.SECONDS.toNanos(60),
            () -> path + ": " + waiting + " cells were not run, and the kernel has nothing to do");
      }
    }
  }

  private static void assertGoneWell(Path lesson, Path executed) throws IOException {
    List<JsonObject> stored = codeCells(NotebookFile.read(lesson));
    List<JsonObject> fresh = codeCells(NotebookFile.read(executed));
    assertEquals(stored.size(), fresh.size());
    for (int i = 0; i < fresh.size(); i++) {
      JsonObject run = fresh.get(i);
      String cell = "cell " + (i + 1) + " of " + lesson.getFileName() + ":\n" + source(run);
      assertEquals(List.of(), complaints(run), cell);
      // A cell that asks for the size may hold the laptop run to figures that smoke cannot reach.
      if (!source(run).contains("Size.current()")) {
        assertEquals(outputs(stored.get(i)).isEmpty(), outputs(run).isEmpty(), "output of " + cell);
      }
      if (lesson.getParent().endsWith("solutions")) {
        for (JsonObject output : outputs(run)) {
          for (String line : NotebookFile.text(output.get("text")).lines().toList()) {
            assertTrue(
                line.contains(": right.") || line.equals("5 of 5 right"), cell + "\n" + line);
          }
        }
      }
    }
  }

  // --------------------------------------------------------------------------------- the page

  private static String open(String name, String... cells) throws Exception {
    assumeTrue(browser != null, "no browser, as said above");
    NotebookFile.write(lab.notebooks().resolve(name), cells);
    browser.go(lab.address(name));
    lab.awaitKernel(name);
    return name;
  }

  @Test
  void theSquareButtonStopsALoopAndKeepsVariables() throws Exception {
    String name =
        open(
            "loop.ipynb",
            "int turns = 0;\nwhile (true) { System.out.println(\"turn \" + ++turns); Thread.sleep(50); }",
            "turns > 1 ? \"there is \" + turns : \"nothing\"");
    browser.run(0);
    browser.awaitOutput(0, "turn 2");
    browser.interrupt();
    browser.awaitOutput(0, "Interrupted");
    browser.run(1);
    browser.awaitOutput(1, "there is");
    lab.shutDown(name);
  }

  @Test
  void aReloadOfThePageKeepsTheKernelAndItsVariables() throws Exception {
    String name = open("reload.ipynb", "int kept = 41;\n\"set\"", "kept + 1");
    browser.run(0);
    browser.awaitOutput(0, "set");
    browser.save();
    Optional<String> kernel = lab.kernel(name);
    browser.reload();
    lab.awaitKernel(name);
    browser.run(1);
    browser.awaitOutput(1, "42");
    assertEquals(kernel, lab.kernel(name));
    lab.shutDown(name);
  }

  @Test
  void codeThatTakesAllMemoryEndsAndARestartGivesAFreshKernel() throws Exception {
    String name =
        open(
            "memory.ipynb",
            "var all = new java.util.ArrayList<long[]>();\nwhile (true) all.add(new long[1 << 24]);",
            "1 + 1",
            "all.size()");
    browser.run(0);
    browser.awaitOutput(0, "OutOfMemoryError");
    browser.run(1);
    browser.awaitOutput(1, "2");
    browser.choose("Kernel", "Restart Kernel");
    browser.accept();
    browser.reload();
    lab.awaitKernel(name);
    browser.run(2);
    browser.awaitOutput(2, "all");
    assertFalse(browser.output(2).matches("\\d+"), "a variable outlived the restart");
    browser.run(1);
    browser.awaitOutput(1, "2");
    lab.shutDown(name);
  }

  // ------------------------------------------------------------------------------- the server

  @Test
  void aWrongTokenOpensNothing() throws Exception {
    assertEquals(403, lab.ask("GET", "/api/sessions", "wrong").statusCode());
    assertNotEquals(200, lab.ask("GET", "/lab/tree/README.md", "wrong").statusCode());
  }

  @Test
  void aSecondLabOnThePortIsToldSo() throws Exception {
    Lab.Run second =
        Lab.command(lab.notebooks(), RUNS.resolve("log"), "--no-browser", "--port=" + lab.port());
    assertEquals(1, second.exitCode(), second.log());
    assertTrue(second.log().contains("port " + lab.port() + " is taken"), second.log());
    assertTrue(second.log().contains("Try --port "), second.log());
  }

  @Test
  void anotherMachineIsNotAnswered() throws Exception {
    connect(InetAddress.getLoopbackAddress());
    List<InetAddress> others =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(address -> !address.isLoopbackAddress())
            .toList();
    if (others.isEmpty()) {
      System.err.println("That other machines are refused was not tested: there is no network.");
    }
    for (InetAddress address : others) {
      assertThrows(ConnectException.class, () -> connect(address), address::toString);
    }
  }

  private static void connect(InetAddress address) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, lab.port()), 2_000);
    }
  }
}
