package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import grounds.tensor.Parameters;
import java.util.stream.Stream;

/**
 * Causal self-attention with several heads: each position asks (query), each earlier one and itself
 * answers (key), and what they hold (value) is mixed by how well question and answer fit: softmax(Q
 * K^T / sqrt(headDim) + mask) V (Vaswani et al. 2017).
 */
public final class CausalSelfAttention implements Attention {

  private final Linear queryKeyValue;
  private final Linear output;
  private final CausalWeights causalWeights;
  private final int heads;
  private final int headDim;

  /**
   * Makes the projections.
   *
   * @param channels width of the input, divisible by the number of heads
   * @param standardDeviation of query, key and value
   * @param residualStandardDeviation of the output projection, which joins the residual stream
   */
  public CausalSelfAttention(
      Parameters parameters,
      int contextLength,
      int channels,
      int heads,
      boolean bias,
      double standardDeviation,
      double residualStandardDeviation) {
    this.heads = heads;
    this.headDim = requireHeadDim(channels, heads);
    this.queryKeyValue =
        new Linear(parameters.in("queryKeyValue"), channels, 3 * channels, bias, standardDeviation);
    this.output =
        new Linear(parameters.in("output"), channels, channels, bias, residualStandardDeviation);
    this.causalWeights = new CausalWeights(parameters, contextLength, headDim);
  }

  /** Takes and gives [batch, time, channels]. */
  @Override
  public NDArray forward(NDArray input, boolean training) {
    NDList qkv = split(input, training);
    return mix(input, qkv.get(0), qkv.get(1), qkv.get(2), training);
  }

  @Override
  public NDArray read(NDArray input, KeyValueCache cache) {
    NDList qkv = split(input, false);
    NDList all = cache.append(qkv.get(1), qkv.get(2));
    return mix(input, qkv.get(0), all.get(0), all.get(1), false);
  }

  private NDArray mix(
      NDArray input, NDArray queries, NDArray keys, NDArray values, boolean training) {
    NDArray mixed = causalWeights.of(queries, keys).matMul(values);
    NDArray joined = mixed.transpose(0, 2, 1, 3).reshape(input.getShape());
    return output.forward(joined, training);
  }

  @Override
  public Stream<Linear> linears() {
    return Stream.of(queryKeyValue, output);
  }

  @Override
  public NDArray weights(NDArray input) {
    NDList qkv = split(input, false);
    return causalWeights.of(qkv.get(0), qkv.get(1));
  }

  /** Query, key and value, each [batch, heads, time, headDim]. */
  private NDList split(NDArray input, boolean training) {
    long batch = input.getShape().get(0);
    long time = input.getShape().get(1);
    NDList parts = new NDList(3);
    for (NDArray part : queryKeyValue.forward(input, training).split(3, 2)) {
      parts.add(part.reshape(batch, time, heads, headDim).transpose(0, 2, 1, 3));
    }
    return parts;
  }

  /** The width of one head. */
  public static int requireHeadDim(int channels, int heads) {
    if (heads < 1 || channels % heads != 0) {
      throw new IllegalArgumentException(
          "Wanted a number of heads that divides the width of "
              + channels
              + ", got "
              + heads
              + ". Each head takes channels / heads of them.");
    }
    return channels / heads;
  }
}
