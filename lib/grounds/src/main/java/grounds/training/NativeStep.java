package grounds.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import grounds.model.Batch;
import grounds.model.LanguageModel;
import grounds.model.script.DecoderScript;
import grounds.model.script.ScriptOptions;
import grounds.tensor.Parameter;
import grounds.tensor.Parameters;
import grounds.tensor.ScriptModule;
import grounds.tensor.Seeds;
import grounds.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * The step as one call of native code: the same numbers as {@link ReadableStep} up to rounding, in
 * half to nine tenths of the time. Weights and optimizer state are the same tensors, so a run may
 * change from one to the other at any step.
 */
public final class NativeStep implements TrainingStep {

  private static final String SECOND = "plain";
  private static final String FIRST = "decayed";

  private final LanguageModel model;
  private final NDManager manager;
  private final ScriptModule module;
  private final Map<String, NDArray> state = new LinkedHashMap<>();
  private final Map<String, NDArray> gradients = new LinkedHashMap<>();
  private final List<NDArray> counters = new ArrayList<>();

  private NativeStep(
      LanguageModel model,
      DecoderScript script,
      AdamW.Config optimizer,
      OptionalDouble maxGradientNorm) {
    this.model = model;
    this.manager = model.parameters().manager().newSubManager();
    List<Parameter> all = model.parameters().stream().toList();
    List<Parameter> decayed = all.stream().filter(Parameter::isMatrix).toList();
    List<Parameter> plain = all.stream().filter(p -> !p.isMatrix()).toList();
    DecoderScript.Update update =
        new DecoderScript.Update(
            optimizer.beta1(),
            optimizer.beta2(),
            optimizer.epsilon(),
            optimizer.weightDecay(),
            maxGradientNorm.orElse(Double.POSITIVE_INFINITY));
    this.module =
        ScriptModule.load(manager, script.write(names(all), names(decayed), names(plain), update));
    try (TensorScope scope = TensorScope.open(manager)) {
      all.forEach(
          p -> {
            state.put(p.name() + ".mean", zeros(scope, p.array().getShape()));
            state.put(p.name() + ".square", zeros(scope, p.array().getShape()));
          });
      Stream.concat(decayed.stream(), plain.stream())
          .forEach(p -> gradients.put(p.name(), zeros(scope, p.array().getShape())));
      module.set(
          "setup",
          List.of(
              all.stream().map(Parameter::array).toList(),
              List.copyOf(gradients.values()),
              script.constants(new Parameters(manager.newSubManager(), 0)),
              List.of(zeros(scope, new Shape()))));
      setOptimizer(scope, FIRST, decayed);
      setOptimizer(scope, SECOND, plain);
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
    return DecoderScript.of(model, options)
        .map(script -> new NativeStep(model, script, optimizer, maxGradientNorm));
  }

  private void setOptimizer(TensorScope scope, String group, List<Parameter> parameters) {
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
    try (TensorScope scope = TensorScope.open(manager)) {
      NDArray rate = scope.manager().create((float) learningRate);
      NDArray measured = null;
      for (int i = 0; i < batches.size(); i++) {
        Batch batch = batches.get(i);
        model.config().requireFits(batch.time());
        NDManager inner = scope.manager();
        NDArray ids = batch.inputs(inner);
        NDArray targets = batch.targets(inner);
        NDArray share =
            inner.create(
                new float[] {1f / ((float) batch.tokens() * batches.size())}, new Shape(1, 1));
        NDArray control =
            inner.create(new long[] {(int) Seeds.derive(seed, i), i == 0 ? 0 : 1}, new Shape(2));
        if (batches.size() == 1) {
          measured = module.call("step", ids, targets, share, control, rate);
        } else {
          module.call("accumulate", ids, targets, share, control);
        }
      }
      if (batches.size() > 1) {
        measured = module.call("apply", rate);
      }
      float[] values = measured.toFloatArray();
      return new Result(values[0], values[1]);
    }
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

  /** The gradients that the last step put, by the parameter's name. */
  Map<String, NDArray> gradients() {
    return gradients;
  }

  /** Closes the optimizer's state and the script; the model stays open. */
  @Override
  public void close() {
    module.close();
    manager.close();
  }
}
