package grounds.finetune;

import grounds.finetune.PreferenceLoss.Pair;
import grounds.finetune.PreferenceLoss.Value;
import grounds.model.Batch;
import grounds.training.TrainingStep;
import java.util.List;

/**
 * A step on pairs of answers with a {@link PreferenceLoss}: an ordinary step, in which the surprise
 * at each token of an answer has the derivative of the loss as its weight. The gradient is exact
 * for a model without dropout.
 */
public final class PreferenceStep extends RowStep {

  private final PreferenceData data;

  /** A step that computes as another one does. */
  public PreferenceStep(TrainingStep step, PreferenceData data) {
    super(step);
    this.data = data;
  }

  @Override
  Rows loss(Batch batch, double[] logProbabilities) {
    List<Pair> pairs = data.pairs(batch, logProbabilities);
    double loss = 0;
    double[] slopes = new double[batch.size()];
    for (int i = 0; i < pairs.size(); i++) {
      Value value = data.loss().of(pairs.get(i));
      loss += value.loss();
      slopes[i] = value.byChosen();
      slopes[pairs.size() + i] = value.byRejected();
    }
    return new Rows(loss, slopes);
  }

  @Override
  int rowsAPair() {
    return 2;
  }
}
