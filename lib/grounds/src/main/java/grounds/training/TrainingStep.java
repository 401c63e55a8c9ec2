package grounds.training;

import ai.djl.ndarray.NDArray;
import grounds.model.Batch;
import grounds.model.LanguageModel;
import grounds.model.script.ScriptOptions;
import grounds.tensor.Threads;
import java.util.List;
import java.util.Map;

/**
 * One optimizer step on one model: forward, backward, clip, update. The seam between the readable
 * path and any faster one; both keep the same weights and optimizer state.
 */
public interface TrainingStep extends AutoCloseable {

  /** Two forward, four backward, for each weight and token (Kaplan et al. 2020). */
  double FLOPS_PER_WEIGHT_AND_TOKEN = 6;

  /**
   * The fastest step there is for a model: the native one where its family has a script and the
   * engine is PyTorch, else the readable one; {@link #computation} says which.
   */
  static TrainingStep of(LanguageModel model, TrainingConfig config) {
    double tokens = (double) config.batch() * model.config().contextLength();
    Threads.chooseFor(FLOPS_PER_WEIGHT_AND_TOKEN * model.parameters().count() * tokens);
    return NativeStep.of(model, config, ScriptOptions.forModel(model))
        .<TrainingStep>map(step -> step)
        .orElseGet(() -> new ReadableStep(model, config.optimizer(), config.maxGradientNorm()));
  }

  /**
   * Takes one step. If the loss or the gradient norm is not finite, nothing is updated.
   *
   * @param batches the micro-batches; the loss is the mean over all their counted targets, so that
   *     they give what one large batch would; or the sum, where they have weights
   * @param learningRate the rate of this step
   * @param seed decides what dropout drops
   */
  Result take(List<Batch> batches, double learningRate, long seed);

  /** The model to measure with: the same weights, computed as this step computes. */
  LanguageModel evaluator();

  /** One line on how a step is computed: by which code, how precisely, on what. */
  String computation();

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
