package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import grounds.tensor.Parameters;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A matrix product with an optional bias: y = x W^T + b, with W of [outputs, inputs]. It can carry
 * a {@link LowRank} adapter, whose output is added.
 */
public final class Linear implements Layer {

  private final NDArray weight;
  private final Optional<NDArray> bias;
  private final Optional<Parameters> own;
  private Optional<Layer> adapter = Optional.empty();

  /**
   * Makes the weight from a normal distribution and the bias, if wanted, from zeros.
   *
   * @param standardDeviation of the weight; GPT-2 takes 0.02
   */
  public Linear(
      Parameters parameters, int inputs, int outputs, boolean bias, double standardDeviation) {
    this.weight = parameters.normal("weight", standardDeviation, outputs, inputs);
    this.bias = bias ? Optional.of(parameters.zeros("bias", outputs)) : Optional.empty();
    this.own = Optional.of(parameters);
  }

  /** A layer without bias over a weight that another layer owns: GPT-2's tied output head. */
  public Linear(NDArray sharedWeight) {
    this.weight = sharedWeight;
    this.bias = Optional.empty();
    this.own = Optional.empty();
  }

  /** Takes [..., inputs], gives [..., outputs]. */
  @Override
  public NDArray forward(NDArray input, boolean training) {
    NDArray output =
        ai.djl.nn.core.Linear.linear(input, weight, bias.orElse(null)).singletonOrThrow();
    return adapter.map(layer -> output.add(layer.forward(input, training))).orElse(output);
  }

  /** This layer, unless another owns the weight. */
  @Override
  public Stream<Linear> linears() {
    return own.isPresent() ? Stream.of(this) : Stream.empty();
  }

  /**
   * Its path in the model, such as {@code blocks.0.attention.output}.
   *
   * @throws IllegalStateException if another layer owns the weight
   */
  public String name() {
    return own().name();
  }

  /**
   * Adds an adapter, whose matrices are parameters {@code adapter.down.weight} and {@code
   * adapter.up.weight} under this layer's name. What the layer computes stays the same until they
   * are trained; the weight is not frozen by this.
   *
   * @throws IllegalArgumentException if the rank is too large, or there is an adapter already
   */
  public void adapt(LowRank lowRank) {
    requireFits(lowRank);
    Shape sides = weight.getShape();
    adapter =
        Optional.of(lowRank.create(own().in("adapter"), (int) sides.get(1), (int) sides.get(0)));
  }

  /** Fails unless the adapter's rank is at most the smaller side of the weight. */
  public void requireFits(LowRank lowRank) {
    Shape sides = weight.getShape();
    if (lowRank.rank() > Math.min(sides.get(0), sides.get(1))) {
      throw new IllegalArgumentException(
          "Wanted a rank of at most the smaller side of "
              + name()
              + " "
              + sides
              + ", got "
              + lowRank.rank()
              + ". Take a smaller rank: an adapter saves memory only far below that side.");
    }
  }

  private Parameters own() {
    return own.orElseThrow(
        () ->
            new IllegalStateException(
                "Wanted a layer that owns its weight, this one shares another's. Adapt that one."));
  }
}
