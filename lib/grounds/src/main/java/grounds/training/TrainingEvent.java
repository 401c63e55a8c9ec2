package grounds.training;

import java.nio.file.Path;

/** Something that happened in a training run, as plain data. */
public sealed interface TrainingEvent {

  /** The number of optimizer steps finished when it happened. */
  int step();

  /**
   * A run begins, or goes on from a checkpoint.
   *
   * @param step optimizer steps already done: 0 for a fresh run
   * @param steps optimizer steps of the whole run
   * @param parameters number of trained values
   * @param tokensPerStep tokens that one optimizer step reads
   * @param computation one line on how a step is computed
   */
  record Started(int step, int steps, long parameters, int tokensPerStep, String computation)
      implements TrainingEvent {}

  /**
   * One optimizer step is done.
   *
   * @param step steps done, this one included
   * @param steps optimizer steps of the whole run
   * @param loss mean cross-entropy over the step's tokens, in nats, before the update
   * @param learningRate the rate this step used
   * @param gradientNorm global L2 norm of the gradients before clipping
   * @param tokensPerSecond tokens per second of this step alone
   */
  record Stepped(
      int step,
      int steps,
      double loss,
      double learningRate,
      double gradientNorm,
      double tokensPerSecond)
      implements TrainingEvent {}

  /**
   * The model was measured on both parts of the corpus.
   *
   * @param step steps done
   * @param trainingLoss mean cross-entropy on windows of the training part, dropout off, in nats
   * @param validationLoss mean cross-entropy on windows of the validation part, in nats
   * @param best whether this is the lowest validation loss so far
   */
  record Evaluated(int step, double trainingLoss, double validationLoss, boolean best)
      implements TrainingEvent {

    /** e to the validation loss: among how many equally likely tokens the model hesitates. */
    public double validationPerplexity() {
      return Math.exp(validationLoss);
    }
  }

  /**
   * A checkpoint is safe on disk.
   *
   * @param step steps done
   * @param path the file
   */
  record Saved(int step, Path path) implements TrainingEvent {}

  /**
   * The loop has ended.
   *
   * @param step steps done
   * @param outcome why it ended
   * @param seconds wall time of this call, evaluations included
   */
  record Ended(int step, Outcome outcome, double seconds) implements TrainingEvent {}

  /** Why a training loop ended. */
  enum Outcome {
    /** All steps are done. */
    FINISHED,
    /** The thread was interrupted, or a stop was asked for; the run can go on. */
    STOPPED,
    /** The loss was not a number, or the disk was full: the exception says so. */
    FAILED
  }
}
