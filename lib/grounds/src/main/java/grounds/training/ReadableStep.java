package grounds.training;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import grounds.model.Batch;
import grounds.model.CrossEntropy;
import grounds.model.LanguageModel;
import grounds.tensor.Seeds;
import grounds.tensor.TensorScope;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** The step in plain NDArray operations, on any engine: what the lessons show. */
public final class ReadableStep implements TrainingStep {

  private final LanguageModel model;
  private final Engine engine;
  private final AdamW optimizer;
  private final OptionalDouble maxGradientNorm;

  /**
   * A step for one model.
   *
   * @param maxGradientNorm gradients longer than this are scaled down to it; empty: no clipping
   */
  public ReadableStep(LanguageModel model, AdamW.Config optimizer, OptionalDouble maxGradientNorm) {
    this.model = model;
    this.engine = model.parameters().manager().getEngine();
    this.optimizer = new AdamW(model.parameters(), optimizer);
    this.maxGradientNorm = maxGradientNorm;
  }

  @Override
  public Result take(List<Batch> batches, double learningRate, long seed) {
    double loss = 0;
    optimizer.zeroGradients();
    for (int i = 0; i < batches.size(); i++) {
      engine.setRandomSeed((int) Seeds.derive(seed, i));
      loss += backward(batches.get(i)) / batches.size();
    }
    // Gradients add up over micro-batches: their mean is the gradient of the large batch.
    double mean = 1.0 / batches.size();
    double norm = optimizer.gradientNorm() * mean;
    Result result = new Result(loss, norm);
    if (result.isFinite()) {
      double limit = maxGradientNorm.orElse(Double.POSITIVE_INFINITY);
      optimizer.step(learningRate, mean * (norm > limit ? limit / norm : 1));
    }
    return result;
  }

  private double backward(Batch batch) {
    NDManager manager = model.parameters().manager();
    // The inputs stay open until backward is done: autograd reads them.
    try (TensorScope scope = TensorScope.open(manager);
        GradientCollector collector = engine.newGradientCollector()) {
      NDArray logits = model.logits(batch.inputs(scope.manager()), true);
      NDArray loss = CrossEntropy.mean(logits, batch.targets(scope.manager()));
      collector.backward(loss);
      return loss.getFloat();
    }
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
