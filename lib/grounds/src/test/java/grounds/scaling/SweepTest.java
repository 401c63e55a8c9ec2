package grounds.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.model.GptConfig;
import grounds.tokenizer.TokenSequence;
import grounds.training.TrainingEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SweepTest {

  @TempDir Path folder;

  /** Something to learn: each id is the sum of the two before. */
  static SweepData data() {
    int[] ids = new int[6000];
    ids[1] = 1;
    for (int i = 2; i < ids.length; i++) {
      ids[i] = (ids[i - 1] + ids[i - 2] + i / 97) % 11;
    }
    TokenSequence all = TokenSequence.of(ids);
    return SweepData.of("sums", all.slice(0, 5000), all.slice(5000, 6000), 11);
  }

  static List<RunConfig> runs(SweepData data, int steps) {
    List<RunConfig> runs = new ArrayList<>();
    for (int channels : new int[] {8, 16}) {
      for (long seed : new long[] {1, 2, 3}) {
        runs.add(
            new RunConfig(
                new GptConfig(11, 8, channels, 1, 2).withDropout(0.1),
                data.name(),
                data.hash(),
                steps,
                4,
                1e-2,
                10,
                20,
                seed));
      }
    }
    return runs;
  }

  private RunStore store(String name) {
    return RunStore.at(folder.resolve(name));
  }

  /** What a sweep found, without times. */
  static Map<String, String> outcome(RunStore store) {
    return store.runs().stream()
        .collect(
            Collectors.toMap(
                RunRecord::id,
                row ->
                    row.result()
                            .map(r -> r.trainingLoss() + " " + r.validationLoss())
                            .orElse("failed")
                        + Curve.read(store.curve(row.id())).stream()
                            .map(r -> r.step() + ":" + r.validationLoss())
                            .toList()));
  }

  @Test
  void eachRunOnceAndAllTraceable() {
    SweepData data = data();
    RunStore store = store("store");
    List<RunConfig> runs = runs(data, 20);
    List<SweepProgress> progress = new ArrayList<>();
    SweepProgress end = new Sweep(store, data, runs).watch(progress::add).run();
    assertEquals(6, end.finished());
    assertEquals(7, progress.size());
    assertEquals("0 of 6 runs finished", progress.get(0).toString());
    assertTrue(progress.get(3).secondsLeft().isPresent());

    List<Integer> steps = new ArrayList<>();
    SweepProgress again =
        new Sweep(store, data, runs)
            .listen(
                event -> {
                  if (event instanceof TrainingEvent.Stepped s) {
                    steps.add(s.step());
                  }
                })
            .run();
    assertEquals(6, again.finished());
    assertEquals(List.of(), steps, "a finished run is not repeated");

    RunRecord row = store.runs().get(0);
    assertEquals(row, store.find(row.id()).orElseThrow());
    assertTrue(row.provenance().libraries().contains("PyTorch"), row.toString());
    assertEquals(10, Curve.read(store.curve(row.id())).size());
    assertEquals(6, store.table().rowCount());
    assertEquals(
        row.result().orElseThrow().validationLoss(),
        store.table().doubleColumn("validation loss").get(0));
    assertEquals(6, store.points().size());
    assertEquals(row.config().flops(), store.curves().get(0).get(9).flops(), 1);
    assertFalse(Files.exists(store.checkpoints(row.id())), "no checkpoint is left");
  }

  @Test
  void aRunThatFailsIsRecordedAndTheOthersGoOn() {
    SweepData data = data();
    RunStore store = store("store");
    List<RunConfig> runs = new ArrayList<>(runs(data, 20));
    RunConfig good = runs.get(0);
    RunConfig bad = new RunConfig(good.model(), data.name(), data.hash(), 20, 4, 1e30, 10, 20, 1);
    SweepProgress end = new Sweep(store, data, List.of(bad, good)).run();
    assertEquals(1, end.failed());
    assertEquals(1, end.finished());
    RunRecord row = store.find(bad.id()).orElseThrow();
    assertTrue(row.error().orElseThrow().contains("Diverged"), row.toString());
    assertTrue(store.table().doubleColumn("validation loss").isMissing(0));
    assertEquals(1, store.points().size());
    assertThrows(IllegalStateException.class, row::point);
    new Sweep(store, data, List.of(bad)).run();
    assertEquals(2, lines(store), "a failure is not tried again by itself");
    new Sweep(store, data, List.of(bad)).retryFailed().run();
    assertEquals(3, lines(store));
  }

  private static int lines(RunStore store) {
    try {
      return Files.readAllLines(store.folder().resolve("runs.jsonl")).size();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void anInterruptKeepsWhatIsDone() {
    SweepData data = data();
    List<RunConfig> runs = runs(data, 40);
    RunStore whole = store("whole");
    new Sweep(whole, data, runs).run();
    RunStore interrupted = store("interrupted");
    int[] seen = {0};
    Sweep sweep =
        new Sweep(interrupted, data, runs)
            .listen(
                event -> {
                  if (event instanceof TrainingEvent.Stepped && ++seen[0] % 50 == 7) {
                    Thread.currentThread().interrupt();
                  }
                });
    int interrupts = 0;
    while (true) {
      try {
        sweep.run();
        break;
      } catch (CancellationException e) {
        Thread.interrupted();
        interrupts++;
      }
    }
    assertTrue(interrupts > 3, interrupts + " interrupts");
    assertEquals(outcome(whole), outcome(interrupted));
  }

  /** As a pool of threads does it: begun on one, gone on with on another. */
  @Test
  void aRunGoesOnOnAnotherThread() throws Exception {
    SweepData data = data();
    List<RunConfig> run = runs(data, 100).subList(0, 1);
    RunStore store = store("store");
    Runnable part =
        () -> {
          try {
            new Sweep(store, data, run)
                .listen(
                    event -> {
                      if (event instanceof TrainingEvent.Stepped s && s.step() == 50) {
                        Thread.currentThread().interrupt();
                      }
                    })
                .run();
          } catch (CancellationException e) {
            // as wanted
          }
        };
    for (int i = 0; i < 2; i++) {
      Thread thread = new Thread(part);
      thread.start();
      thread.join();
    }
    RunStore whole = store("whole");
    new Sweep(whole, data, run).run();
    assertEquals(outcome(whole), outcome(store));
  }

  /** What the process of the next test runs: the sweep of the store in its argument. */
  public static void main(String[] args) {
    SweepData data = data();
    new Sweep(RunStore.at(Path.of(args[0])), data, runs(data, 300)).run();
  }

  private static Process start(Path store) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Dai.djl.pytorch.num_threads=1",
            "-cp",
            System.getProperty("java.class.path"),
            SweepTest.class.getName(),
            store.toString())
        .redirectErrorStream(true)
        .redirectOutput(store.resolveSibling(store.getFileName() + ".log").toFile())
        .start();
  }

  /** Killed again and again at any moment, it ends with the same table. */
  @Test
  void killedTenTimesTheSameTable() throws Exception {
    SweepData data = data();
    RunStore whole = store("whole");
    new Sweep(whole, data, runs(data, 300)).run();
    RunStore killed = store("killed");
    Random random = new Random(3);
    for (int kills = 0; kills < 10; kills++) {
      Process process = start(killed.folder());
      long before = lastWrite(killed);
      while (process.isAlive() && lastWrite(killed) == before) {
        Thread.sleep(1);
      }
      // From here on it trains.
      assertFalse(
          process.waitFor(random.nextInt(150), TimeUnit.MILLISECONDS),
          "done after " + kills + " kills: make the runs longer");
      process.destroyForcibly().waitFor();
    }
    assertEquals(0, start(killed.folder()).waitFor(), "see " + killed.folder() + ".log");
    assertEquals(outcome(whole), outcome(killed));
  }

  /** When a curve was last begun or went on. */
  private static long lastWrite(RunStore store) throws IOException {
    Path curves = store.folder().resolve("curves");
    if (!Files.exists(curves)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(curves)) {
      return files.mapToLong(file -> file.toFile().lastModified()).max().orElse(0);
    }
  }

  /** Two processes share the work: no run twice, none left out. */
  @Test
  void twoProcessesDoNotCollide() throws Exception {
    RunStore store = store("shared");
    List<Process> both = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      both.add(start(store.folder()));
    }
    for (Process process : both) {
      assertEquals(0, process.waitFor());
    }
    assertEquals(6, lines(store));
    assertEquals(6, store.runs().size());
    SweepData data = data();
    RunStore alone = store("alone");
    new Sweep(alone, data, runs(data, 300)).run();
    assertEquals(outcome(alone), outcome(store));
  }

  @Test
  void aTornLineIsNoRowAndGivesWay() throws IOException {
    SweepData data = data();
    RunStore store = store("store");
    List<RunConfig> runs = runs(data, 5);
    new Sweep(store, data, runs.subList(0, 2)).run();
    Path file = store.folder().resolve("runs.jsonl");
    Files.writeString(file, "{\"format\":1,\"id\":\"to", StandardOpenOption.APPEND);
    assertEquals(2, store.runs().size());
    new Sweep(store, data, runs.subList(0, 3)).run();
    assertEquals(3, store.runs().size());
    assertEquals(3, lines(store));
  }

  /** The device that is always full. */
  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "only Linux has /dev/full")
  void aFullDiskIsSaid() throws IOException {
    SweepData data = data();
    RunStore store = store("store");
    new Sweep(store, data, runs(data, 5).subList(0, 1)).run();
    RunStore full = RunStore.at(Files.createDirectories(folder.resolve("full")));
    Path link = Files.createSymbolicLink(full.folder().resolve("runs.jsonl"), Path.of("/dev/full"));
    UncheckedIOException error =
        assertThrows(UncheckedIOException.class, () -> full.add(store.runs().get(0)));
    assertTrue(error.getMessage().contains("make room"), error.getMessage());
    assertTrue(error.getCause().getMessage().contains("No space left"), error.toString());
    Files.delete(link);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"format\":2} | format 2",
        "{} | not a row",
        "[1] | not a row",
        "nonsense | not a row"
      })
  void aRowOfAnotherVersionIsNamed(String line, String expected) throws IOException {
    RunStore store = store("store");
    SweepData data = data();
    new Sweep(store, data, runs(data, 5).subList(0, 1)).run();
    Path file = store.folder().resolve("runs.jsonl");
    byte[] before = Files.readAllBytes(file);
    Files.writeString(file, line + "\n", StandardOpenOption.APPEND);
    String message = assertThrows(IllegalArgumentException.class, store::runs).getMessage();
    assertTrue(message.contains("Line 2") && message.contains(expected), message);
    assertEquals(
        new String(before, StandardCharsets.UTF_8),
        Files.readString(file).substring(0, before.length));
  }

  @Test
  void refusesTwoRunsWithOneHash() throws IOException {
    SweepData data = data();
    RunConfig run = runs(data, 5).get(0);
    RunStore store = store("store");
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> new Sweep(store, data, List.of(run, run)))
            .getMessage();
    assertTrue(message.contains("one hash") && message.contains(run.id()), message);
    RunConfig elsewhere = new RunConfig(run.model(), "sums", "another", 5, 4, 1e-2, 10, 20, 1);
    assertThrows(IllegalArgumentException.class, () -> new Sweep(store, data, List.of(elsewhere)));

    new Sweep(store, data, List.of(run)).run();
    Path file = store.folder().resolve("runs.jsonl");
    String row = Files.readString(file);
    Files.writeString(
        file,
        row.replaceFirst("\"validationLoss\":[0-9.]+", "\"validationLoss\":9.5"),
        StandardOpenOption.APPEND);
    String two = assertThrows(IllegalArgumentException.class, store::runs).getMessage();
    assertTrue(two.contains("different results"), two);
  }

  /** Everything that decides the result decides the name. */
  @Test
  void theNameFollowsFromTheConfig() {
    GptConfig model = new GptConfig(11, 8, 8, 1, 2);
    List<RunConfig> different =
        List.of(
            new RunConfig(model, "a", "h", 5, 4, 1e-2, 10, 20, 1),
            new RunConfig(model.withBias(true), "a", "h", 5, 4, 1e-2, 10, 20, 1),
            new RunConfig(model, "a", "i", 5, 4, 1e-2, 10, 20, 1),
            new RunConfig(model, "a", "h", 6, 4, 1e-2, 10, 20, 1),
            new RunConfig(model, "a", "h", 5, 5, 1e-2, 10, 20, 1),
            new RunConfig(model, "a", "h", 5, 4, 2e-2, 10, 20, 1),
            new RunConfig(model, "a", "h", 5, 4, 1e-2, 11, 20, 1),
            new RunConfig(model, "a", "h", 5, 4, 1e-2, 10, 21, 1),
            new RunConfig(model, "a", "h", 5, 4, 1e-2, 10, 20, 2));
    assertEquals(different.size(), different.stream().map(RunConfig::id).distinct().count());
    assertEquals(different.get(0).id(), new RunConfig(model, "a", "h", 5, 4, 1e-2, 10, 20, 1).id());
    assertThrows(
        IllegalArgumentException.class,
        () -> new RunConfig(model, "a", "h", 0, 4, 1e-2, 10, 20, 1));
  }

  @Test
  void readsAPlan() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("small.sweep"),
            "# a remark\ndata = sums\ncontext = 8\nbatch=4\ndepth = 1 2\nbudget = 1e9 1e10\n"
                + "seed = 1 2\n");
    SweepPlan plan = SweepPlan.read(file);
    List<RunConfig> runs = plan.runs(data());
    assertEquals(8, runs.size());
    for (RunConfig run : runs) {
      double budget = run.flops() < 3e9 ? 1e9 : 1e10;
      assertEquals(1, run.flops() / budget, 0.05, run.toString());
    }
    assertTrue(IntStream.range(1, 8).allMatch(i -> runs.get(i).flops() >= runs.get(i - 1).flops()));
    assertEquals(Depth.learningRate(runs.get(0).model()), runs.get(0).learningRate());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "depth = 1 | neither",
        "budget = 1 | too small",
        "budget = 1e9 \\n dept = 3 | [dept]",
        "budget = many | wants numbers for budget",
        "steps = 5 \\n batch = 1 2 | one batch",
        "steps = 5 \\n depth = 0 | depth of 1 or more"
      })
  void aWrongPlanIsRefused(String text, String expected) throws IOException {
    Path file = Files.writeString(folder.resolve("wrong.sweep"), text.replace("\\n", "\n"));
    String message =
        assertThrows(IllegalArgumentException.class, () -> SweepPlan.read(file).runs(data()))
            .getMessage();
    assertTrue(message.contains(expected), message);
  }
}
