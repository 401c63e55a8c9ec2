package grounds.model.layer;

import ai.djl.ndarray.NDArray;

/**
 * Sets a random share of the values to zero while training and scales the others up, so that no
 * value can be relied on alone (Srivastava et al. 2014).
 *
 * @param rate the share of values dropped, in [0, 1)
 */
public record Dropout(double rate) implements Layer {

  public Dropout {
    if (!(rate >= 0 && rate < 1)) {
      throw new IllegalArgumentException("Wanted a dropout rate in [0, 1), got " + rate + ".");
    }
  }

  /** Takes and gives any shape; the input itself where nothing is dropped. */
  @Override
  public NDArray forward(NDArray input, boolean training) {
    return training && rate > 0
        ? input.getNDArrayInternal().dropout(input, (float) rate, true).singletonOrThrow()
        : input;
  }
}
