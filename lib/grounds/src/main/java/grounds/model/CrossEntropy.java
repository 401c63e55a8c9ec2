package grounds.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;

/**
 * The surprise of the token that came, in nats: minus the logarithm of the probability that the
 * model gave it. A uniform guess among V tokens costs ln V.
 */
public final class CrossEntropy {

  private CrossEntropy() {}

  /**
   * The mean over all positions; what training makes small.
   *
   * @param logits float32 [batch, time, vocabularySize]
   * @param targets the token that came next at each position, int64 [batch, time]
   * @return a scalar that carries a gradient
   */
  public static NDArray mean(NDArray logits, NDArray targets) {
    return logProbabilities(logits, targets).mean().neg();
  }

  /**
   * The surprise at each position.
   *
   * @return float32 [batch, time]
   */
  public static NDArray perToken(NDArray logits, NDArray targets) {
    return logProbabilities(logits, targets).neg().reshape(targets.getShape());
  }

  private static NDArray logProbabilities(NDArray logits, NDArray targets) {
    Shape shape = logits.getShape();
    if (shape.dimension() != 3
        || targets.getShape().dimension() != 2
        || shape.get(0) != targets.getShape().get(0)
        || shape.get(1) != targets.getShape().get(1)) {
      throw new IllegalArgumentException(
          "Wanted logits [batch, time, vocabularySize] and targets [batch, time], got "
              + shape
              + " and "
              + targets.getShape()
              + ".");
    }
    NDArray flat = logits.reshape(-1, shape.get(2)).logSoftmax(-1);
    return flat.get(new NDIndex().addAllDim().addPickDim(targets.reshape(-1, 1)));
  }
}
