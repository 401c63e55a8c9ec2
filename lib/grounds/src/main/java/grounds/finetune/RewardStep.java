package grounds.finetune;

import grounds.model.Batch;
import grounds.training.TrainingStep;

/**
 * A step of a {@link RewardModel} on the batches of its data: an ordinary step, in which the
 * surprise at each verdict has the derivative of the pairwise loss as its weight.
 */
public final class RewardStep extends RowStep {

  /** A step that computes as another one does. */
  public RewardStep(TrainingStep step) {
    super(step);
  }

  @Override
  Rows loss(Batch batch, double[] logProbabilities) {
    int pairs = batch.size() / rowsAPair();
    double[] rewards = RewardModel.rewards(logProbabilities);
    double loss = 0;
    double[] slopes = new double[batch.size()];
    for (int i = 0; i < pairs; i++) {
      double[] value = RewardModel.lossAndSlope(rewards[i], rewards[pairs + i]);
      loss += value[0];
      // Rows: chosen and rejected answers asked for plus, then both asked for minus.
      slopes[i] = value[1];
      slopes[pairs + i] = -value[1];
      slopes[2 * pairs + i] = -value[1];
      slopes[3 * pairs + i] = value[1];
    }
    return new Rows(loss, slopes);
  }

  @Override
  int rowsAPair() {
    return 4;
  }
}
