package grounds.training;

import ai.djl.ndarray.NDArray;
import grounds.model.Batch;
import grounds.model.LanguageModel;
import grounds.model.script.ScriptOptions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One optimizer step on one model: forward, backward, clip, update. The seam between the readable
 * path and any faster one; both keep the same weights and optimizer state.
 */
public interface TrainingStep extends AutoCloseable {

  /** The native step where engine and model family have one, else the readable step. */
  static TrainingStep of(
      LanguageModel model, AdamW.Config optimizer, OptionalDouble maxGradientNorm) {
    Optional<NativeStep> fast =
        NativeStep.of(model, optimizer, maxGradientNorm, ScriptOptions.DEFAULT);
    return fast.isPresent() ? fast.get() : new ReadableStep(model, optimizer, maxGradientNorm);
  }

  /**
   * Takes one step. If the loss or the gradient norm is not finite, nothing is updated.
   *
   * @param batches the micro-batches; the loss is the mean over all their counted targets, so that
   *     they give what one large batch would
   * @param learningRate the rate of this step
   * @param seed decides what dropout drops
   */
  Result take(List<Batch> batches, double learningRate, long seed);

  /** The optimizer's tensors by name, for trained parameters only; to be saved or filled. */
  Map<String, NDArray> optimizerState();

  /** Goes on after that many steps, once the tensors of the state have been filled. */
  void resumeAfter(int steps);

  @Override
  void close();

  /**
   * What a step measured.
   *
   * @param loss mean cross-entropy before the update, in nats per counted target
   * @param gradientNorm global L2 norm before clipping
   */
  record Result(double loss, double gradientNorm) {

    /** Whether both figures are numbers, so that the step was applied. */
    public boolean isFinite() {
      return Double.isFinite(loss) && Double.isFinite(gradientNorm);
    }
  }
}
