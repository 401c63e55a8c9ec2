package grounds.training;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import grounds.model.Batch;
import grounds.model.LanguageModel;
import grounds.model.script.DecoderScript;
import grounds.model.script.ScriptOptions;
import grounds.model.script.ScriptedModel;
import grounds.tensor.Devices;
import grounds.tensor.OutOfMemory;
import grounds.tensor.Parameter;
import grounds.tensor.Parameters;
import grounds.tensor.Precision;
import grounds.tensor.PrecisionProbe;
import grounds.tensor.Script;
import grounds.tensor.ScriptModule;
import grounds.tensor.Seeds;
import grounds.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * The step as one call of native code: the same numbers as {@link ReadableStep} up to rounding, in
 * four to nine tenths of the time. Weights and optimizer state are the same tensors, so a run may
 * change from one to the other at any step.
 */
public final class NativeStep implements TrainingStep {

  private static final String PLAIN = "plain";
  private static final String DECAYED = "decayed";

  /** PyTorch's own: matrix products of float32 on tensor cores. */
  private static final String TF32_SWITCH = "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE";

  private static volatile boolean warned;

  private final LanguageModel model;
  private final NDManager manager;
  private final NDManager host;
  private final ScriptOptions options;
  private final DecoderScript script;
  private final List<Parameter> trained;
  private final ScriptModule module;
  private final Map<String, NDArray> state = new LinkedHashMap<>();
  private final Map<String, NDArray> gradients = new LinkedHashMap<>();
  private final NDArray loss;
  private final List<NDArray> counters = new ArrayList<>();
  private Optional<ScriptedModel> evaluator = Optional.empty();

  private NativeStep(
      LanguageModel model,
      DecoderScript script,
      ScriptOptions options,
      AdamW.Config optimizer,
      OptionalDouble maxGradientNorm) {
    this.model = model;
    this.manager = model.parameters().manager().newSubManager();
    this.host = manager.newSubManager(Device.cpu());
    this.options = options;
    this.script = script;
    List<Parameter> all = model.parameters().stream().toList();
    this.trained = model.parameters().requireTrained();
    List<Parameter> decayed = trained.stream().filter(Parameter::isMatrix).toList();
    List<Parameter> plain = trained.stream().filter(p -> !p.isMatrix()).toList();
    DecoderScript.Update update =
        new DecoderScript.Update(
            optimizer.beta1(),
            optimizer.beta2(),
            optimizer.epsilon(),
            optimizer.weightDecay(),
            maxGradientNorm.orElse(Double.POSITIVE_INFINITY));
    this.module =
        ScriptModule.load(
            manager, script.training(names(all), names(decayed), names(plain), update));
    try (TensorScope scope = TensorScope.open(manager)) {
      trained.forEach(
          p -> {
            state.put(p.name() + ".mean", zeros(scope, p.array().getShape()));
            state.put(p.name() + ".square", zeros(scope, p.array().getShape()));
          });
      Stream.concat(decayed.stream(), plain.stream())
          .forEach(p -> gradients.put(p.name(), zeros(scope, p.array().getShape())));
      loss = zeros(scope, new Shape());
      module.set(
          "setup",
          List.of(
              all.stream().map(Parameter::array).toList(),
              List.copyOf(gradients.values()),
              List.of(loss)));
      List<NDArray> constants = script.constants(new Parameters(manager.newSubManager(), 0));
      if (!constants.isEmpty()) {
        module.set("setConstants", List.of(constants));
      }
      setOptimizer(scope, DECAYED, decayed);
      setOptimizer(scope, PLAIN, plain);
    }
  }

  /**
   * A step for one model; empty if its family has no script, or the engine is not PyTorch.
   *
   * @param maxGradientNorm gradients longer than this are scaled down to it; empty: no clipping
   */
  public static Optional<NativeStep> of(
      LanguageModel model,
      AdamW.Config optimizer,
      OptionalDouble maxGradientNorm,
      ScriptOptions options) {
    if (!ScriptModule.isSupported(model.parameters().manager())) {
      return Optional.empty();
    }
    Optional<DecoderScript> decoder = DecoderScript.of(model, options);
    if (decoder.isPresent()) {
      requirePrecision(model.parameters().manager(), options.precision());
    }
    return decoder.map(
        script -> new NativeStep(model, script, options, optimizer, maxGradientNorm));
  }

