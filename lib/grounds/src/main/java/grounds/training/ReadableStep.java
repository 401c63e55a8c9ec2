package grounds.training;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import grounds.model.Batch;
import grounds.model.CrossEntropy;
import grounds.model.LanguageModel;
import grounds.tensor.Devices;
import grounds.tensor.Parameter;
import grounds.tensor.ScriptModule;
import grounds.tensor.Seeds;
import grounds.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** The step in plain NDArray operations, on any engine: what the lessons show. */
public final class ReadableStep implements TrainingStep {

  private final LanguageModel model;
  private final Engine engine;
  private final List<Parameter> parameters;
  private final AdamW optimizer;
  private final OptionalDouble maxGradientNorm;

  /**
   * A step for one model, for the parameters of it that are trained now.
   *
   * @param maxGradientNorm gradients longer than this are scaled down to it; empty: no clipping
   */
  public ReadableStep(LanguageModel model, AdamW.Config optimizer, OptionalDouble maxGradientNorm) {
    this.model = model;
    this.engine = model.parameters().manager().getEngine();
    this.parameters = model.parameters().trained().toList();
    this.optimizer = new AdamW(model.parameters(), optimizer);
    this.maxGradientNorm = maxGradientNorm;
  }

  @Override
  public Result take(List<Batch> batches, double learningRate, long seed) {
    double loss = 0;
    double counted = batches.stream().mapToLong(Batch::countedTokens).sum();
    optimizer.zeroGradients();
    try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
      List<NDArray> sums = new ArrayList<>();
      for (int i = 0; i < batches.size(); i++) {
        engine.setRandomSeed((int) Seeds.derive(seed, i));
        // 1 where all have as many counted targets, so that such a mean is not rounded once more.
        double weight =
            batches.get(i).weights().isPresent()
                ? batches.size() // a sum, not a mean
                : (double) batches.get(i).countedTokens() * batches.size() / counted;
        loss += backward(batches.get(i), weight) / batches.size();
        if (batches.size() > 1) {
          addGradients(scope, sums);
        }
      }
      for (int i = 0; i < sums.size(); i++) {
        parameters.get(i).gradient().addi(sums.get(i));
      }
    }
    // The weighted mean of the micro-batches' gradients is the gradient of the large batch.
    double mean = 1.0 / batches.size();
    double norm = optimizer.gradientNorm() * mean;
    Result result = new Result(loss, norm);
    if (result.isFinite()) {
      double limit = maxGradientNorm.orElse(Double.POSITIVE_INFINITY);
      optimizer.step(learningRate, mean * (norm > limit ? limit / norm : 1));
    }
    return result;
  }

  /** Moves the gradients into sums of our own: PyTorch adds them up by itself, MXNet overwrites. */
  private void addGradients(TensorScope scope, List<NDArray> sums) {
    for (int i = 0; i < parameters.size(); i++) {
      if (sums.size() <= i) {
        sums.add(scope.manager().zeros(parameters.get(i).array().getShape()));
      }
      sums.get(i).addi(parameters.get(i).gradient());
      parameters.get(i).zeroGradient();
    }
  }

  private double backward(Batch batch, double weight) {
    NDManager manager = model.parameters().manager();
    // The inputs stay open until backward is done: autograd reads them.
    try (TensorScope scope = TensorScope.open(manager);
        GradientCollector collector = engine.newGradientCollector()) {
      NDArray logits = model.logits(batch.inputs(scope.manager()), true);
      NDArray loss = CrossEntropy.mean(logits, batch, scope.manager());
      collector.backward(loss.mul(scope.manager().create((float) weight)));
      return weight * loss.getFloat();
    }
  }

  @Override
  public LanguageModel evaluator() {
    return model;
  }

  @Override
  public String computation() {
    String reason =
        ScriptModule.isSupported(model.parameters().manager())
            ? ""
            : " (" + engine.getEngineName() + " runs no scripts)";
    return "readable step"
        + reason
        + " in float32 on "
        + Devices.name(model.parameters().manager());
  }

  @Override
  public Map<String, NDArray> optimizerState() {
    return optimizer.state();
  }

  @Override
  public void resumeAfter(int steps) {
    optimizer.resumeAfter(steps);
  }

  @Override
  public void close() {
    optimizer.close();
  }
}
