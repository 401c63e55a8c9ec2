package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import grounds.tensor.Parameters;

/**
 * Attention without questions: each position gets the plain mean of the values of all positions up
 * to itself. Every earlier token counts the same, wherever it stands and whatever it is.
 */
public final class CausalMean implements Layer {

  private final Linear value;
  private final NDArray weights;
  private final int contextLength;

  /** Makes the value projection. */
  public CausalMean(
      Parameters parameters, int contextLength, int channels, double standardDeviation) {
    this.value = new Linear(parameters.in("value"), channels, channels, false, standardDeviation);
    this.weights = parameters.constant(uniformWeights(contextLength), contextLength, contextLength);
    this.contextLength = contextLength;
  }

  /** Takes and gives [batch, time, channels]. */
  @Override
  public NDArray forward(NDArray input, boolean training) {
    long time = input.getShape().get(1);
    NDArray transposed =
        time == contextLength ? weights : weights.get(new NDIndex("0:" + time + ",0:" + time));
    // mean = W v; written as (v^T W^T)^T so that the first operand is not the constant.
    NDArray channelsFirst = value.forward(input, training).transpose(0, 2, 1);
    return channelsFirst.matMul(transposed).transpose(0, 2, 1);
  }

  /** Column i holds 1 / (i + 1) for the positions 0 to i: the transposed averaging matrix. */
  private static float[] uniformWeights(int time) {
    float[] weights = new float[time * time];
    for (int position = 0; position < time; position++) {
      for (int earlier = 0; earlier <= position; earlier++) {
        weights[earlier * time + position] = 1f / (position + 1);
      }
    }
    return weights;
  }
}
