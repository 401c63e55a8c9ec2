package grounds.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.scaling.RunConfig;
import grounds.scaling.RunStore;
import grounds.scaling.Sweep;
import grounds.scaling.SweepProgress;
import grounds.tokenizer.BpeTrainer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real cluster: a master and workers of one core, each a process of its own. */
@Timeout(240)
class StandaloneIT {

  @TempDir Path folder;

  @BeforeAll
  static void onThisMachine() {
    System.setProperty("spark.driver.host", "127.0.0.1");
  }

  @AfterAll
  static void asBefore() {
    System.clearProperty("spark.driver.host");
  }

  /**
   * Nobody is there to work; then two workers come; one of them dies in mid-run; the other does the
   * rest, and the lost run from its checkpoint.
   */
  @Test
  void aWorkerKilledInMidSweep() throws Exception {
    List<RunConfig> runs = Sums.runs(8, 2000, 0);
    RunStore store = RunStore.at(folder.resolve("store"));
    List<String> notes = new CopyOnWriteArrayList<>();
    try (Standalone spark = new Standalone(folder);
        Cluster cluster = Cluster.at(spark.url()).onNote(notes::add)) {
      CompletableFuture<SweepProgress> end =
          CompletableFuture.supplyAsync(() -> cluster.run(new Sweep(store, Sums.data(), runs)));
      while (notes.isEmpty() && !end.isDone()) {
        Thread.sleep(50);
      }
      assertTrue(notes.get(0).contains("No worker has taken a run yet"), notes.toString());
      spark.startWorker("first", Map.of());
      Process second = spark.startWorker("second", Map.of());
      Path checkpoints = store.folder().resolve("checkpoints");
      while (children(checkpoints) < 2 && !end.isDone()) {
        Thread.sleep(5);
      }
      Standalone.kill(second);
      assertFalse(end.isDone(), "make the runs longer");
      assertEquals(8, end.get().finished());
    }
    assertTrue(notes.stream().anyMatch(note -> note.contains("is lost")), notes.toString());
    RunStore alone = RunStore.at(folder.resolve("alone"));
    new Sweep(alone, Sums.data(), runs).run();
    assertEquals(Sums.outcome(alone), Sums.outcome(store));
    assertEquals(
        8, Files.readAllLines(store.folder().resolve("runs.jsonl")).size(), "no run twice");
  }

  private static long children(Path folder) throws Exception {
    if (!Files.exists(folder)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.count();
    }
  }

  /** A worker whose native library is missing is left out; alone it is an error. */
  @Test
  void aWorkerWithoutTheNativeLibrary() throws Exception {
    List<RunConfig> runs = Sums.runs(3, 20, 0);
    RunStore store = RunStore.at(folder.resolve("store"));
    List<String> notes = new CopyOnWriteArrayList<>();
    try (Standalone spark = new Standalone(folder)) {
      // Native code is unpacked to a folder that here cannot be made.
      spark.startWorker("bad", Map.of("DJL_CACHE_DIR", "/dev/null/cache"));
      try (Cluster cluster = Cluster.at(spark.url())) {
        String message =
            assertThrows(
                    IllegalStateException.class,
                    () -> cluster.run(new Sweep(store, Sums.data(), runs)))
                .getMessage();
        assertTrue(message.contains("gave the sweep up"), message);
        assertTrue(message.contains("cannot load the native library"), message);
        assertTrue(message.contains("DJL_CACHE_DIR"), message);
      }
      assertEquals(List.of(), store.runs(), "a worker's trouble is not a run's failure");
      spark.startWorker("good", Map.of());
      try (Cluster cluster = Cluster.at(spark.url()).onNote(notes::add)) {
        // Counted on whoever is there: this needs no native library, and sees that both are.
        Path text = Files.writeString(folder.resolve("text.txt"), "one two two three");
        assertEquals(
            new BpeTrainer(260).train(text).merges(),
            cluster.train(new BpeTrainer(260), List.of(text)).merges());
        assertEquals(3, cluster.run(new Sweep(store, Sums.data(), runs)).finished());
      }
      assertTrue(notes.size() <= 2, notes.toString());
    }
  }
}
