package grounds.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
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
   * The mean over the positions that count.
   *
   * @param mask float32 [batch, time], 1 where the target counts, else 0; at least one 1
   * @return a scalar that carries a gradient
   */
  public static NDArray mean(NDArray logits, NDArray targets, NDArray mask) {
    return perToken(logits, targets).mul(mask).sum().div(mask.sum());
  }

  /**
   * The mean over the targets of a batch that count; their weighted sum where they have weights.
   *
   * @param manager owns the targets and the mask, and stays open until backward is done
   * @return a scalar that carries a gradient
   */
  public static NDArray mean(NDArray logits, Batch batch, NDManager manager) {
    NDArray targets = batch.targets(manager);
    if (batch.weights().isPresent()) {
      NDArray weights = manager.create(batch.weights().get(), targets.getShape());
      return perToken(logits, targets).mul(weights).sum();
    }
    return batch
        .mask(manager)
        .map(mask -> mean(logits, targets, mask))
        .orElseGet(() -> mean(logits, targets));
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
