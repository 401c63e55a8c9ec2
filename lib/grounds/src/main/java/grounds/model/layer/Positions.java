package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import grounds.tensor.Parameters;

/**
 * Learned positions: a vector for every place in the context, added to the token's own. Without it
 * attention sees a bag of tokens.
 */
public final class Positions implements PlacedLayer {

  private final NDArray weight;
  private final int contextLength;

  /** Makes a table of [contextLength, channels] from a normal distribution. */
  public Positions(
      Parameters parameters, int contextLength, int channels, double standardDeviation) {
    this.weight = parameters.normal("weight", standardDeviation, contextLength, channels);
    this.contextLength = contextLength;
  }

  /** Takes and gives [batch, time, channels]; time is at most the context length. */
  @Override
  public NDArray forwardFrom(NDArray input, int place) {
    long time = input.getShape().get(1);
    return input.add(
        time == contextLength ? weight : weight.get(new NDIndex(place + ":" + (place + time))));
  }

  /** The table itself, [contextLength, channels]. */
  public NDArray weight() {
    return weight;
  }
}
