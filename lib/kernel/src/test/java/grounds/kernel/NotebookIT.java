package grounds.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The lessons, run in a real Jupyter as a learner's are: {@code notebooks/lab run} with the jars of
 * this build. And {@code notebooks/lab run} itself, on small notebooks made here.
 */
class NotebookIT {

  private static final Path ROOT = root();
  private static final Path NOTEBOOKS = ROOT.resolve("notebooks");
  private static final Path RUNS = Path.of("target", "notebooks").toAbsolutePath();

  private static final int LONGEST_CELL = 25;

  /** A folder that exists on one machine only, in something that every reader gets. */
  private static final Pattern PATH_OF_A_MACHINE =
      Pattern.compile("/(home|Users|root|tmp|var/folders)/\\w[^\\s\"]*");

  @TempDir Path folder;

  // ------------------------------------------------------------------------------- the lessons

  @ParameterizedTest(name = "{0}")
  @MethodSource("lessons")
  void runsFromTopToBottomInAFreshKernel(Path lesson) throws Exception {
    Path executed = RUNS.resolve(NOTEBOOKS.relativize(lesson));
    Files.createDirectories(executed.getParent());
    Run run = lab(lesson, executed);
    assertEquals(0, run.exitCode(), run.log());

    List<JsonObject> stored = codeCells(read(lesson));
    List<JsonObject> fresh = codeCells(read(executed));
    assertEquals(stored.size(), fresh.size());
    for (int i = 0; i < fresh.size(); i++) {
      String cell =
          "cell " + (i + 1) + " of " + lesson.getFileName() + ":\n" + source(fresh.get(i));
      assertEquals(List.of(), complaints(fresh.get(i)), cell);
      // A cell that asks for the size may hold the laptop run to figures that smoke cannot reach.
      if (!source(fresh.get(i)).contains("Size.current()")) {
        assertEquals(
            outputs(stored.get(i)).isEmpty(), outputs(fresh.get(i)).isEmpty(), "output of " + cell);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("lessons")
  void isStoredAsTheOutcomeOfOneWholeRun(Path lesson) throws IOException {
    JsonObject notebook = read(lesson);
    assertEquals(4, notebook.get("nbformat").getAsInt());
    JsonObject metadata = notebook.getAsJsonObject("metadata");
    assertEquals("java", metadata.getAsJsonObject("kernelspec").get("name").getAsString());

    Set<String> ids = new HashSet<>();
    for (JsonElement cell : notebook.getAsJsonArray("cells")) {
      String id = cell.getAsJsonObject().get("id").getAsString();
      assertTrue(ids.add(id), () -> "two cells have the id " + id);
      assertFalse(
          cell.getAsJsonObject().getAsJsonObject("metadata").has("execution"),
          () -> "cell " + id + " stores when it ran");
    }

    List<JsonObject> cells = codeCells(notebook);
    for (int i = 0; i < cells.size(); i++) {
      JsonObject cell = cells.get(i);
      String source = source(cell);
      String where = "cell " + (i + 1) + ":\n" + source;
      JsonElement count = cell.get("execution_count");
      assertFalse(count.isJsonNull(), () -> "never run: " + where);
      assertEquals(i + 1, count.getAsInt(), () -> "not run in order: " + where);
      assertEquals(List.of(), complaints(cell), where);
      assertFalse(PATH_OF_A_MACHINE.matcher(outputs(cell).toString()).find(), where);
      assertTrue(source.lines().count() <= LONGEST_CELL, () -> "too long a cell: " + where);
      for (String line : source.lines().toList()) {
        assertFalse(line.matches("\\s*[%!].*"), () -> "a magic, which other kernels lack: " + line);
      }
    }
  }

  static Stream<Path> lessons() throws IOException {
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

  // -------------------------------------------------------------------------------- the runner

  @Test
  void writesTheExecutedNotebookWithOutputsAsAPageShowsThem() throws Exception {
    Path notebook =
        write(
            "int a = 3;\na + 4",
            "for (int i = 0; i < 3; i++) { System.out.println(\"line \" + i); Thread.sleep(150); }",
            "import grounds.notebook.Frontend;\n"
                + "import grounds.notebook.Output;\n"
                + "import java.util.ServiceLoader;\n"
                + "Frontend page = ServiceLoader.load(Frontend.class).findFirst().get();\n"
                + "for (int i = 0; i < 5; i++) page.update(\"id\", Output.text(\"state \" + i));",
            "System.getenv(\"GROUNDS_SIZE\")");
    Path executed = folder.resolve("executed.ipynb");
    Run run = lab(notebook, executed);
    assertEquals(0, run.exitCode(), run.log());

    List<JsonObject> cells = codeCells(read(executed));
    assertEquals("7", plainText(onlyOutput(cells.get(0))));
    assertEquals("line 0\nline 1\nline 2\n", text(onlyOutput(cells.get(1)).get("text")));
    assertEquals("state 4", plainText(onlyOutput(cells.get(2))));
    assertTrue(plainText(onlyOutput(cells.get(3))).contains("smoke"));
    assertEquals(4, cells.get(3).get("execution_count").getAsInt());
    assertTrue(run.log().contains("[ 2/4]"), run.log());
    assertFalse(Files.readString(executed).contains(System.getProperty("java.version")));
  }

  @Test
  void endsAtAnErrorAndShowsIt() throws Exception {
    Path notebook = write("int a = 1;", "int b = 1 / (a - 1);", "System.out.println(a);");
    Path executed = folder.resolve("executed.ipynb");
    Run run = lab(notebook, executed);
    assertEquals(1, run.exitCode(), run.log());
    assertTrue(run.log().contains("int b = 1 / (a - 1);"), run.log());
    assertTrue(run.log().contains("ArithmeticException"), run.log());

    List<JsonObject> cells = codeCells(read(executed));
    assertEquals("error", onlyOutput(cells.get(1)).get("output_type").getAsString());
    assertTrue(outputs(cells.get(2)).isEmpty(), "a cell ran after the error");
    String untouched = Files.readString(notebook);
    assertFalse(untouched.contains("ArithmeticException"), "the lesson itself was overwritten");
  }

  @Test
  void keepsWhatWasDoneWhenInterrupted() throws Exception {
    Path notebook =
        write(
            "int a = 3;\na + 4",
            "for (int i = 0; ; i++) { System.out.println(\"turn \" + i); Thread.sleep(100); }",
            "System.out.println(\"never\");");
    Path executed = folder.resolve("executed.ipynb");
    Path log = folder.resolve("log");
    Process process = start(notebook, executed, log);
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
    while (!Files.readString(log).contains("turn 2")) {
      assertTrue(process.isAlive() && System.nanoTime() < deadline, Files.readString(log));
      Thread.sleep(100);
    }
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    Run run = finish(process, log, 1);
    assertNotEquals(0, run.exitCode(), run.log());
    assertTrue(run.log().contains("interrupted in cell 2"), run.log());
    assertFalse(run.log().contains("kernel was ended"), run.log());

    List<JsonObject> cells = codeCells(read(executed));
    assertEquals("7", plainText(onlyOutput(cells.get(0))));
    assertTrue(outputs(cells.get(1)).toString().contains("turn 2"));
    assertTrue(outputs(cells.get(2)).isEmpty(), "a cell ran after the interrupt");
  }

  // ---------------------------------------------------------------------------------- helpers

  /** The outcome of one {@code notebooks/lab run}. */
  private record Run(int exitCode, String log) {}

  private Run lab(Path notebook, Path executed) throws Exception {
    Path log = folder.resolve("log");
    return finish(start(notebook, executed, log), log, 20);
  }

  private static Process start(Path notebook, Path executed, Path log) throws IOException {
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

  private static Run finish(Process process, Path log, int minutes) throws Exception {
    if (!process.waitFor(minutes, TimeUnit.MINUTES)) {
      process.destroyForcibly().waitFor();
      fail("still running after " + minutes + " minutes:\n" + Files.readString(log));
    }
    return new Run(process.exitValue(), Files.readString(log));
  }

  /** Writes a notebook of these code cells, as an author would leave it before it was ever run. */
  private Path write(String... sources) throws IOException {
    JsonArray cells = new JsonArray();
    for (String source : sources) {
      JsonObject cell = new JsonObject();
      cell.addProperty("cell_type", "code");
      cell.addProperty("id", "cell-" + cells.size());
      cell.add("execution_count", JsonNull.INSTANCE);
      cell.add("metadata", new JsonObject());
      cell.add("outputs", new JsonArray());
      cell.addProperty("source", source);
      cells.add(cell);
    }
    JsonObject notebook = new JsonObject();
    notebook.add("cells", cells);
    notebook.add("metadata", new JsonObject());
    notebook.addProperty("nbformat", 4);
    notebook.addProperty("nbformat_minor", 5);
    Path file = folder.resolve("made here.ipynb");
    return Files.writeString(
        file, new GsonBuilder().serializeNulls().create().toJson((JsonElement) notebook));
  }

  private static JsonObject read(Path notebook) throws IOException {
    return JsonParser.parseString(Files.readString(notebook)).getAsJsonObject();
  }

  private static Stream<JsonObject> objects(JsonArray array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonElement::getAsJsonObject);
  }

  private static List<JsonObject> codeCells(JsonObject notebook) {
    return objects(notebook.getAsJsonArray("cells"))
        .filter(cell -> cell.get("cell_type").getAsString().equals("code"))
        .toList();
  }

  private static List<JsonObject> outputs(JsonObject cell) {
    return objects(cell.getAsJsonArray("outputs")).toList();
  }

  private static JsonObject onlyOutput(JsonObject cell) {
    assertEquals(1, outputs(cell).size(), () -> outputs(cell).toString());
    return outputs(cell).get(0);
  }

  /** What a reader would take for a fault: errors, and anything on standard error. */
  private static List<JsonObject> complaints(JsonObject cell) {
    return outputs(cell).stream()
        .filter(
            output ->
                output.get("output_type").getAsString().equals("error")
                    || output.has("name") && output.get("name").getAsString().equals("stderr"))
        .toList();
  }

  private static String source(JsonObject cell) {
    return text(cell.get("source"));
  }

  private static String plainText(JsonObject output) {
    return text(output.getAsJsonObject("data").get("text/plain"));
  }

  /** A text of the notebook format: one string, or an array of lines that keep their ends. */
  private static String text(JsonElement element) {
    if (!element.isJsonArray()) {
      return element.getAsString();
    }
    StringBuilder text = new StringBuilder();
    element.getAsJsonArray().forEach(line -> text.append(line.getAsString()));
    return text.toString();
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
