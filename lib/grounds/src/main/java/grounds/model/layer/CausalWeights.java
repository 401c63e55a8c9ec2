package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import grounds.tensor.Parameters;

/**
 * How much each position takes from those up to itself: softmax(Q K^T / sqrt(headDim) + mask), the
 * part that all kinds of {@link Attention} share.
 */
final class CausalWeights {

  private final NDArray scale;
  private final Parameters parameters;
  private final int contextLength;
  private NDArray mask;

  CausalWeights(Parameters parameters, int contextLength, int headDim) {
    // Constants, not Java numbers: DJL frees a number's buffer while autograd still needs it.
    this.scale = parameters.constant(new float[] {(float) (1 / Math.sqrt(headDim))});
    this.parameters = parameters;
    this.contextLength = contextLength;
  }

  /**
   * The weights of the last positions of a text, or of all.
   *
   * @param query [batch, heads, time, headDim]
   * @param key [batch, heads, length, headDim], length at least time
   * @return [batch, heads, time, length]
   */
  NDArray of(NDArray query, NDArray key) {
    NDArray scores = query.mul(scale).matMul(key.transpose(0, 1, 3, 2));
    return scores.add(maskFor(query.getShape().get(2), key.getShape().get(2))).softmax(-1);
  }

  private NDArray maskFor(long time, long length) {
    if (mask == null) {
      // Made when first needed: native code never does, and a long context's takes megabytes.
      mask = parameters.constant(causalMask(contextLength), contextLength, contextLength);
    }
    return time == contextLength
        ? mask
        : mask.get(new NDIndex((length - time) + ":" + length + ",0:" + length));
  }

  /** 0 on and below the diagonal, minus infinity above it: nobody looks at what comes later. */
  private static float[] causalMask(int time) {
    float[] mask = new float[Math.multiplyExact(time, time)];
    for (int row = 0; row < time; row++) {
      for (int column = row + 1; column < time; column++) {
        mask[row * time + column] = Float.NEGATIVE_INFINITY;
      }
    }
    return mask;
  }
}
