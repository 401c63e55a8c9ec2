package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import grounds.tensor.Parameters;

/**
 * Rotary positions: turns every query and key by angles that grow with its place, so that the dot
 * product of the two depends on their distance alone (Su et al. 2021). Nothing is trained.
 *
 * <p>Number i of the first half of a head and number i of the second half are the two coordinates
 * of a point, turned by place * base^(-2i / headDim): Llama's layout. (Su et al. pair neighbours
 * instead, which is the same with the numbers in another order.)
 */
public final class RotaryPositions implements PlacedLayer {

  /** Su et al.'s: the slowest pair turns about this many times as slowly as the fastest. */
  public static final double BASE = 10_000;

  private final PlaceTable cosines;
  private final PlaceTable sines;

  /** Makes the angles with the paper's base. */
  public RotaryPositions(Parameters parameters, int contextLength, int headDim) {
    this(parameters, contextLength, headDim, BASE);
  }

  /**
   * Makes the angles.
   *
   * @param headDim width of one head, even
   * @param base above 0; the larger, the more slowly the slow pairs turn. Llama 3 takes 500,000
   */
  public RotaryPositions(Parameters parameters, int contextLength, int headDim, double base) {
    double[] frequencies = PlaceTable.frequencies(headDim, requireBase(base));
    int half = headDim / 2;
    this.cosines =
        PlaceTable.of(
            parameters,
            contextLength,
            headDim,
            (place, channel) -> Math.cos(place * frequencies[channel % half]));
    // A turn takes (a, b) to (a cos - b sin, b cos + a sin): the first half subtracts.
    this.sines =
        PlaceTable.of(
            parameters,
            contextLength,
            headDim,
            (place, channel) ->
                (channel < half ? -1 : 1) * Math.sin(place * frequencies[channel % half]));
  }

  /**
   * Takes queries or keys, [batch, heads, time, headDim], and gives them turned.
   *
   * @throws IllegalArgumentException if the input is longer or of another width than the angles
   */
  @Override
  public NDArray forwardFrom(NDArray input, int place) {
    NDArray cosine = cosines.rowsFor(input, place);
    NDArray sine = sines.rowsFor(input, place);
    int last = input.getShape().dimension() - 1;
    NDList halves = input.split(2, last);
    NDArray swapped = NDArrays.concat(new NDList(halves.get(1), halves.get(0)), last);
    return input.mul(cosine).add(swapped.mul(sine));
  }

  /** The value itself, if angles can be made of it. */
  public static double requireBase(double base) {
    if (!(base > 0 && base < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("Wanted a rotary base above 0, got " + base + ".");
    }
    return base;
  }

  /** The cosine of every place's angles, [contextLength, headDim]: each half of a head alike. */
  public NDArray cosines() {
    return cosines.all();
  }

  /** The sines, [contextLength, headDim], negative in the first half, which subtracts. */
  public NDArray sines() {
    return sines.all();
  }
}
