package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import grounds.tensor.Parameters;
import java.util.stream.Stream;

/**
 * Causal self-attention in which several heads ask and share one key and value (Ainslie et al.
 * 2023): nearly as good as a key and a value for each head, with fewer of them to keep while
 * generating. Query head h takes key/value head h / (heads / keyValueHeads). With as many key/value
 * heads as heads it is multi-head attention, with one it is multi-query attention (Shazeer 2019).
 *
 * <p>Queries and keys are turned by {@link RotaryPositions}. No projection has a bias.
 */
public final class GroupedQueryAttention implements Attention {

  private final Linear query;
  private final Linear key;
  private final Linear value;
  private final Linear output;
  private final RotaryPositions rotary;
  private final CausalWeights causalWeights;
  private final int heads;
  private final int keyValueHeads;
  private final int headDim;

  /**
   * Makes the projections.
   *
   * @param channels width of the input, divisible by the number of heads; channels / heads is even
   * @param heads heads that ask
   * @param keyValueHeads heads that answer; divides the number of heads
   * @param rotaryBase of the {@link RotaryPositions}
   * @param standardDeviation of query, key and value
   * @param residualStandardDeviation of the output projection, which joins the residual stream
   */
  public GroupedQueryAttention(
      Parameters parameters,
      int contextLength,
      int channels,
      int heads,
      int keyValueHeads,
      double rotaryBase,
      double standardDeviation,
      double residualStandardDeviation) {
    this.heads = heads;
    this.keyValueHeads = keyValueHeads;
    this.headDim = requireHeadDim(channels, heads, keyValueHeads);
    int answers = keyValueHeads * headDim;
    this.rotary = new RotaryPositions(parameters, contextLength, headDim, rotaryBase);
    this.query = new Linear(parameters.in("query"), channels, channels, false, standardDeviation);
    this.key = new Linear(parameters.in("key"), channels, answers, false, standardDeviation);
    this.value = new Linear(parameters.in("value"), channels, answers, false, standardDeviation);
    this.output =
        new Linear(parameters.in("output"), channels, channels, false, residualStandardDeviation);
    this.causalWeights = new CausalWeights(parameters, contextLength, headDim);
  }

  /** Takes and gives [batch, time, channels]. */
  @Override
  public NDArray forward(NDArray input, boolean training) {
    NDArray values = split(value.forward(input, training), keyValueHeads);
    return mix(input, queries(input, 0, training), keys(input, 0, training), values, training);
  }

  @Override
  public NDArray read(NDArray input, KeyValueCache cache) {
    int place = cache.length();
    NDArray values = split(value.forward(input, false), keyValueHeads);
    NDList all = cache.append(keys(input, place, false), values);
    return mix(input, queries(input, place, false), all.get(0), all.get(1), false);
  }

  private NDArray mix(
      NDArray input, NDArray queries, NDArray keys, NDArray values, boolean training) {
    NDArray weights = causalWeights.of(queries, forEveryHead(keys));
    NDArray mixed = weights.matMul(forEveryHead(values));
    NDArray joined = mixed.transpose(0, 2, 1, 3).reshape(input.getShape());
    return output.forward(joined, training);
  }

  @Override
  public Stream<Linear> linears() {
    return Stream.of(query, key, value, output);
  }

  @Override
  public NDArray weights(NDArray input) {
    return causalWeights.of(queries(input, 0, false), forEveryHead(keys(input, 0, false)));
  }

  private NDArray queries(NDArray input, int place, boolean training) {
    return rotary.forwardFrom(split(query.forward(input, training), heads), place);
  }

  private NDArray keys(NDArray input, int place, boolean training) {
    return rotary.forwardFrom(split(key.forward(input, training), keyValueHeads), place);
  }

  /** From [batch, time, count * headDim] to [batch, count, time, headDim]. */
  private NDArray split(NDArray projected, int count) {
    long batch = projected.getShape().get(0);
    long time = projected.getShape().get(1);
    return projected.reshape(batch, time, count, headDim).transpose(0, 2, 1, 3);
  }

  /** Each key/value head as often as heads share it: [batch, heads, time, headDim]. */
  private NDArray forEveryHead(NDArray shared) {
    return heads == keyValueHeads ? shared : shared.repeat(1, heads / keyValueHeads);
  }

  /** The width of one head: even, because rotary positions turn its numbers in pairs. */
  public static int requireHeadDim(int channels, int heads, int keyValueHeads) {
    int headDim = CausalSelfAttention.requireHeadDim(channels, heads);
    if (headDim % 2 != 0) {
      throw new IllegalArgumentException(
          "Wanted heads of an even width, because rotary positions turn pairs of numbers; got "
              + channels
              + " channels / "
              + heads
              + " heads = "
              + headDim
              + ". Take more channels or another number of heads.");
    }
    if (keyValueHeads < 1 || heads % keyValueHeads != 0) {
      throw new IllegalArgumentException(
          "Wanted a number of key/value heads that divides the number of heads, "
              + heads
              + ", got "
              + keyValueHeads
              + ". Each is shared by heads / keyValueHeads of them.");
    }
    return headDim;
  }
}
