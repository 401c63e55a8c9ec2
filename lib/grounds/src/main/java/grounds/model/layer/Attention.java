package grounds.model.layer;

import ai.djl.ndarray.NDArray;

/** A layer that mixes positions by weights that it can show. */
public interface Attention extends Layer {

  /**
   * How much each position takes from each one up to itself.
   *
   * @param input [batch, time, channels]
   * @return [batch, heads, time, time], each row sums to 1
   */
  NDArray weights(NDArray input);
}
