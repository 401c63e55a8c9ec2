package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import grounds.tensor.Parameters;

/**
 * Sinusoidal positions: a fixed vector of waves for every place in the context, added to the
 * token's own (Vaswani et al. 2017, section 3.5). Channel 2i holds sin(place / 10000^(2i /
 * channels)) and channel 2i + 1 the cosine of the same angle. Nothing is trained.
 */
public final class SinusoidalPositions implements PlacedLayer {

  /** Vaswani et al.'s: the slowest wave is about this many times as long as the fastest. */
  private static final double BASE = 10_000;

  private final PlaceTable table;

  /**
   * Makes the table of [contextLength, channels].
   *
   * @param channels width of the input, even: a sine and a cosine for each wave
   */
  public SinusoidalPositions(Parameters parameters, int contextLength, int channels) {
    double[] frequencies = PlaceTable.frequencies(channels, BASE);
    this.table =
        PlaceTable.of(
            parameters,
            contextLength,
            channels,
            (place, channel) -> {
              double angle = place * frequencies[channel / 2];
              return channel % 2 == 0 ? Math.sin(angle) : Math.cos(angle);
            });
  }

  /**
   * Takes and gives [batch, time, channels].
   *
   * @throws IllegalArgumentException if the input is longer or of another width than the table
   */
  @Override
  public NDArray forwardFrom(NDArray input, int place) {
    return input.add(table.rowsFor(input, place));
  }

  /** The table itself, [contextLength, channels]. */
  public NDArray table() {
    return table.all();
  }
}
