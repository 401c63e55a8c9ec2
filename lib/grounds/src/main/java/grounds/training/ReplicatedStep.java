package grounds.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import grounds.model.Batch;
import grounds.model.LanguageModel;
import grounds.model.script.ScriptOptions;
import grounds.tensor.Parameter;
import grounds.tensor.Seeds;
import grounds.tensor.TensorScope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * One step on several devices that hold the same model (data parallelism): each takes its share of
 * every batch's windows, the gradients are added up, and every device takes the same step of AdamW.
 * The result is that of one device up to the order of sums; dropout draws anew for each device.
 */
public final class ReplicatedStep implements TrainingStep {

  private final List<NativeStep> steps = new ArrayList<>();
  private final ExecutorService threads;

  /**
   * A step for copies of one model.
   *
   * @param replicas models of one config, each on a device of its own (or all on the CPU, to try
   *     it); the first one's weights are copied to the others
   * @throws IllegalArgumentException if there is none, if they differ in their weights' names or
   *     shapes, or if their family has no script
   */
  public ReplicatedStep(
      List<? extends LanguageModel> replicas, TrainingConfig config, ScriptOptions options) {
    if (replicas.isEmpty()) {
      throw new IllegalArgumentException("Wanted one model or more, got none.");
    }
    LanguageModel first = replicas.get(0);
    for (LanguageModel replica : replicas.subList(1, replicas.size())) {
      copyWeights(first, replica);
    }
    for (LanguageModel replica : replicas) {
      steps.add(
          NativeStep.of(replica, config, options)
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "Wanted models with a native step, got "
                              + replica.getClass().getSimpleName()
                              + " on "
                              + replica.parameters().manager().getEngine().getEngineName()
                              + ". Train it on one device.")));
    }
    threads = Executors.newFixedThreadPool(replicas.size(), ReplicatedStep::daemon);
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "replica");
    thread.setDaemon(true);
    return thread;
  }

  private static void copyWeights(LanguageModel from, LanguageModel to) {
    if (!from.config().equals(to.config())
        || !from.parameters().byName().keySet().equals(to.parameters().byName().keySet())) {
      throw new IllegalArgumentException(
          "Wanted replicas of one config, got " + from.config() + " and " + to.config() + ".");
    }
    for (Parameter parameter : from.parameters().byName().values()) {
      to.parameters().get(parameter.name()).load(parameter.values());
    }
  }

  @Override
  public Result take(List<Batch> batches, double learningRate, long seed) {
    long counted = batches.stream().mapToLong(Batch::countedTokens).sum();
    for (int i = 0; i < batches.size(); i++) {
      List<Batch> shares = batches.get(i).split(steps.size());
      long batchSeed = Seeds.derive(seed, i);
      boolean add = i > 0;
      onEach(
          replica ->
              steps
                  .get(replica)
                  .accumulate(shares.get(replica), counted, Seeds.derive(batchSeed, replica), add));
    }
    addUp();
    return onEach(replica -> steps.get(replica).apply(learningRate)).get(0);
  }

  /**
   * Adds everyone's gradients and losses up in order on the first device, and gives all the sum.
   */
  private void addUp() {
    NativeStep first = steps.get(0);
    try (TensorScope scope = TensorScope.open(first.manager())) {
      NDManager manager = scope.manager();
      Map<String, NDArray> sums = new HashMap<>(first.sums());
      for (NativeStep step : steps.subList(1, steps.size())) {
        step.sums()
            .forEach(
                (name, part) -> sums.get(name).addi(part.toDevice(manager.getDevice(), false)));
      }
      for (NativeStep step : steps.subList(1, steps.size())) {
        step.sums().forEach((name, part) -> sums.get(name).copyTo(part));
      }
    }
  }

  @FunctionalInterface
  private interface Work<R> {
    R on(int replica);
  }

  private <R> List<R> onEach(Work<R> work) {
    List<Callable<R>> calls = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      int replica = i;
      calls.add(() -> work.on(replica));
    }
    List<R> results = new ArrayList<>();
    try {
      for (Future<R> future : threads.invokeAll(calls)) {
        results.add(future.get());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("A step on several devices was interrupted.");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException("A replica failed.", e.getCause());
    }
    return results;
  }

  @Override
  public LanguageModel evaluator() {
    return steps.get(0).evaluator();
  }

  @Override
  public String computation() {
    return steps.size() + " replicas, each: " + steps.get(0).computation();
  }

  /** The first replica's, which every other one equals. */
  @Override
  public Map<String, NDArray> optimizerState() {
    return steps.get(0).optimizerState();
  }

  @Override
  public void resumeAfter(int done) {
    NativeStep first = steps.get(0);
    first.resumeAfter(done);
    for (NativeStep step : steps.subList(1, steps.size())) {
      copyWeights(first.model(), step.model());
      first
          .optimizerState()
          .forEach((name, array) -> array.copyTo(step.optimizerState().get(name)));
      step.resumeAfter(done);
    }
  }

  /** Closes the steps; the models stay open. */
  @Override
  public void close() {
    threads.shutdown();
    steps.forEach(NativeStep::close);
  }
}
