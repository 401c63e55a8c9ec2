package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import grounds.tensor.Parameters;
import java.util.stream.Stream;

/**
 * Attention without questions: each position gets the plain mean of the values of all positions up
 * to itself. Every earlier token counts the same, wherever it stands and whatever it is.
 */
public final class CausalMean implements Layer {

  private final Linear value;
  private final Linear output;
  private final NDArray weights;
  private final int contextLength;

  /**
   * Makes the value and output projections of {@link CausalSelfAttention}, without query and key.
   *
   * @param standardDeviation of the values
   * @param residualStandardDeviation of the output projection, which joins the residual stream
   */
  public CausalMean(
      Parameters parameters,
      int contextLength,
      int channels,
      boolean bias,
      double standardDeviation,
      double residualStandardDeviation) {
    this.value = new Linear(parameters.in("value"), channels, channels, bias, standardDeviation);
    this.output =
        new Linear(parameters.in("output"), channels, channels, bias, residualStandardDeviation);
    this.weights = parameters.constant(meanWeights(contextLength), contextLength, contextLength);
    this.contextLength = contextLength;
  }

  /** Takes and gives [batch, time, channels]. */
  @Override
  public NDArray forward(NDArray input, boolean training) {
    long time = input.getShape().get(1);
    NDArray mean =
        time == contextLength ? weights : weights.get(new NDIndex("0:" + time + ",0:" + time));
    // mean = W v, written as (v^T W^T)^T: the weights are two-dimensional, the values are not.
    NDArray channelsFirst = value.forward(input, training).transpose(0, 2, 1);
    return output.forward(channelsFirst.matMul(mean).transpose(0, 2, 1), training);
  }

  @Override
  public Stream<Linear> linears() {
    return Stream.of(value, output);
  }

  /** Column i holds 1 / (i + 1) for the positions 0 to i: the transposed averaging matrix. */
  public static float[] meanWeights(int time) {
    float[] weights = new float[time * time];
    for (int position = 0; position < time; position++) {
      for (int earlier = 0; earlier <= position; earlier++) {
        weights[earlier * time + position] = 1f / (position + 1);
      }
    }
    return weights;
  }
}
