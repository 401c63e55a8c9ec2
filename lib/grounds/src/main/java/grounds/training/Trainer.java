package grounds.training;

import ai.djl.ndarray.NDArray;
import grounds.checkpoint.Checkpoint;
import grounds.model.Batch;
import grounds.model.LanguageModel;
import grounds.tensor.Seeds;
import grounds.tokenizer.TokenSequence;
import grounds.training.TrainingEvent.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * Trains a model on a text, and measures it on another.
 *
 * <pre>{@code
 * Trainer trainer = new Trainer(model, training, validation, TrainingConfig.of(4000, 32, 1e-3));
 * TrainingResult result = trainer.listen(new LiveChart()).resumeFrom(folder).run();
 * }</pre>
 *
 * <p>Interrupting the thread stops the run after the current step; {@link #run} then goes on from
 * there. With a folder, every evaluation leaves a checkpoint, from which a run that was killed ends
 * with the same weights, bit for bit on one CPU and thread count, as one that was never stopped.
 * One run at a time, on the thread that calls it.
 */
public final class Trainer implements AutoCloseable {

  /** The file to go on from. */
  public static final String LAST = "last.safetensors";

  /** The weights with the lowest validation loss. */
  public static final String BEST = "best.safetensors";

  private static final String OPTIMIZER = "optimizer.";

  private final LanguageModel model;
  private final TrainingData data;
  private final TrainingConfig config;
  private final TrainingStep trainingStep;
  private final List<TrainingListener> listeners = new ArrayList<>();
  private Optional<Path> folder = Optional.empty();

  private int step;
  private Evaluation last = Evaluation.NONE;
  private Evaluation best = Evaluation.NONE;
  private volatile boolean stopAsked;

  private record Evaluation(int step, double trainingLoss, double validationLoss) {
    static final Evaluation NONE = new Evaluation(0, Double.NaN, Double.POSITIVE_INFINITY);
  }

  /**
   * A run that starts at step 0, with the fastest step there is for the model.
   *
   * @param training token ids to learn from, longer than the model's context
   * @param validation token ids to measure on, longer than the model's context
   */
  public Trainer(LanguageModel model, int[] training, int[] validation, TrainingConfig config) {
    this(model, TokenSequence.of(training), TokenSequence.of(validation), config);
  }

  /** The same with another way to take a step. */
  public Trainer(
      LanguageModel model,
      int[] training,
      int[] validation,
      TrainingConfig config,
      TrainingStep trainingStep) {
    this(model, TokenSequence.of(training), TokenSequence.of(validation), config, trainingStep);
  }

  /**
   * A run over texts that need not be in memory, such as two slices of a token file, which must
   * stay open. The weights are the same, bit for bit, as from arrays of the same ids.
   */
  public Trainer(
      LanguageModel model,
      TokenSequence training,
      TokenSequence validation,
      TrainingConfig config) {
    this(model, training, validation, config, TrainingStep.of(model, config));
  }

  /** The same with another way to take a step. */
  public Trainer(
      LanguageModel model,
      TokenSequence training,
      TokenSequence validation,
      TrainingConfig config,
      TrainingStep trainingStep) {
    this(
        model,
        TrainingData.text(training, validation, model.config(), config),
        config,
        trainingStep);
  }

  /** A run on any data, such as conversations of which only the answers count. */
  public Trainer(LanguageModel model, TrainingData data, TrainingConfig config) {
    this(model, data, config, TrainingStep.of(model, config));
  }

  /** The same with another way to take a step. */
  public Trainer(
      LanguageModel model, TrainingData data, TrainingConfig config, TrainingStep trainingStep) {
    this.model = model;
    this.data = data;
    this.config = config;
    this.trainingStep = trainingStep;
  }

  /** Tells the listener what happens from now on. */
  public Trainer listen(TrainingListener listener) {
    listeners.add(listener);
    return this;
  }

  /**
   * Keeps checkpoints in that folder, which must not hold a run already.
   *
   * @throws IllegalStateException if it does: nothing finished is overwritten
   */
  public Trainer saveTo(Path folder) {
    Path file = folder.resolve(LAST);
    if (Files.exists(file)) {
      throw new IllegalStateException(
          folder
              + " holds a training run already. Call resumeFrom to go on with it, or choose another"
              + " folder, or delete this one.");
    }
    this.folder = Optional.of(folder);
    return this;
  }

  /**
   * Goes on from the last checkpoint in that folder, or starts a run there if there is none. A run
   * on a token file goes on from that file, a copy of it or the same text written again; a run on
   * arrays from arrays of the same ids.
   *
   * @throws IllegalArgumentException if the checkpoint is of another model, training config or
   *     text, or damaged
   */
  public Trainer resumeFrom(Path folder) {
    Path file = folder.resolve(LAST);
    if (Files.exists(file)) {
      try (Checkpoint checkpoint = Checkpoint.open(file)) {
        requireSame(file, "training config", checkpoint.text("training"), recipe());
        requireSame(file, "training text", checkpoint.text("data"), data.hash());
        Map<String, NDArray> state = optimizerState();
        checkpoint.restore(model);
        checkpoint.fill(state);
        step = Integer.parseInt(checkpoint.text("step"));
        trainingStep.resumeAfter(step);
        last = evaluation(checkpoint.text("last"));
        best = evaluation(checkpoint.text("best"));
      }
    }
    this.folder = Optional.of(folder);
    return this;
  }

  /**
   * Trains until all steps are done or {@link #stop} is called.
   *
   * @throws TrainingStoppedException if the thread is interrupted; call again to go on
   * @throws TrainingDivergedException if the loss or a gradient is not a finite number
   * @throws java.io.UncheckedIOException if a checkpoint cannot be written; make room and call
   *     again
   */
  public TrainingResult run() {
    long start = System.nanoTime();
    Clock clock = new Clock();
    stopAsked = false;
    Outcome outcome = Outcome.FAILED;
    tell(
        new TrainingEvent.Started(
            step,
            config.steps(),
            model.parameters().trainedCount(),
            tokensPerStep(),
            trainingStep.computation()));
    try {
      train(clock);
      outcome = step < config.steps() ? Outcome.STOPPED : Outcome.FINISHED;
    } catch (CancellationException e) {
      Thread.interrupted();
      outcome = Outcome.STOPPED;
      folder.ifPresent(this::save);
      throw new TrainingStoppedException(
          "Stopped after step %,d of %,d. The model keeps what it learned; call run() to go on."
              .formatted(step, config.steps()));
    } finally {
      tell(new TrainingEvent.Ended(step, outcome, (System.nanoTime() - start) / 1e9));
    }
    return new TrainingResult(
        step,
        outcome,
        last.trainingLoss,
        last.validationLoss,
        best.step,
        best.validationLoss,
        (System.nanoTime() - start) / 1e9,
        clock.tokensPerSecond());
  }

  private void train(Clock clock) {
    while (!stopAsked) {
      // Before the next step, not after the last one: what an interrupt or a full disk kept from
      // being measured and saved is made good when the run goes on.
      if (isEvaluationDue()) {
        evaluateAndSave();
      }
      if (step == config.steps()) {
        return;
      }
      if (stopAsked) { // by a listener
        break;
      }
      if (Thread.currentThread().isInterrupted()) {
        throw new CancellationException();
      }
      double learningRate = config.learningRate().at(step);
      long start = System.nanoTime();
      TrainingStep.Result result =
          trainingStep.take(nextBatches(), learningRate, Seeds.derive(config.seed(), step));
      requireFinite(result, learningRate);
      step++;
      double tokensPerSecond = clock.add(tokensPerStep(), System.nanoTime() - start);
      tell(
          new TrainingEvent.Stepped(
              step,
              config.steps(),
              result.loss(),
              learningRate,
              result.gradientNorm(),
              tokensPerSecond));
    }
    folder.ifPresent(this::save);
  }

  private boolean isEvaluationDue() {
    return last.step < step && (step % config.evaluateEvery() == 0 || step == config.steps());
  }

  private List<Batch> nextBatches() {
    // The place in the data follows from the step, also after a step that was not applied.
    long first = (long) step * config.accumulation();
    List<Batch> next = new ArrayList<>();
    for (int i = 0; i < config.accumulation(); i++) {
      next.add(data.batch(first + i));
    }
    return next;
  }

  /** Measures and saves; if a file cannot be written, this evaluation is still due. */
  private void evaluateAndSave() {
    int windows = config.evaluationWindows();
    Evaluation now =
        new Evaluation(
            step,
            data.trainingLoss(trainingStep.evaluator(), windows),
            data.validationLoss(trainingStep.evaluator(), windows));
    Evaluation lastBefore = last;
    Evaluation bestBefore = best;
    boolean isBest = now.validationLoss < best.validationLoss;
    last = now;
    best = isBest ? now : best;
    try {
      if (isBest) {
        folder.ifPresent(to -> Checkpoint.write(to.resolve(BEST), model));
      }
      folder.ifPresent(this::save);
    } catch (RuntimeException e) {
      last = lastBefore;
      best = bestBefore;
      throw e;
    }
    tell(new TrainingEvent.Evaluated(step, now.trainingLoss, now.validationLoss, isBest));
  }

  /** Asks the run to end after the current step; from any thread. */
  public void stop() {
    stopAsked = true;
  }

  /** Steps done so far. */
  public int step() {
    return step;
  }

  /** The last evaluation, of this run or of the one that it goes on from. */
  public Optional<TrainingEvent.Evaluated> lastEvaluation() {
    return last == Evaluation.NONE
        ? Optional.empty()
        : Optional.of(
            new TrainingEvent.Evaluated(
                last.step, last.trainingLoss, last.validationLoss, last.step == best.step));
  }

  private void save(Path to) {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("training", recipe());
    texts.put("data", data.hash());
    texts.put("step", Integer.toString(step));
    // Follows from the step; written for whoever reads the file without this class.
    texts.put("batches", Long.toString((long) step * config.accumulation()));
    texts.put("last", text(last));
    texts.put("best", text(best));
    Path file = to.resolve(LAST);
    Checkpoint.write(file, model, optimizerState(), texts);
    tell(new TrainingEvent.Saved(step, file));
  }

  /** How the model learns; what adapters count for is in no weight and no config of the model. */
  private String recipe() {
    return config + model.adapter().map(shape -> " of " + shape).orElse("");
  }

  private Map<String, NDArray> optimizerState() {
    Map<String, NDArray> named = new LinkedHashMap<>();
    trainingStep.optimizerState().forEach((name, array) -> named.put(OPTIMIZER + name, array));
    return named;
  }

  private void requireFinite(TrainingStep.Result result, double learningRate) {
    if (!result.isFinite()) {
      String saved =
          folder
              .map(to -> to.resolve(LAST))
              .filter(Files::exists)
              .map(file -> "The last good checkpoint is " + file + ".")
              .orElse("No checkpoint was written.");
      throw new TrainingDivergedException(
          step,
          "Step %,d gave a loss of %s and a gradient norm of %s, so it was not applied. %s The most likely cause is a learning rate that is too high (it was %.3g): try a third of it, a longer warm-up, or clipping."
              .formatted(step + 1, result.loss(), result.gradientNorm(), saved, learningRate));
    }
  }

  private int tokensPerStep() {
    return config.batch() * config.accumulation() * model.config().contextLength();
  }

  /** A listener that fails must not cost the run. */
  private void tell(TrainingEvent event) {
    for (TrainingListener listener : listeners) {
      try {
        listener.on(event);
      } catch (RuntimeException e) {
        System.err.println("A training listener failed and was ignored: " + e);
      }
    }
  }

  private static String text(Evaluation evaluation) {
    return evaluation.step + " " + evaluation.trainingLoss + " " + evaluation.validationLoss;
  }

  private static Evaluation evaluation(String text) {
    String[] parts = text.split(" ");
    return new Evaluation(
        Integer.parseInt(parts[0]), Double.parseDouble(parts[1]), Double.parseDouble(parts[2]));
  }

  private static void requireSame(Path file, String what, String stored, String wanted) {
    if (!stored.equals(wanted)) {
      throw new IllegalArgumentException(
          file
              + " was written with another "
              + what
              + ".\n  stored: "
              + stored
              + "\n  now:    "
              + wanted
              + "\nUse the stored one to go on, or another folder for a new run.");
    }
  }

  /** Closes the optimizer; the model stays open. */
  @Override
  public void close() {
    trainingStep.close();
  }

  /** Sums up the time of the steps alone. */
  private static final class Clock {
    private long tokens;
    private long nanos;

    double add(long stepTokens, long stepNanos) {
      tokens += stepTokens;
      nanos += stepNanos;
      return stepTokens * 1e9 / stepNanos;
    }

    double tokensPerSecond() {
      return nanos == 0 ? 0 : tokens * 1e9 / nanos;
    }
  }
}
