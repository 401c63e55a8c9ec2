package grounds.cluster;

import grounds.scaling.RunConfig;
import grounds.scaling.Sweep;
import grounds.scaling.SweepProgress;
import grounds.tokenizer.BpeTokenizer;
import grounds.tokenizer.BpeTrainer;
import grounds.tokenizer.PieceCounter;
import grounds.tokenizer.PieceCounts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import scala.Tuple2;

/**
 * Many processors, through Apache Spark: those of this machine, or of a cluster.
 *
 * <pre>{@code
 * try (Cluster cluster = Cluster.at("spark://host:7077")) {
 *   cluster.run(sweep);
 * }
 * }</pre>
 *
 * <p>On a cluster each run has an executor to itself, a process with one core, which computes with
 * one thread. Settings of Spark are taken from system properties that begin with {@code spark.},
 * such as {@code spark.cores.max}. There is one cluster in a process at a time.
 */
public final class Cluster implements AutoCloseable {

  private static final int LOOK_MILLIS = 500;
  private static final int PATIENCE_SECONDS = 10;

  /** A run is given up when as many executors were lost over it. */
  private static final int ATTEMPTS = 10;

  private static final int PARTS_A_CORE = 4;

  /** What is set here and holds for the workers too. */
  private static final List<String> ENVIRONMENT =
      List.of(
          "GROUNDS_COMMIT",
          "GROUNDS_DEVICE",
          "GROUNDS_PRECISION",
          "GROUNDS_PRODUCTS",
          "DJL_DEFAULT_ENGINE",
          "OMP_WAIT_POLICY",
          "MALLOC_TRIM_THRESHOLD_",
          "MALLOC_MMAP_THRESHOLD_",
          "MALLOC_TOP_PAD_",
          "GLIBC_TUNABLES",
          "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
          "OPT_OUT_TRACKING");

  private final Master master;
  private final JavaSparkContext context;
  private final TaskFailures failures = new TaskFailures(this::note);
  private Consumer<String> notes = note -> {};

  private Cluster(Master master, String jars) {
    this.master = master;
    SparkConf conf = new SparkConf();
    conf.setMaster(master.url());
    conf.setIfMissing("spark.app.name", "Grounds");
    conf.setIfMissing("spark.ui.enabled", "false");
    conf.setIfMissing("spark.log.level", "FATAL");
    conf.setIfMissing("spark.task.maxFailures", Integer.toString(ATTEMPTS));
    if (master.isLocal()) {
      conf.setIfMissing("spark.driver.host", "localhost");
      // Each run computes with one thread here too; the rest is for the others.
      System.setProperty("grounds.threads", "1");
    } else {
      conf.setIfMissing("spark.jars", jars);
      conf.setIfMissing("spark.executor.cores", "1");
      conf.setIfMissing("spark.executor.memory", "1g");
      conf.setIfMissing(
          "spark.executor.extraJavaOptions",
          "-XX:+UseSerialGC --enable-native-access=ALL-UNNAMED -Djava.awt.headless=true"
              + " -Dgrounds.threads=1");
      conf.setExecutorEnv("OMP_NUM_THREADS", "1");
      for (String name : ENVIRONMENT) {
        Optional.ofNullable(System.getenv(name)).ifPresent(v -> conf.setExecutorEnv(name, v));
      }
      // A worker that cannot do a run is left out, and another one gets it.
      conf.setIfMissing("spark.excludeOnFailure.enabled", "true");
      conf.setIfMissing(
          "spark.excludeOnFailure.task.maxTaskAttemptsPerNode", Integer.toString(ATTEMPTS - 1));
      conf.setIfMissing(
          "spark.excludeOnFailure.stage.maxFailedExecutorsPerNode", Integer.toString(ATTEMPTS));
    }
    context = new JavaSparkContext(conf);
    context.sc().addSparkListener(failures);
  }

  private void note(String note) {
    notes.accept(note);
  }

  /**
   * Connects.
   *
   * @param master {@code local[*]}, {@code local[N]}, {@code spark://HOST:PORT}, or what else Spark
   *     takes
   * @throws IllegalStateException if no master answers there, or it does not take us
   * @throws IllegalArgumentException if that is no address
   */
  public static Cluster at(String master) {
    Master at = new Master(master);
    at.requireAnswer();
    String jars = at.isLocal() ? "" : String.join(",", ClassPath.toSend());
    try {
      return new Cluster(at, jars);
    } catch (RuntimeException e) {
      throw new IllegalStateException(
          "The Spark master at "
              + master
              + " answers, but does not take us: "
              + e.getMessage()
              + ". Its version of Spark must be "
              + org.apache.spark.package$.MODULE$.SPARK_VERSION()
              + ".",
          e);
    }
  }

  /** Tells of lost executors, of workers left out, and of waiting. */
  public Cluster onNote(Consumer<String> notes) {
    this.notes = notes;
    return this;
  }

