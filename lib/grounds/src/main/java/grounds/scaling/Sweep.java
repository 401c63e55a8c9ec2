package grounds.scaling;

import grounds.model.Gpt;
import grounds.tensor.Devices;
import grounds.training.Trainer;
import grounds.training.TrainingEvent;
import grounds.training.TrainingListener;
import grounds.training.TrainingResult;
import grounds.training.TrainingStoppedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Many runs over one text, each once.
 *
 * <pre>{@code
 * Sweep sweep = new Sweep(RunStore.at(Path.of("runs", "first")), data, plan.runs(data));
 * sweep.run();
 * }</pre>
 *
 * <p>A finished run is never repeated. An interrupted one goes on from its checkpoint, whether it
 * was stopped, killed or the machine went down, and ends as if nothing had happened. One that fails
 * is recorded with its error. Several processes may work on one store: each takes runs that no
 * other has.
 */
public final class Sweep {

  private static final long WAIT_MILLISECONDS = 200;

  private final RunStore store;
  private final SweepData data;
  private final Map<String, RunConfig> runs = new LinkedHashMap<>();
  private final List<Consumer<SweepProgress>> watchers = new ArrayList<>();
  private final List<TrainingListener> listeners = new ArrayList<>();
  private boolean retryFailed;
  private long start;
  private double flopsAtStart = Double.NaN;

  /**
   * A sweep.
   *
   * @throws IllegalArgumentException if two runs are equal, or one is of another text
   */
  public Sweep(RunStore store, SweepData data, List<RunConfig> runs) {
    this.store = store;
    this.data = data;
    for (RunConfig run : runs) {
      if (!run.dataHash().equals(data.hash())) {
        throw new IllegalArgumentException(
            "Wanted runs on the text '"
                + data.name()
                + "' as it is, got one on '"
                + run.data()
                + "' of another content. Make its config from this text.");
      }
      if (this.runs.put(run.id(), run) != null) {
        throw new IllegalArgumentException(
            "Two runs with one hash, " + run.id() + ": " + run + " is there twice. Leave one out.");
      }
    }
  }

  /** Tells how far it is, at the start and after every run. */
  public Sweep watch(Consumer<SweepProgress> watcher) {
    watchers.add(watcher);
    return this;
  }

  /** Tells the listener what happens in each run from now on. */
  public Sweep listen(TrainingListener listener) {
    listeners.add(listener);
    return this;
  }

  /** Tries runs again that failed before. */
  public Sweep retryFailed() {
    retryFailed = true;
    return this;
  }

  /**
   * Works until every run has ended, here or in another process.
   *
   * @throws CancellationException if the thread is interrupted; call again to go on
   * @throws UncheckedIOException if a file cannot be written, such as on a full disk; what is
   *     finished is kept, so make room and call again
   */
  public SweepProgress run() {
    List<RunConfig> open = new ArrayList<>(open());
    look();
    while (!open.isEmpty()) {
      boolean worked = false;
      for (RunConfig config : List.copyOf(open)) {
        requireNotInterrupted();
        String id = config.id();
        if (hasEnded(id)) {
          open.remove(config);
          continue;
        }
        Optional<RunStore.Claim> claim = store.claim(id);
        if (claim.isEmpty()) {
          continue;
        }
        try {
          if (!hasEnded(id)) { // it may have ended between the question and the claim
            execute(config);
          }
        } finally {
          claim.get().close();
        }
        open.remove(config);
        worked = true;
        look();
      }
      if (!worked && !open.isEmpty()) {
        pause();
      }
    }
    return progress();
  }

  /** What it is about. */
  public SweepData data() {
    return data;
  }

  /** Where its runs are kept. */
  public RunStore store() {
    return store;
  }

  /** Whether runs that failed before are tried again. */
  public boolean retriesFailed() {
    return retryFailed;
  }

  /** The runs that have not ended yet, by anyone, in the order given. */
  public List<RunConfig> open() {
    Map<String, RunRecord> ended = ended();
    return runs.values().stream()
        .filter(run -> !ended.containsKey(run.id()) || !isOver(ended.get(run.id())))
        .toList();
  }

  private Map<String, RunRecord> ended() {
    Map<String, RunRecord> ended = new LinkedHashMap<>();
    store.runs().forEach(row -> ended.put(row.id(), row));
    return ended;
  }

