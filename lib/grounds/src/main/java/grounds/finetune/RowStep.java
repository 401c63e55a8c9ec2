package grounds.finetune;

import ai.djl.ndarray.NDArray;
import grounds.evaluation.SequenceLogProbabilities;
import grounds.model.Batch;
import grounds.model.LanguageModel;
import grounds.training.TrainingStep;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A step on a loss of the log-probabilities of whole rows: looks how probable the model finds each
 * row, asks for the loss's derivatives, and takes an ordinary step on the surprises weighted by
 * them. The gradient is exact for a model without dropout.
 */
abstract class RowStep implements TrainingStep {

  private final TrainingStep step;

  RowStep(TrainingStep step) {
    this.step = step;
  }

  /**
   * A loss and where it goes.
   *
   * @param loss summed over the pairs of a batch
   * @param slopes its derivative by the log-probability of each row
   */
  record Rows(double loss, double[] slopes) {}

  /** The loss of a batch from the log-probabilities of its rows. */
  abstract Rows loss(Batch batch, double[] logProbabilities);

  /** How many rows of a batch make a pair. */
  abstract int rowsAPair();

  @Override
  public final Result take(List<Batch> batches, double learningRate, long seed) {
    List<Batch> weighted = new ArrayList<>();
    double loss = 0;
    int pairs = batches.stream().mapToInt(batch -> batch.size() / rowsAPair()).sum();
    for (Batch batch : batches) {
      Rows rows = loss(batch, SequenceLogProbabilities.of(evaluator(), batch));
      loss += rows.loss / pairs;
      float[] weights = new float[batch.tokens()];
      for (int i = 0; i < weights.length; i++) {
        // A surprise is minus a logarithm of a probability.
        weights[i] = batch.counts(i) ? (float) (-rows.slopes[i / batch.time()] / pairs) : 0;
      }
      weighted.add(batch.withWeights(weights));
    }
    return new Result(loss, step.take(weighted, learningRate, seed).gradientNorm());
  }

  @Override
  public LanguageModel evaluator() {
    return step.evaluator();
  }

  @Override
  public String computation() {
    return step.computation() + ", on pairs";
  }

  @Override
  public Map<String, NDArray> optimizerState() {
    return step.optimizerState();
  }

  @Override
  public void resumeAfter(int steps) {
    step.resumeAfter(steps);
  }

  @Override
  public void close() {
    step.close();
  }
}