  /**
   * Does the open runs of a sweep, one task each, the longest first. A run whose executor is lost
   * goes on elsewhere, from its checkpoint. The sweep's watchers are told; its listeners are not:
   * what happens within a run happens elsewhere.
   *
   * @throws CancellationException if the thread is interrupted; what is finished is kept
   * @throws UncheckedIOException if the store cannot be written; what is finished is kept
   * @throws IllegalStateException if no worker can do a run, with what each of them said
   */
  public SweepProgress run(Sweep sweep) {
    List<String> open =
        sweep.open().stream()
            .sorted(Comparator.comparingDouble(RunConfig::flops).reversed())
            .map(RunConfig::json)
            .toList();
    SweepProgress now = sweep.look();
    if (open.isEmpty()) {
      return now;
    }
    Path store = sweep.store().folder().toAbsolutePath();
    Path marker = mark(store);
    failures.forget();
    Broadcast<SharedText> text = context.broadcast(new SharedText(sweep.data()));
    context.setJobGroup(marker.getFileName().toString(), "Sweep " + store, true);
    JavaFutureAction<Void> job =
        context
            .parallelize(open, open.size())
            .foreachAsync(
                new SweepTask(
                    text,
                    store,
                    marker,
                    sweep.retriesFailed(),
                    master.isLocal() ? 0 : 1000L * PATIENCE_SECONDS));
    boolean interrupted = false;
    try {
      watch(sweep, job, open.size());
      return sweep.look();
    } catch (InterruptedException e) {
      interrupted = true;
      throw new CancellationException(
          "The sweep was interrupted. What is finished is kept; start it again to go on.");
    } finally {
      job.cancel(true);
      context.clearJobGroup();
      delete(marker);
      if (interrupted) { // not before: Spark would not finish what it does here
        Thread.currentThread().interrupt();
      }
    }
  }

  private void watch(Sweep sweep, JavaFutureAction<Void> job, int left)
      throws InterruptedException {
    long start = System.nanoTime();
    boolean patient = !master.isLocal();
    try {
      while (!job.isDone()) {
        Thread.sleep(LOOK_MILLIS);
        Optional<String> writing = failures.writing();
        if (writing.isPresent()) {
          throw new UncheckedIOException(writing.get(), new IOException(writing.get()));
        }
        int open = sweep.open().size();
        if (open < left && open > 0) {
          left = open;
          sweep.look();
        }
        if (patient && (System.nanoTime() - start) / 1_000_000_000 >= PATIENCE_SECONDS) {
          patient = false;
          if (!failures.hasExecutor() && left == sweep.open().size()) {
            notes.accept(
                "No worker has taken a run yet: the cluster needs one with a free core and "
                    + context.getConf().get("spark.executor.memory")
                    + " of memory. Waiting.");
          }
        }
      }
      job.get();
    } catch (ExecutionException e) {
      throw failed(e.getCause());
    }
  }

  private RuntimeException failed(Throwable cause) {
    Optional<String> writing = failures.writing();
    if (writing.isPresent()) {
      return new UncheckedIOException(writing.get(), new IOException(writing.get()));
    }
    String why =
        failures.told().isEmpty()
            ? String.valueOf(cause.getMessage()).lines().findFirst().orElse("")
            : String.join(" ", failures.told());
    return new IllegalStateException(
        "The cluster gave the sweep up; what is finished is kept. " + why, cause);
  }

  private static Path mark(Path store) {
    Path marker = store.resolve("cluster-" + UUID.randomUUID());
    try {
      Files.createDirectories(store);
      return Files.createFile(marker);
    } catch (IOException e) {
      throw new UncheckedIOException("Could not make a run store at " + store + ".", e);
    }
  }

  private static void delete(Path marker) {
    try {
      Files.deleteIfExists(marker);
    } catch (IOException e) {
      throw new UncheckedIOException("Could not delete " + marker + ".", e);
    }
  }

  /**
   * Learns a vocabulary from files that every worker sees at the same path: counts on the cluster,
   * merges here. The merges are those of {@link BpeTrainer#train(Path)}.
   *
   * @throws UncheckedIOException if a file cannot be read, here or on a worker
   */
  public BpeTokenizer train(BpeTrainer trainer, List<Path> files) {
    return trainer.train(count(trainer.counter(), files));
  }

  /**
   * Counts the pieces of files that every worker sees at the same path.
   *
   * @throws UncheckedIOException if a file cannot be read, here or on a worker
   */
  public PieceCounts count(PieceCounter counter, List<Path> files) {
    List<PieceCounter.Part> parts = new ArrayList<>();
    int most = PARTS_A_CORE * Math.max(1, context.defaultParallelism());
    for (Path file : files) {
      parts.addAll(counter.parts(file.toAbsolutePath(), most));
    }
    failures.forget();
    PieceCounts all = new PieceCounts();
    try {
      // A partition at a time: the driver holds what it adds up, and little else.
      Iterator<Tuple2<String, Long>> counts =
          context
              .parallelize(parts, Math.max(1, parts.size()))
              .flatMapToPair(part -> pairs(counter.count(part)))
              .reduceByKey(Long::sum)
              .toLocalIterator();
      while (counts.hasNext()) {
        Tuple2<String, Long> count = counts.next();
        all.add(count._1.getBytes(StandardCharsets.ISO_8859_1), count._2);
      }
      return all;
    } catch (Exception e) { // Scala throws SparkException without declaring it
      if (e instanceof SparkException) {
        throw failed(e);
      }
      throw e;
    }
  }

  /** Pieces as keys: a string of bytes, since arrays are equal only to themselves. */
  private static Iterator<Tuple2<String, Long>> pairs(PieceCounts counts) {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < counts.size();
      }

      @Override
      public Tuple2<String, Long> next() {
        String piece = new String(counts.piece(next), StandardCharsets.ISO_8859_1);
        return new Tuple2<>(piece, counts.count(next++));
      }
    };
  }

  /** Leaves the cluster. */
  @Override
  public void close() {
    context.stop();
    if (master.isLocal()) {
      System.clearProperty("grounds.threads");
    }
  }
}