  private boolean isOver(RunRecord row) {
    return row.isFinished() || !retryFailed;
  }

  private boolean hasEnded(String id) {
    return store.find(id).filter(this::isOver).isPresent();
  }

  private static void requireNotInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException(
          "The sweep was interrupted. What is finished is kept; start it again to go on.");
    }
  }

  private static void pause() {
    try {
      Thread.sleep(WAIT_MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void execute(RunConfig config) {
    RunRecord row;
    try {
      row = train(config);
    } catch (TrainingStoppedException | UncheckedIOException e) {
      throw e; // the sweep's end for now, not the run's
    } catch (RuntimeException e) {
      row =
          new RunRecord(
              config,
              Optional.empty(),
              Optional.of(e.getClass().getSimpleName() + ": " + e.getMessage()),
              provenance("none"));
    }
    store.add(row);
    deleteCheckpoints(config.id());
  }

  private RunRecord train(RunConfig config) {
    String id = config.id();
    String[] computation = {""};
    try (Gpt model = new Gpt(config.model(), config.seed());
        Trainer trainer =
            new Trainer(model, data.training(), data.validation(), config.training())) {
      trainer.resumeFrom(store.checkpoints(id));
      Curve curve = Curve.resume(store.curve(id), trainer.step());
      double before = curve.seconds();
      // A checkpoint is written before its evaluation is told: after a crash between the two the
      // curve lacks it.
      trainer
          .lastEvaluation()
          .filter(e -> curve.rows().stream().noneMatch(row -> row.step() == e.step()))
          .ifPresent(e -> add(curve, e, before));
      long start = System.nanoTime();
      trainer.listen(
          event -> {
            if (event instanceof TrainingEvent.Started started) {
              computation[0] = started.computation();
            } else if (event instanceof TrainingEvent.Evaluated e) {
              add(curve, e, before + (System.nanoTime() - start) / 1e9);
            }
          });
      listeners.forEach(trainer::listen);
      TrainingResult result = trainer.run();
      return new RunRecord(
          config,
          Optional.of(
              new RunRecord.Result(
                  result.trainingLoss(),
                  result.validationLoss(),
                  result.bestValidationLoss(),
                  before + result.seconds())),
          Optional.empty(),
          provenance(computation[0]));
    }
  }

  private static void add(Curve curve, TrainingEvent.Evaluated e, double seconds) {
    curve.add(new Curve.Row(e.step(), e.trainingLoss(), e.validationLoss(), seconds));
  }

  private static RunRecord.Provenance provenance(String computation) {
    return new RunRecord.Provenance(
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        version(),
        Devices.describe(),
        System.getProperty("os.name") + " " + System.getProperty("os.arch"),
        computation);
  }

  private static String version() {
    try (InputStream file = Sweep.class.getResourceAsStream("/grounds/version.txt")) {
      String version = new String(file.readAllBytes(), StandardCharsets.UTF_8).strip();
      String commit = System.getenv("GROUNDS_COMMIT"); // notebooks/lab asks git
      return commit == null || commit.isBlank() ? version : version + " " + commit;
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read the version of this library.", e);
    }
  }

  private void deleteCheckpoints(String id) {
    Path folder = store.checkpoints(id);
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Could not delete the checkpoints at " + folder + ".", e);
    }
  }

  /**
   * Looks how far the sweep is, whoever does its runs, and tells those who watch. The time left
   * follows from what has ended since the first look.
   */
  public SweepProgress look() {
    SweepProgress now = progress();
    watchers.forEach(watcher -> watcher.accept(now));
    return now;
  }

  private SweepProgress progress() {
    Map<String, RunRecord> ended = ended();
    int finished = 0;
    int failed = 0;
    double done = 0;
    double left = 0;
    for (RunConfig run : runs.values()) {
      RunRecord row = ended.get(run.id());
      if (row == null) {
        left += run.flops();
        continue;
      }
      done += run.flops();
      if (row.isFinished()) {
        finished++;
      } else {
        failed++;
      }
    }
    if (Double.isNaN(flopsAtStart)) {
      start = System.nanoTime();
      flopsAtStart = done;
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return new SweepProgress(
        finished,
        failed,
        runs.size(),
        done > flopsAtStart
            ? OptionalDouble.of(left * seconds / (done - flopsAtStart))
            : OptionalDouble.empty());
  }
}
