package grounds.finetune;

import ai.djl.ndarray.NDArray;
import grounds.evaluation.SequenceLogProbabilities;
import grounds.finetune.PreferenceLoss.Pair;
import grounds.finetune.PreferenceLoss.Value;
import grounds.model.Batch;
import grounds.model.LanguageModel;
import grounds.training.TrainingStep;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A step on pairs of answers: looks how probable the model finds each answer, asks the loss for its
 * derivatives, and takes an ordinary step on the surprises weighted by them. The gradient is exact
 * for a model without dropout.
 */
public final class PreferenceStep implements TrainingStep {

  private final TrainingStep step;
  private final PreferenceData data;

  /** A step that computes as another one does. */
  public PreferenceStep(TrainingStep step, PreferenceData data) {
    this.step = step;
    this.data = data;
  }

  @Override
  public Result take(List<Batch> batches, double learningRate, long seed) {
    List<Batch> weighted = new ArrayList<>();
    double loss = 0;
    int pairs = batches.stream().mapToInt(batch -> batch.size() / 2).sum();
    for (Batch batch : batches) {
      double[] policy = SequenceLogProbabilities.of(evaluator(), batch);
      List<Pair> all = data.pairs(batch, policy);
      float[] weights = new float[batch.tokens()];
      for (int i = 0; i < all.size(); i++) {
        Value value = data.loss().of(all.get(i));
        loss += value.loss() / pairs;
        // A surprise is minus a logarithm of a probability.
        fill(weights, batch, i, -value.byChosen() / pairs);
        fill(weights, batch, all.size() + i, -value.byRejected() / pairs);
      }
      weighted.add(batch.withWeights(weights));
    }
    return new Result(loss, step.take(weighted, learningRate, seed).gradientNorm());
  }

  private static void fill(float[] weights, Batch batch, int row, double weight) {
    for (int i = row * batch.time(); i < (row + 1) * batch.time(); i++) {
      weights[i] = batch.counts(i) ? (float) weight : 0;
    }
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
