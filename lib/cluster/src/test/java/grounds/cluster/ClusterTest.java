package grounds.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.scaling.RunConfig;
import grounds.scaling.RunStore;
import grounds.scaling.Sweep;
import grounds.scaling.SweepProgress;
import grounds.tokenizer.BpeTokenizer;
import grounds.tokenizer.BpeTrainer;
import grounds.tokenizer.PreTokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Spark in this process. */
class ClusterTest {

  @TempDir Path folder;

  private RunStore store(String name) {
    return RunStore.at(folder.resolve(name));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.1})
  void theSameTableAsWithoutSpark(double dropout) {
    List<RunConfig> runs = Sums.runs(6, 60, dropout);
    RunStore alone = store("alone");
    new Sweep(alone, Sums.data(), runs).run();
    RunStore shared = store("shared");
    List<SweepProgress> progress = new ArrayList<>();
    try (Cluster cluster = Cluster.at("local[2]")) {
      Sweep sweep = new Sweep(shared, Sums.data(), runs).watch(progress::add);
      assertEquals(6, cluster.run(sweep).finished());
      assertEquals(6, cluster.run(sweep).finished(), "a finished sweep is left alone");
    }
    assertEquals(Sums.outcome(alone), Sums.outcome(shared));
    assertEquals("0 of 6 runs finished", progress.get(0).toString());
    assertEquals(6, progress.get(progress.size() - 1).finished());
    assertFalse(
        List.of(shared.folder().toFile().list()).toString().contains("cluster"), "no mark is left");
  }

  @Test
  void anInterruptStopsItAndItGoesOn() throws Exception {
    List<RunConfig> runs = Sums.runs(4, 1500, 0);
    RunStore alone = store("alone");
    new Sweep(alone, Sums.data(), runs).run();
    RunStore shared = store("shared");
    try (Cluster cluster = Cluster.at("local[2]")) {
      Sweep sweep = new Sweep(shared, Sums.data(), runs);
      Thread here = Thread.currentThread();
      Thread other =
          new Thread(
              () -> {
                while (!Files.exists(shared.folder().resolve("curves"))) {
                  Thread.onSpinWait();
                }
                here.interrupt();
              });
      other.start();
      assertThrows(CancellationException.class, () -> cluster.run(sweep));
      assertTrue(Thread.interrupted());
      assertEquals(4, cluster.run(sweep).finished(), () -> shared.runs().toString());
    }
    assertEquals(Sums.outcome(alone), Sums.outcome(shared));
  }

  /** A run that diverges is a row, not a failure of Spark. */
  @Test
  void aFailedRunIsRecorded() {
    RunConfig good = Sums.runs(1, 20, 0).get(0);
    RunConfig bad =
        new RunConfig(good.model(), "sums", Sums.data().hash(), 20, 4, 1e30, 10, 20, 1L);
    RunStore store = store("store");
    try (Cluster cluster = Cluster.at("local[2]")) {
      SweepProgress end = cluster.run(new Sweep(store, Sums.data(), List.of(bad, good)));
      assertEquals(1, end.failed());
      assertEquals(1, end.finished());
      cluster.run(new Sweep(store, Sums.data(), List.of(bad)).retryFailed());
    }
    assertTrue(store.find(bad.id()).orElseThrow().error().orElseThrow().contains("Diverged"));
  }

  /** As on a full disk, or without the right to write. */
  @Test
  void aStoreThatCannotBeWrittenIsSaid() throws IOException {
    RunStore store = store("store");
    Files.createDirectories(store.folder());
    Files.writeString(store.folder().resolve("claims"), "in the way");
    try (Cluster cluster = Cluster.at("local[2]")) {
      Sweep sweep = new Sweep(store, Sums.data(), Sums.runs(2, 20, 0));
      String message =
          assertThrows(UncheckedIOException.class, () -> cluster.run(sweep)).getMessage();
      assertTrue(message.contains("Could not claim run"), message);
    }
  }

  @Test
  void aStoreThatAWorkerDoesNotSeeIsSaid() {
    SweepTask task = new SweepTask(null, folder, folder.resolve("elsewhere"), false, 0);
    String run = Sums.runs(1, 5, 0).get(0).json();
    String message = assertThrows(WorkerException.class, () -> task.call(run)).getMessage();
    assertTrue(message.contains(folder.toString()) && message.contains("shares"), message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lokal", "local[0]", "spark://", "spark://host", "spark://host:port"})
  void refusesWhatIsNoMaster(String master) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Cluster.at(master)).getMessage();
    assertTrue(message.contains("spark://host:7077"), message);
  }

  @Test
  void aMasterThatDoesNotAnswerIsSaid() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    long start = System.nanoTime();
    String message =
        assertThrows(IllegalStateException.class, () -> Cluster.at("spark://127.0.0.1:" + port))
            .getMessage();
    assertTrue(message.contains("No Spark master answers at spark://127.0.0.1:" + port), message);
    assertTrue(System.nanoTime() - start < 10e9, "within seconds");
  }

  /** Words, numbers, other scripts and special tokens, over several files and many parts. */
  @Test
  void theMergesAreThoseOfTheLocalTrainer() throws IOException {
    Random random = new Random(5);
    String[] words = {
      " the", " then", " Öl", " 文字", "\n\n", " 12345", "'ll", "<|end|>", " these", "  "
    };
    List<Path> files = new ArrayList<>();
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < 3; i++) {
      StringBuilder text = new StringBuilder();
      int length = i == 0 ? 3_000_000 : 1000;
      for (int j = 0; j < length; j++) {
        text.append(words[random.nextInt(words.length)]);
        if (j % 50 == 0) {
          text.append((char) ('a' + random.nextInt(26))).append(random.nextInt(1000));
        }
      }
      files.add(Files.writeString(folder.resolve(i + ".txt"), text));
      all.append(text).append("<|end|>"); // no word reaches from file to file
    }
    for (PreTokenizer preTokenizer : PreTokenizer.values()) {
      BpeTrainer trainer = new BpeTrainer(500).preTokenizer(preTokenizer).specialTokens("<|end|>");
      BpeTokenizer expected = trainer.train(all.toString());
      try (Cluster cluster = Cluster.at("local[2]")) {
        assertEquals(
            preTokenizer == PreTokenizer.NONE ? 1 : 3,
            trainer.counter().parts(files.get(0), 8).size(),
            "the file is large enough to cut");
        BpeTokenizer learned = cluster.train(trainer, files);
        assertTrue(expected.merges().equals(learned.merges()), () -> "merges of " + preTokenizer);
        assertEquals(expected.vocabularySize(), learned.vocabularySize());
      }
    }
  }

  @Test
  void aFileThatIsNotThereIsSaid() {
    try (Cluster cluster = Cluster.at("local[1]")) {
      Path none = folder.resolve("none.txt");
      String message =
          assertThrows(
                  UncheckedIOException.class,
                  () -> cluster.train(new BpeTrainer(300), List.of(none)))
              .getMessage();
      assertTrue(message.contains(none.toString()), message);
    }
  }

  @Test
  void runsAsParquet() throws IOException {
    List<RunConfig> runs = new ArrayList<>(Sums.runs(2, 20, 0));
    RunConfig good = runs.get(0);
    runs.add(new RunConfig(good.model(), "sums", Sums.data().hash(), 20, 4, 1e30, 10, 20, 1L));
    RunStore store = store("store");
    new Sweep(store, Sums.data(), runs).run();
    Path file = folder.resolve("runs.parquet");
    RunTable.writeParquet(store, file);
    assertTrue(Files.isRegularFile(file));
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "localhost")
            .getOrCreate()) {
      Dataset<Row> read = spark.read().parquet(file.toString());
      assertEquals(store.table().columnNames(), List.of(read.columns()));
      List<Row> rows = read.collectAsList();
      assertEquals(3, rows.size());
      for (int i = 0; i < 3; i++) {
        assertEquals(store.runs().get(i).id(), rows.get(i).getAs("id"));
        Double loss = rows.get(i).getAs("validation loss");
        assertEquals(store.runs().get(i).result().map(r -> r.validationLoss()).orElse(null), loss);
      }
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> RunTable.writeParquet(store, folder.resolve("runs.xlsx")));
  }
}
