package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.SparseFormat;
import grounds.tensor.Parameters;

/** A table of vectors, one row a token: looking a row up is the product with a one-hot vector. */
public final class Embedding implements Layer {

  private final NDArray weight;

  /** Makes a table of [rows, channels] from a normal distribution. */
  public Embedding(Parameters parameters, int rows, int channels, double standardDeviation) {
    this.weight = parameters.normal("weight", standardDeviation, rows, channels);
  }

  /** Takes integer ids [...], gives their rows [..., channels]. */
  @Override
  public NDArray forward(NDArray ids, boolean training) {
    return ids.getNDArrayInternal().embedding(ids, weight, SparseFormat.DENSE).singletonOrThrow();
  }

  /** The table itself, [rows, channels]. */
  public NDArray weight() {
    return weight;
  }
}
