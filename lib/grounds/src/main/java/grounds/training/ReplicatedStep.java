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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * One step on several devices that hold the same model (data parallelism): each takes its share of
 * every batch's windows, the gradients are added up, and every device takes the same step of AdamW.
 * The result is that of one device up to the order of sums; dropout draws anew for each device.
 * Replicas that share a device compute one after the other.
 */
public final class ReplicatedStep implements TrainingStep {

  private final List<NativeStep> steps = new ArrayList<>();
  private final ExecutorService threads;

  /**
   * A step for copies of one model.
   *
   * @param replicas models of one config, each on a device of its own (or all on the CPU, to try
   *     it); the first one's weights are copied to the others
   * @throws IllegalArgumentException if there is none, if they differ in their config, adapters or
   *     frozen weights, or if their family has no script
   */
  public ReplicatedStep(
      List<? extends LanguageModel> replicas, TrainingConfig config, ScriptOptions options) {
    if (replicas.isEmpty()) {
      throw new IllegalArgumentException("Wanted one model or more, got none.");
    }
    if (replicas.stream().distinct().count() < replicas.size()) {
      throw new IllegalArgumentException("Wanted a model for each replica, got one twice.");
    }
    LanguageModel first = replicas.get(0);
    List<LanguageModel> others = List.copyOf(replicas.subList(1, replicas.size()));
    others.forEach(other -> requireAlike(first, other));
    try {
      replicas.forEach(replica -> steps.add(step(replica, config, options)));
    } catch (RuntimeException e) {
      steps.forEach(NativeStep::close);
      throw e;
    }
    others.forEach(other -> copyWeights(first, other));
    // Each has a model of its own, but random numbers are drawn from the device's one generator.
    long devices =
        replicas.stream().map(r -> r.parameters().manager().getDevice()).distinct().count();
    threads =
        Executors.newFixedThreadPool(
            devices == replicas.size() ? replicas.size() : 1, ReplicatedStep::daemon);
  }

  private static NativeStep step(
      LanguageModel replica, TrainingConfig config, ScriptOptions options) {
    return NativeStep.of(replica, config, options)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Wanted models with a native step, got "
                        + replica.getClass().getSimpleName()
                        + " on "
                        + replica.parameters().manager().getEngine().getEngineName()
                        + ". Train it on one device."));
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "replica");
    thread.setDaemon(true);
    return thread;
  }

  private static void requireAlike(LanguageModel one, LanguageModel other) {
    if (!one.config().equals(other.config())) {
      throw new IllegalArgumentException(
          "Wanted replicas of one config, got " + one.config() + " and " + other.config() + ".");
    }
    if (!one.adapter().equals(other.adapter()) || !trained(one).equals(trained(other))) {
      throw new IllegalArgumentException(
          "Wanted replicas with the same adapters and the same frozen weights, got one that trains "
              + trained(one)
              + " and one that trains "
              + trained(other)
              + ", with "
              + one.adapter()
              + " and "
              + other.adapter()
              + ".");
    }
  }

  private static List<String> trained(LanguageModel model) {
    return model.parameters().trained().map(Parameter::name).toList();
  }

  private static void copyWeights(LanguageModel from, LanguageModel to) {
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
          replica -> {
            NativeStep step = steps.get(replica);
            if (replica < shares.size()) {
              long replicaSeed = Seeds.derive(batchSeed, replica);
              return step.accumulate(shares.get(replica), counted, replicaSeed, add);
            }
            // Fewer windows count than there are replicas.
            return add ? 0 : begin(step);
          });
    }
    addUp();
    return onEach(replica -> steps.get(replica).apply(learningRate)).get(0);
  }

  /** The sums of a replica that has had no window yet. */
  private static double begin(NativeStep step) {
    try (TensorScope scope = TensorScope.open(step.manager())) {
      step.sums().values().forEach(sum -> scope.manager().zeros(sum.getShape()).copyTo(sum));
    }
    return 0;
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
    List<CompletableFuture<R>> works = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      int replica = i;
      works.add(CompletableFuture.supplyAsync(() -> work.on(replica), threads));
    }
    try {
      // Waits for all, also when interrupted (the flag stays) and when one has failed: nobody may
      // close, save or change what a replica still computes with.
      CompletableFuture.allOf(works.toArray(CompletableFuture<?>[]::new)).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException("A replica failed.", e.getCause());
    }
    return works.stream().map(CompletableFuture::join).toList();
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
