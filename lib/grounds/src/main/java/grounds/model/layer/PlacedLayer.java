package grounds.model.layer;

import ai.djl.ndarray.NDArray;

/** A layer whose result depends on the place in the text at which its input stands. */
@FunctionalInterface
public interface PlacedLayer extends Layer {

  /**
   * Applies the layer to a part of a text.
   *
   * @param input [..., time, channels]
   * @param place where in the text the first of it stands, from 0
   * @return a new tensor, closed by the scope around the call
   */
  NDArray forwardFrom(NDArray input, int place);

  /** The same from the first place on; nothing is dropped in training. */
  @Override
  default NDArray forward(NDArray input, boolean training) {
    return forwardFrom(input, 0);
  }
}
