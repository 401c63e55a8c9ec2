package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import grounds.tensor.Parameters;
import java.util.Optional;

/** A matrix product with an optional bias: y = x W^T + b, with W of [outputs, inputs]. */
public final class Linear implements Layer {

  private final NDArray weight;
  private final Optional<NDArray> bias;

  /**
   * Makes the weight from a normal distribution and the bias, if wanted, from zeros.
   *
   * @param standardDeviation of the weight; GPT-2 takes 0.02
   */
  public Linear(
      Parameters parameters, int inputs, int outputs, boolean bias, double standardDeviation) {
    this.weight = parameters.normal("weight", standardDeviation, outputs, inputs);
    this.bias = bias ? Optional.of(parameters.zeros("bias", outputs)) : Optional.empty();
  }

  /** A layer without bias over a weight that another layer owns: GPT-2's tied output head. */
  public Linear(NDArray sharedWeight) {
    this.weight = sharedWeight;
    this.bias = Optional.empty();
  }

  /** Takes [..., inputs], gives [..., outputs]. */
  @Override
  public NDArray forward(NDArray input, boolean training) {
    return ai.djl.nn.core.Linear.linear(input, weight, bias.orElse(null)).singletonOrThrow();
  }
}
