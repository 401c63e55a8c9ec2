package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import grounds.tensor.Parameters;
import java.util.stream.Stream;

/**
 * Causal self-attention with several heads: each position asks (query), each earlier one and itself
 * answers (key), and what they hold (value) is mixed by how well question and answer fit: softmax(Q
 * K^T / sqrt(headDim) + mask) V (Vaswani et al. 2017).
 */
public final class CausalSelfAttention implements Layer {

  private final Linear queryKeyValue;
  private final Linear output;
  private final NDArray scale;
  private final NDArray mask;
  private final int heads;
  private final int headDim;
  private final int contextLength;

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
    this.contextLength = contextLength;
    this.queryKeyValue =
        new Linear(parameters.in("queryKeyValue"), channels, 3 * channels, bias, standardDeviation);
    this.output =
        new Linear(parameters.in("output"), channels, channels, bias, residualStandardDeviation);
    // Constants, not Java numbers: DJL frees a number's buffer while autograd still needs it.
    this.scale = parameters.constant(new float[] {(float) (1 / Math.sqrt(headDim))});
    this.mask = parameters.constant(causalMask(contextLength), contextLength, contextLength);
  }

  /** Takes and gives [batch, time, channels]. */
  @Override
  public NDArray forward(NDArray input, boolean training) {
    NDList qkv = split(input, training);
    NDArray mixed = weights(qkv.get(0), qkv.get(1)).matMul(qkv.get(2));
    NDArray joined = mixed.transpose(0, 2, 1, 3).reshape(input.getShape());
    return output.forward(joined, training);
  }

  @Override
  public Stream<Linear> linears() {
    return Stream.of(queryKeyValue, output);
  }

  /**
   * How much each position takes from each earlier one: [batch, heads, time, time], each row sums
   * to 1.
   */
  public NDArray weights(NDArray input) {
    NDList qkv = split(input, false);
    return weights(qkv.get(0), qkv.get(1));
  }

  private NDArray weights(NDArray query, NDArray key) {
    NDArray scores = query.mul(scale).matMul(key.transpose(0, 1, 3, 2));
    return scores.add(maskFor(query.getShape().get(2))).softmax(-1);
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

  private NDArray maskFor(long time) {
    return time == contextLength ? mask : mask.get(new NDIndex("0:" + time + ",0:" + time));
  }

  /** 0 on and below the diagonal, minus infinity above it: nobody looks at what comes later. */
  static float[] causalMask(int time) {
    float[] mask = new float[time * time];
    for (int row = 0; row < time; row++) {
      for (int column = row + 1; column < time; column++) {
        mask[row * time + column] = Float.NEGATIVE_INFINITY;
      }
    }
    return mask;
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