  /** Says what a precision costs where the device lacks it, and what is missing for another. */
  private static void requirePrecision(NDManager manager, Precision precision) {
    boolean gpu = manager.getDevice().isGpu();
    if (precision == Precision.BFLOAT16 && !gpu) {
      double cost = PrecisionProbe.bfloat16Cost(manager);
      if (cost > 1 && !warned) {
        warned = true;
        System.err.printf(
            Locale.ROOT,
            "This processor has no instructions for bfloat16: a product takes %.1f times as long as"
                + " in float32 (measured just now). Use float32 here.%n",
            cost);
      }
    }
    if (precision == Precision.TF32 && gpu && !"1".equals(System.getenv(TF32_SWITCH))) {
      throw new IllegalStateException(
          "Wanted tf32 on a GPU, but PyTorch reads that switch when it loads: start Java with "
              + TF32_SWITCH
              + "=1 in its environment, as notebooks/lab does for GROUNDS_PRECISION=tf32.");
    }
  }

  /** The same with the optimizer of a training config. */
  public static Optional<NativeStep> of(
      LanguageModel model, TrainingConfig config, ScriptOptions options) {
    return of(model, config.optimizer(), config.maxGradientNorm(), options);
  }

  private void setOptimizer(TensorScope scope, String group, List<Parameter> parameters) {
    if (parameters.isEmpty()) {
      return;
    }
    NDArray counter = zeros(scope, new Shape());
    counters.add(counter);
    module.set(
        group + "Optimizer",
        List.of(
            parameters.stream().map(Parameter::array).toList(),
            parameters.stream().map(p -> gradients.get(p.name())).toList(),
            parameters.stream().map(p -> state.get(p.name() + ".mean")).toList(),
            parameters.stream().map(p -> state.get(p.name() + ".square")).toList(),
            // One counter for all: the kernel wants it once for each weight.
            parameters.stream().map(p -> counter).toList()));
  }

  private static NDArray zeros(TensorScope scope, Shape shape) {
    return scope.keep(scope.manager().zeros(shape));
  }

  private static List<String> names(List<Parameter> parameters) {
    return parameters.stream().map(Parameter::name).toList();
  }

  @Override
  public Result take(List<Batch> batches, double learningRate, long seed) {
    long counted = batches.stream().mapToLong(Batch::countedTokens).sum();
    if (batches.size() == 1) {
      try (TensorScope scope = TensorScope.open(manager)) {
        List<NDArray> inputs =
            inputs(scope.manager(), batches.get(0), counted, Seeds.derive(seed, 0), false);
        inputs.add(scope.manager().create((float) learningRate));
        return result(call("step", batches.get(0), inputs));
      }
    }
    for (int i = 0; i < batches.size(); i++) {
      accumulate(batches.get(i), counted, Seeds.derive(seed, i), i > 0);
    }
    return apply(learningRate);
  }

  /**
   * Adds one micro-batch's part of the loss and its gradients to what is there, or begins anew.
   *
   * @param counted how many targets count in the whole step
   * @return the part of the loss
   */
  double accumulate(Batch batch, long counted, long seed, boolean add) {
    try (TensorScope scope = TensorScope.open(manager)) {
      List<NDArray> inputs = inputs(scope.manager(), batch, counted, seed, add);
      return call("accumulate", batch, inputs).getFloat();
    }
  }

  private NDArray call(String method, Batch batch, List<NDArray> inputs) {
    try {
      return module.call(method, inputs.toArray(NDArray[]::new));
    } catch (OutOfMemory e) {
      throw new OutOfMemory(advice(batch), e);
    }
  }

  /** About how much memory the blocks keep of such a batch until the backward pass. */
  public long activationBytes(Batch batch) {
    return script.activationBytes(batch.tokens(), options.checkpointing());
  }

