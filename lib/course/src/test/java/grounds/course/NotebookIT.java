package grounds.course;

import static grounds.course.NotebookFile.codeCells;
import static grounds.course.NotebookFile.complaints;
import static grounds.course.NotebookFile.onlyOutput;
import static grounds.course.NotebookFile.outputs;
import static grounds.course.NotebookFile.plainText;
import static grounds.course.NotebookFile.source;
import static grounds.course.NotebookFile.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How notebooks are stored, and {@code notebooks/lab run} on small ones made here. */
class NotebookIT {

  private static final int LONGEST_CELL = 25;

  /** A folder that exists on one machine only, in something that every reader gets. */
  private static final Pattern PATH_OF_A_MACHINE =
      Pattern.compile("/(home|Users|root|tmp|var/folders)/\\w[^\\s\"]*");

  @TempDir Path folder;

  // ------------------------------------------------------------------------------- the lessons

  @ParameterizedTest(name = "{0}")
  @MethodSource("grounds.course.Lab#notebooks")
  void isStoredAsTheOutcomeOfOneWholeRun(Path lesson) throws IOException {
    JsonObject notebook = NotebookFile.read(lesson);
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
    Lab.Run run = Lab.run(notebook, executed, folder);
    assertEquals(0, run.exitCode(), run.log());

    List<JsonObject> cells = codeCells(NotebookFile.read(executed));
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
    Lab.Run run = Lab.run(notebook, executed, folder);
    assertEquals(1, run.exitCode(), run.log());
    assertTrue(run.log().contains("int b = 1 / (a - 1);"), run.log());
    assertTrue(run.log().contains("ArithmeticException"), run.log());

    List<JsonObject> cells = codeCells(NotebookFile.read(executed));
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
    Process process = Lab.start(notebook, executed, log);
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
    while (!Files.readString(log).contains("turn 2")) {
      assertTrue(process.isAlive() && System.nanoTime() < deadline, Files.readString(log));
      Thread.sleep(100);
    }
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    Lab.Run run = Lab.finish(process, log, 1);
    assertNotEquals(0, run.exitCode(), run.log());
    assertTrue(run.log().contains("interrupted in cell 2"), run.log());
    assertFalse(run.log().contains("kernel was ended"), run.log());

    List<JsonObject> cells = codeCells(NotebookFile.read(executed));
    assertEquals("7", plainText(onlyOutput(cells.get(0))));
    assertTrue(outputs(cells.get(1)).toString().contains("turn 2"));
    assertTrue(outputs(cells.get(2)).isEmpty(), "a cell ran after the interrupt");
  }

  @Test
  void stripTakesOutputsAndCountsAndNothingElse() throws Exception {
    Path lesson = folder.resolve("lesson.ipynb");
    Files.copy(Lab.NOTEBOOKS.resolve("04-attention.ipynb"), lesson);
    Path expected = folder.resolve("expected.ipynb");
    Files.copy(lesson, expected);
    NotebookFile.strip(expected);
    Lab.Run run = Lab.command(Lab.NOTEBOOKS, folder.resolve("log"), "strip", lesson.toString());
    assertEquals(0, run.exitCode(), run.log());
    assertEquals(NotebookFile.read(expected), NotebookFile.read(lesson), run.log());
  }

  // ---------------------------------------------------------------------------------- helpers

  private Path write(String... sources) throws IOException {
    return NotebookFile.write(folder.resolve("made here.ipynb"), sources);
  }
}
