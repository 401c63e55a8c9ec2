package grounds.model.layer;

import ai.djl.ndarray.NDArray;

/** A layer that mixes positions by weights that it can show. */
public interface Attention extends Layer {

  /**
   * Reads on in a text: the same as {@link #forward} at these positions, given the ones before.
   *
   * @param input the next positions, [batch, time, channels]
   * @param cache what is kept of those before; these are put behind them
   * @return [batch, time, channels]
   */
  NDArray read(NDArray input, KeyValueCache cache);

  /**
   * How much each position takes from each one up to itself.
   *
   * @param input [batch, time, channels]
   * @return [batch, heads, time, time], each row sums to 1
   */
  NDArray weights(NDArray input);
}
