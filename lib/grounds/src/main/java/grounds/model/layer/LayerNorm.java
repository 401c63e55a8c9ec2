package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import grounds.tensor.Parameters;

/**
 * Layer normalisation: every vector is brought to mean 0 and variance 1, then scaled and shifted by
 * learned values (Ba, Kiros and Hinton 2016).
 */
public final class LayerNorm implements Layer {

  /** Added to the variance; PyTorch's and GPT-2's value. */
  private static final float EPSILON = 1e-5f;

  private final NDArray weight;
  private final NDArray bias;
  private final Shape normalized;

  /** Makes a gain of ones and, if wanted, a trained bias of zeros. */
  public LayerNorm(Parameters parameters, int channels, boolean bias) {
    this.weight = parameters.ones("weight", channels);
    this.bias =
        bias
            ? parameters.zeros("bias", channels)
            : parameters.constant(new float[channels], channels);
    this.normalized = new Shape(channels);
  }

  /** Takes and gives [..., channels]. */
  @Override
  public NDArray forward(NDArray input, boolean training) {
    return input
        .getNDArrayInternal()
        .layerNorm(input, normalized, weight, bias, EPSILON)
        .singletonOrThrow();
  }
}