  private String advice(Batch batch) {
    double now = activationBytes(batch) / 1e6;
    double less = script.activationBytes(batch.tokens(), true) / 1e6;
    String first =
        String.format(
            Locale.ROOT,
            "No memory on %s for a step on %d windows of %d tokens, whose blocks keep about %,.0f MB"
                + " for the backward pass.",
            Devices.name(manager),
            batch.size(),
            batch.time(),
            now);
    String half =
        batch.size() == 1
            ? ""
            : String.format(
                Locale.ROOT,
                " Take a batch of %d and twice the accumulation: the same gradients, and %,.0f MB"
                    + " less.",
                (batch.size() + 1) / 2,
                now / 2);
    String again =
        options.checkpointing()
            ? ""
            : String.format(
                Locale.ROOT,
                " Checkpointing (ScriptOptions.withCheckpointing) keeps about %,.0f MB, for a third"
                    + " more time.",
                less);
    return first + half + again;
  }

  /** Clips what was accumulated and takes the step of AdamW. */
  Result apply(double learningRate) {
    try (TensorScope scope = TensorScope.open(manager)) {
      return result(module.call("apply", scope.manager().create((float) learningRate)));
    }
  }

  private static Result result(NDArray lossAndNorm) {
    float[] values = lossAndNorm.toFloatArray();
    return new Result(values[0], values[1]);
  }

  /** What a micro-batch is to the script: ids, targets, what each counts, and the dials. */
  private List<NDArray> inputs(NDManager to, Batch batch, long counted, long seed, boolean add) {
    model.config().requireFits(batch.time());
    requireStillTrained();
    return new ArrayList<>(
        List.of(
            batch.inputs(to),
            batch.targets(to),
            share(to, batch, counted),
            host.create(new long[] {(int) seed, add ? 1 : 0})));
  }

  /** The script itself would move what was frozen since it was made. */
  private void requireStillTrained() {
    for (Parameter parameter : trained) {
      if (!parameter.isTrained()) {
        throw new IllegalStateException(
            "Wanted to train "
                + parameter.name()
                + ", which was frozen after this step was made. Freeze and adapt a model before you"
                + " make the training step; take merged adapters out of the weights before you"
                + " train them.");
      }
    }
  }

  /** What each target adds to the loss, [rows, 1], or one for all. */
  private static NDArray share(NDManager to, Batch batch, long counted) {
    if (batch.mask().isEmpty() && batch.weights().isEmpty()) {
      return to.create(new float[] {1f / counted}, new Shape(1, 1));
    }
    float[] shares = new float[batch.tokens()];
    for (int i = 0; i < shares.length; i++) {
      shares[i] = batch.share(i, counted);
    }
    return to.create(shares, new Shape(shares.length, 1));
  }

  @Override
  public Map<String, NDArray> optimizerState() {
    return state;
  }

  @Override
  public void resumeAfter(int steps) {
    try (TensorScope scope = TensorScope.open(manager)) {
      NDArray value = scope.manager().create((float) steps);
      counters.forEach(value::copyTo);
    }
  }

  @Override
  public LanguageModel evaluator() {
    if (evaluator.isEmpty()) {
      evaluator = ScriptedModel.of(model, options);
    }
    return evaluator.orElseThrow();
  }

  @Override
  public String computation() {
    return "native step in "
        + options.precision()
        + (options.checkpointing() ? " with checkpointing" : "")
        + " on "
        + Devices.name(manager)
        + ", "
        + options.products();
  }

  /** The program: TorchScript, written from the model's config. */
  public Script script() {
    return module.script();
  }

  /** The gradients that the last step put, by the parameter's name. */
  Map<String, NDArray> gradients() {
    return gradients;
  }

  /** The gradients and the loss: what replicas add up. */
  Map<String, NDArray> sums() {
    Map<String, NDArray> sums = new LinkedHashMap<>(gradients);
    sums.put("loss", loss);
    return sums;
  }

  LanguageModel model() {
    return model;
  }

  NDManager manager() {
    return manager;
  }

  /** Closes the optimizer's state and the script; the model stays open. */
  @Override
  public void close() {
    evaluator.ifPresent(ScriptedModel::close);
    module.close();
    manager.close();
  }
}
