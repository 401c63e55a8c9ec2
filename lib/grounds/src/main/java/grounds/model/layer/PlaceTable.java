package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import grounds.tensor.Parameters;
import java.util.stream.IntStream;

/** A table that is computed, not trained: one row for every place in the context. */
record PlaceTable(NDArray all) {

  /** One number of the table. */
  @FunctionalInterface
  interface Entry {
    double at(int place, int channel);
  }

  /** Computes [contextLength, channels] in double precision. */
  static PlaceTable of(Parameters parameters, int contextLength, int channels, Entry entry) {
    if (contextLength < 1) {
      throw new IllegalArgumentException(
          "Wanted a context length of 1 or more, got " + contextLength + ".");
    }
    float[] values = new float[Math.multiplyExact(contextLength, channels)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) entry.at(i / channels, i % channels);
    }
    return new PlaceTable(parameters.constant(values, contextLength, channels));
  }

  /** How far each pair of channels turns from one place to the next, in radians. */
  static double[] frequencies(int channels, double base) {
    if (channels < 2 || channels % 2 != 0) {
      throw new IllegalArgumentException(
          "Wanted an even number of channels, 2 or more, got "
              + channels
              + ": waves come in pairs of a sine and a cosine.");
    }
    return IntStream.range(0, channels / 2)
        .mapToDouble(i -> Math.pow(base, -2.0 * i / channels))
        .toArray();
  }

  /** The rows for an input of [..., time, channels] that begins at that place. */
  NDArray rowsFor(NDArray input, int place) {
    Shape shape = input.getShape();
    int dimensions = shape.dimension();
    Shape own = all.getShape();
    if (dimensions < 2
        || shape.get(dimensions - 1) != own.get(1)
        || place + shape.get(dimensions - 2) > own.get(0)) {
      throw new IllegalArgumentException(
          "Wanted an input of [..., time, channels] with at most "
              + own.get(0)
              + " places (the context length) and "
              + own.get(1)
              + " channels, got "
              + shape
              + (place > 0 ? " from place " + place + " on" : "")
              + ". Cut the text, or make the positions for another shape.");
    }
    long time = shape.get(dimensions - 2);
    return time == own.get(0) ? all : all.get(new NDIndex(place + ":" + (place + time)));
  }
}
