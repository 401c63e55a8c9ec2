package grounds.training;

/**
 * How a call of {@link Trainer#run} ended.
 *
 * @param step steps done
 * @param outcome why it ended
 * @param trainingLoss mean cross-entropy on the training part at the last evaluation, in nats
 * @param validationLoss the same on the validation part
 * @param bestStep the step of the lowest validation loss
 * @param bestValidationLoss the lowest validation loss
 * @param seconds wall time of this call, evaluations included
 * @param tokensPerSecond training tokens a second of this call, evaluations not counted
 */
public record TrainingResult(
    int step,
    TrainingEvent.Outcome outcome,
    double trainingLoss,
    double validationLoss,
    int bestStep,
    double bestValidationLoss,
    double seconds,
    double tokensPerSecond) {

  /** e to the validation loss. */
  public double validationPerplexity() {
    return Math.exp(validationLoss);
  }

  /** e to the lowest validation loss. */
  public double bestValidationPerplexity() {
    return Math.exp(bestValidationLoss);
  }
}
