package grounds.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import grounds.kernel.KernelClient.Answer;
import grounds.kernel.KernelClient.Message;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The checks of Jupyter's conformance suite, and what a course needs besides, on the wire. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KernelProtocolIT {

  private KernelClient kernel;

  @BeforeAll
  void start() throws IOException {
    kernel = new KernelClient(Map.of());
  }

  @AfterAll
  void stop() throws IOException {
    kernel.close();
  }

  @Test
  void kernelInfoNamesTheLanguageAndTheProtocol() {
    Answer answer = kernel.ask(kernel.shell, "kernel_info_request", new JsonObject());
    JsonObject info = answer.reply().content();
    assertEquals("ok", answer.status());
    assertEquals("5.3", info.get("protocol_version").getAsString());
    assertEquals("java", info.getAsJsonObject("language_info").get("name").getAsString());
    assertEquals(
        ".java", info.getAsJsonObject("language_info").get("file_extension").getAsString());
    assertEquals(
        List.of("busy", "idle"),
        answer.of("status").stream().map(m -> m.text("execution_state")).toList());
  }

  @Test
  void heartbeatEchoes() {
    byte[] beat = "beat".getBytes(StandardCharsets.US_ASCII);
    kernel.heartbeat.setReceiveTimeOut(5000);
    kernel.heartbeat.send(beat);
    assertArrayEquals(beat, kernel.heartbeat.recv());
  }

  @Test
  void aCellPublishesItsInputItsOutputsAndItsResultInOrder() {
    Answer answer =
        kernel.execute(
            """
            System.out.println("grüezi");
            display(1);
            System.err.println("careful");
            int twice = 21 * 2;
            twice
            """);
    assertEquals("ok", answer.status());
    assertEquals(
        List.of(
            "status",
            "execute_input",
            "stream",
            "display_data",
            "stream",
            "execute_result",
            "status"),
        answer.published().stream().map(Message::type).toList());
    assertEquals("grüezi\n", answer.stream("stdout"));
    assertEquals("careful\n", answer.stream("stderr"));
    assertEquals("42", answer.result());
    int count = answer.reply().content().get("execution_count").getAsInt();
    assertEquals(
        count, answer.of("execute_result").get(0).content().get("execution_count").getAsInt());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "   \n ", "// nothing", "int y = 3;", "int f() { return 1; }"})
  void aCellWithoutAnExpressionHasNoResult(String code) {
    Answer answer = kernel.execute(code);
    assertEquals("ok", answer.status());
    assertEquals(List.of(), answer.of("execute_result"));
  }

  @Test
  void anUpdateReplacesWhatWasShownUnderItsId() {
    Answer answer =
        kernel.execute(
            """
            import grounds.notebook.*;
            var page = ServiceLoader.load(Frontend.class).findFirst().orElseThrow();
            for (int i = 0; i <= 500; i++) {
              page.update("an id", Output.text("state " + i));
            }
            """);
    assertEquals("ok", answer.status());
    assertEquals("an id", displayId(answer.of("display_data").get(0)));
    List<Message> updates = answer.of("update_display_data");
    assertTrue(updates.size() < 50, "throttled, but there were " + updates.size());
    Message last = updates.get(updates.size() - 1);
    assertEquals("an id", displayId(last));
    assertEquals("state 500", plainText(last));
  }

  @Test
  void clearOutputStandsBetweenWhatCameBeforeAndAfter() {
    Answer answer = kernel.execute("display(1); clearOutput(); display(2);");
    assertEquals(
        List.of("display_data", "clear_output", "display_data"),
        answer.published().stream()
            .map(Message::type)
            .filter(type -> type.equals("display_data") || type.equals("clear_output"))
            .toList());
  }

  @Test
  void twentyThousandLinesArriveInOrderAndInFewMessages() {
    Answer answer =
        kernel.execute("for (int i = 0; i < 20_000; i++) System.out.println(\"line é \" + i);");
    String all =
        IntStream.range(0, 20_000)
            .mapToObj(i -> "line é " + i + "\n")
            .collect(Collectors.joining());
    assertEquals(all, answer.stream("stdout"));
    assertTrue(answer.of("stream").size() <= 30, "messages: " + answer.of("stream").size());
  }

  @Test
  void anErrorShowsItsClassItsCauseAndTheLine() {
    Answer answer =
        kernel.execute(
            """
            int zero = 0;

            throw new IllegalStateException("wanted more", new java.io.IOException("disk full"));
            """);
    Message error = answer.of("error").get(0);
    String traceback =
        String.join("\n", KernelClient.strings(error.content().getAsJsonArray("traceback")));
    assertEquals("error", answer.status());
    assertEquals("java.lang.IllegalStateException", error.text("ename"));
    assertEquals("wanted more", error.text("evalue"));
    assertEquals("java.lang.IllegalStateException", answer.reply().text("ename"));
    assertTrue(traceback.contains("line 3"), traceback);
    assertTrue(traceback.contains("disk full"), traceback);
    assertFalse(traceback.contains("jshell") || traceback.contains("grounds.kernel"), traceback);
  }

  @Test
  void aCompileErrorRunsNothingOfItsPieceAndPointsAtThePlace() {
    Answer answer = kernel.execute("int fine = 1;\nint bad = \"text\";");
    Message error = answer.of("error").get(0);
    String traceback =
        String.join("\n", KernelClient.strings(error.content().getAsJsonArray("traceback")));
    assertEquals("CompileError", error.text("ename"));
    assertTrue(traceback.contains("line 2") && traceback.contains("^"), traceback);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "int down(int n) { return 1 + down(n + 1); }\ndown(0)",
        "long[] huge = new long[Integer.MAX_VALUE - 8];",
        "System.exit(1);",
        "Runtime.getRuntime().halt(1);"
      })
  void whatWouldKillAJvmIsAnErrorOfItsCell(String code) {
    assertEquals("error", kernel.execute(code).status());
    assertEquals("2", kernel.execute("1 + 1").result());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "while (true) {}",
        "Thread.sleep(100_000);",
        "while (true) { try { Thread.sleep(1); } catch (Exception e) {} }",
        "while (true) { try { kept += 0; } catch (Throwable t) {} }",
        "new java.util.concurrent.LinkedBlockingQueue<Integer>().take();",
        "new java.util.concurrent.CountDownLatch(1).await();",
        "while (!Thread.interrupted()) { Thread.onSpinWait(); }",
        "for (;;) System.out.println(\"on and on\");",
        "LongStream.range(0, Long.MAX_VALUE).parallel().map(i -> i / 2).filter(i -> i < 0).sum()",
      })
  void anInterruptStopsTheCellWithinTwoSecondsAndKeepsVariables(String code) throws Exception {
    kernel.execute("int kept = 41;");
    String id = kernel.send(kernel.shell, "execute_request", KernelClient.code(code));
    Thread.sleep(700);
    long start = System.nanoTime();
    Message interrupt =
        kernel.reply(
            kernel.control, kernel.send(kernel.control, "interrupt_request", new JsonObject()));
    assertEquals("ok", interrupt.text("status"));
    Message reply = kernel.reply(kernel.shell, id);
    double seconds = (System.nanoTime() - start) / 1e9;
    assertEquals("error", reply.text("status"));
    assertEquals("Interrupted", reply.text("ename"));
    assertTrue(seconds < 2, "stopped after " + seconds + " s");
    kernel.published(id);
    assertEquals("42", kernel.execute("kept + 1").result());
    assertEquals("false", kernel.execute("Thread.currentThread().isInterrupted()").result());
  }

  @Test
  void anInterruptOfAnIdleKernelDoesNotTouchTheNextCell() {
    kernel.ask(kernel.control, "interrupt_request", new JsonObject());
    assertEquals("3", kernel.execute("int three = 0; while (three < 3) three++; three").result());
  }

  @Test
  void afterAnErrorTheCellsThatWereQueuedAreAborted() {
    String failing =
        kernel.send(
            kernel.shell,
            "execute_request",
            KernelClient.code("Thread.sleep(500); throw new Exception();"));
    String queued =
        kernel.send(kernel.shell, "execute_request", KernelClient.code("int never = 1;"));
    assertEquals("error", kernel.reply(kernel.shell, failing).text("status"));
    assertEquals("aborted", kernel.reply(kernel.shell, queued).text("status"));
    kernel.published(queued);
    assertEquals("1", kernel.execute("1").result());
  }

  @Test
  void aCellThatMayFailLetsTheNextRun() {
    JsonObject content = KernelClient.code("Thread.sleep(500); throw new Exception();");
    content.addProperty("stop_on_error", false);
    String failing = kernel.send(kernel.shell, "execute_request", content);
    String queued = kernel.send(kernel.shell, "execute_request", KernelClient.code("int ran = 1;"));
    assertEquals("error", kernel.reply(kernel.shell, failing).text("status"));
    assertEquals("ok", kernel.reply(kernel.shell, queued).text("status"));
    kernel.published(queued);
  }

  @Test
  void aSilentCellLeavesNoTrace() {
    int before = kernel.execute("1").reply().content().get("execution_count").getAsInt();
    JsonObject content = KernelClient.code("1 + 1");
    content.addProperty("silent", true);
    Answer answer = kernel.ask(kernel.shell, "execute_request", content);
    assertEquals("ok", answer.status());
    assertEquals(
        List.of("status", "status"), answer.published().stream().map(Message::type).toList());
    int after = kernel.execute("1").reply().content().get("execution_count").getAsInt();
    assertEquals(before + 1, after);
  }

  @Test
  void completesNamesOfThisSessionAndMembers() {
    kernel.execute("int vocabularySize = 65;");
    JsonObject ask = KernelClient.code("int a = 1;\nint b = vocab");
    ask.addProperty("cursor_pos", 24);
    JsonObject reply = kernel.ask(kernel.shell, "complete_request", ask).reply().content();
    assertEquals("ok", reply.get("status").getAsString());
    assertTrue(
        KernelClient.strings(reply.getAsJsonArray("matches")).contains("vocabularySize"),
        reply.toString());
    assertEquals(19, reply.get("cursor_start").getAsInt());
    assertEquals(24, reply.get("cursor_end").getAsInt());
  }

  @Test
  void countsCharactersOutsideTheBasicPlaneOnce() {
    JsonObject ask = KernelClient.code("\"😀😀\".le");
    ask.addProperty("cursor_pos", 7);
    JsonObject reply = kernel.ask(kernel.shell, "complete_request", ask).reply().content();
    assertTrue(
        KernelClient.strings(reply.getAsJsonArray("matches")).contains("length()"),
        reply.toString());
    assertEquals(5, reply.get("cursor_start").getAsInt());
  }

  @Test
  void inspectsWhatTheCursorIsOn() {
    kernel.execute("double perplexity(double loss) { return Math.exp(loss); }");
    for (int cursor : new int[] {3, 10, 11}) {
      JsonObject ask = KernelClient.code("perplexity(2.0)");
      ask.addProperty("cursor_pos", cursor);
      ask.addProperty("detail_level", 0);
      JsonObject reply = kernel.ask(kernel.shell, "inspect_request", ask).reply().content();
      assertTrue(reply.get("found").getAsBoolean(), "cursor at " + cursor);
      String text = reply.getAsJsonObject("data").get("text/plain").getAsString();
      assertTrue(text.contains("double perplexity(double loss)"), text);
    }
    JsonObject ask = KernelClient.code("nothingLikeThat");
    ask.addProperty("cursor_pos", 4);
    ask.addProperty("detail_level", 0);
    JsonObject reply = kernel.ask(kernel.shell, "inspect_request", ask).reply().content();
    assertFalse(reply.get("found").getAsBoolean());
    assertEquals("ok", reply.get("status").getAsString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "int x = 3;|complete|",
        "1 + 1|complete|",
        "int a = 1; int b = 2;|complete|",
        "for (int i = 0; i < 3; i++) {|incomplete|    ",
        "int f(int x) {|incomplete|    ",
        "'  foo(1,'|incomplete|  ",
        "int x = ;|invalid|",
        "int a = 5)|invalid|"
      },
      ignoreLeadingAndTrailingWhitespace = false)
  void knowsWhetherCodeIsComplete(String code, String status, String indent) {
    JsonObject reply =
        kernel.ask(kernel.shell, "is_complete_request", KernelClient.code(code)).reply().content();
    assertEquals(status, reply.get("status").getAsString());
    if (indent != null) {
      assertEquals(indent, reply.get("indent").getAsString());
    }
  }

  @Test
  void remembersTheCells() {
    kernel.execute("int remembered = 1;");
    JsonObject ask = new JsonObject();
    ask.addProperty("hist_access_type", "tail");
    ask.addProperty("n", 1);
    ask.addProperty("output", false);
    ask.addProperty("raw", true);
    JsonArray tail = history(ask);
    assertEquals(1, tail.size());
    assertEquals("int remembered = 1;", tail.get(0).getAsJsonArray().get(2).getAsString());
    kernel.execute("int remembered = 1;");
    ask.addProperty("hist_access_type", "search");
    ask.addProperty("pattern", "*remember?d*");
    ask.addProperty("n", 10);
    assertEquals(2, history(ask).size());
    ask.addProperty("unique", true);
    assertEquals(1, history(ask).size());
    kernel.execute("remembered + 1");
    ask.addProperty("hist_access_type", "tail");
    ask.addProperty("n", 1);
    ask.addProperty("output", true);
    JsonArray inputAndOutput = history(ask).get(0).getAsJsonArray().get(2).getAsJsonArray();
    assertEquals(List.of("remembered + 1", "2"), KernelClient.strings(inputAndOutput));
  }

  private JsonArray history(JsonObject ask) {
    Answer answer = kernel.ask(kernel.shell, "history_request", ask);
    assertEquals("ok", answer.status());
    return answer.reply().content().getAsJsonArray("history");
  }

  @Test
  void commsAreClosedAtOnce() {
    JsonObject open = new JsonObject();
    open.addProperty("comm_id", "c1");
    open.addProperty("target_name", "a widget");
    open.add("data", new JsonObject());
    String id = kernel.send(kernel.shell, "comm_open", open);
    assertTrue(kernel.published(id).stream().anyMatch(m -> m.type().equals("comm_close")));
    Answer info = kernel.ask(kernel.shell, "comm_info_request", new JsonObject());
    assertEquals(new JsonObject(), info.reply().content().get("comms"));
  }

  @Test
  void readsALineFromTheReader() {
    JsonObject content =
        KernelClient.code("var typed = new Scanner(System.in); typed.nextLine() + typed.nextInt()");
    content.addProperty("allow_stdin", true);
    String id = kernel.send(kernel.shell, "execute_request", content);
    for (String line : List.of("hällo ", "7")) {
      Message request = kernel.receive(kernel.stdin, KernelClient.PATIENCE).orElseThrow();
      assertEquals("input_request", request.type());
      JsonObject input = new JsonObject();
      input.addProperty("value", line);
      kernel.send(kernel.stdin, "input_reply", input);
    }
    assertEquals("ok", kernel.reply(kernel.shell, id).text("status"));
    assertEquals("hällo 7", new Answer(null, kernel.published(id)).result());
  }

  @Test
  void readingWithoutAReaderFails() {
    assertEquals("error", kernel.execute("new Scanner(System.in).nextLine()").status());
  }

  @Test
  void aVariableThatJShellEmptiesIsAnnounced() {
    kernel.execute("class Box { int v = 1; }\nvar box = new Box();");
    Answer answer = kernel.execute("class Box { int v = 2; }");
    assertTrue(answer.stream("stderr").contains("Variable box is now null"), "" + answer);
  }

  @Test
  void aMethodThatUsesWhatIsNotThereYetIsAnnounced() {
    Answer defined = kernel.execute("int later() { return notYet() + 1; }");
    assertEquals("ok", defined.status());
    assertTrue(defined.stream("stderr").contains("method notYet()"), "" + defined);
    assertTrue(kernel.execute("later()").reply().text("evalue").contains("method notYet()"));
    kernel.execute("int notYet() { return 1; }");
    assertEquals("2", kernel.execute("later()").result());
  }

  @Test
  void allCellsRunOnOneThread() {
    kernel.execute("Thread first = Thread.currentThread();");
    assertEquals("true", kernel.execute("first == Thread.currentThread()").result());
  }

  @Test
  void anInterruptIsNotLostWhileTheFirstCellIsBeingPrepared() throws Exception {
    try (KernelClient fresh = new KernelClient(Map.of())) {
      String id = fresh.send(fresh.shell, "execute_request", KernelClient.code("while (true) {}"));
      Thread.sleep(200);
      fresh.send(fresh.control, "interrupt_request", new JsonObject());
      assertEquals("Interrupted", fresh.reply(fresh.shell, id).text("ename"));
      fresh.published(id);
      assertEquals("2", fresh.execute("1 + 1").result());
    }
  }

  @Test
  void shutsDownOnRequest() throws Exception {
    try (KernelClient other = new KernelClient(Map.of())) {
      String running =
          other.send(other.shell, "execute_request", KernelClient.code("while (true) {}"));
      assertFalse(running.isEmpty());
      JsonObject content = new JsonObject();
      content.addProperty("restart", true);
      Answer answer = other.ask(other.control, "shutdown_request", content);
      assertEquals("ok", answer.status());
      assertTrue(answer.reply().content().get("restart").getAsBoolean());
      assertTrue(other.isDeadWithin(Duration.ofSeconds(5)));
    }
  }

  @Test
  void anAnswerThatLoopsOrExitsIsStoppedAndTheKernelLives(@TempDir Path folder) throws Exception {
    Map<String, String> progress = Map.of("GROUNDS_PROGRESS", folder.resolve("p").toString());
    try (KernelClient other = new KernelClient(progress)) {
      String check = "Exercise.check(\"tokens-1\", (String text) -> answer(text));";
      other.execute("import grounds.notebook.Exercise;\nint kept = 7;");
      String loops =
          other.execute("int[] answer(String text) { while (true) {} }\n" + check).stream("stdout");
      assertTrue(loops.contains("no answer within 5 seconds"), loops);
      String exits =
          other
              .execute("int[] answer(String text) { System.exit(1); return null; }\n" + check)
              .stream("stdout");
      assertTrue(exits.contains("it failed with"), exits);
      String left =
          "Thread.getAllStackTraces().keySet().stream()"
              + ".filter(thread -> thread.getName().equals(\"exercise\")).count() + kept";
      assertEquals("7", other.execute(left).result());
    }
  }

  @Test
  void aCellEndsInGoodOrderBeforeTheKernelDoes(@TempDir Path folder) throws Exception {
    try (KernelClient other = new KernelClient(Map.of())) {
      Path begun = folder.resolve("begun");
      Path kept = folder.resolve("kept");
      String code =
          """
          import java.nio.file.*;
          try {
            Files.createFile(Path.of("%s"));
            while (true) Thread.sleep(10);
          } finally {
            Files.createFile(Path.of("%s"));
          }
          """
              .formatted(begun, kept);
      other.send(other.shell, "execute_request", KernelClient.code(code));
      for (int i = 0; i < 300 && !Files.exists(begun); i++) {
        Thread.sleep(100);
      }
      JsonObject content = new JsonObject();
      content.addProperty("restart", false);
      other.send(other.control, "shutdown_request", content);
      assertTrue(other.isDeadWithin(Duration.ofSeconds(8)));
      assertTrue(Files.exists(kept), "the cell was cut off");
    }
  }

  @Test
  void endsWithTheServerThatStartedIt() throws Exception {
    // Any process that can be killed will do for a server.
    try (KernelClient server = new KernelClient(Map.of());
        KernelClient other =
            new KernelClient(Map.of("JPY_PARENT_PID", Long.toString(server.process.pid())))) {
      server.process.destroyForcibly();
      assertTrue(other.isDeadWithin(Duration.ofSeconds(10)));
    }
  }

  private static String displayId(Message display) {
    return display.content().getAsJsonObject("transient").get("display_id").getAsString();
  }

  private static String plainText(Message display) {
    return display.content().getAsJsonObject("data").get("text/plain").getAsString();
  }
}
