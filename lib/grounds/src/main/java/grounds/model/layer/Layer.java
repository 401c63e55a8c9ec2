package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import java.util.stream.Stream;

/**
 * A step of a model: takes a tensor, gives a tensor. Layers are made once, with their parameters,
 * and applied many times.
 */
@FunctionalInterface
public interface Layer {

  /**
   * Applies the layer.
   *
   * @param input usually [batch, time, channels], float32
   * @param training whether dropout acts
   * @return a new tensor, closed by the scope around the call
   */
  NDArray forward(NDArray input, boolean training);

  /**
   * The linear layers in it that own their weight, in the order of their making: what can be
   * adapted. A layer made of others gives theirs.
   */
  default Stream<Linear> linears() {
    return Stream.empty();
  }
}
