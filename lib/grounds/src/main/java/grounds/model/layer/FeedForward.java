package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Activation;
import grounds.tensor.Parameters;
import java.util.stream.Stream;

/**
 * The transformer's small network, applied to each position alone: four times as wide, GELU
 * (Hendrycks and Gimpel 2016, the exact form), and back.
 */
public final class FeedForward implements Layer {

  private final Linear expand;
  private final Linear contract;

  /**
   * Makes both matrices.
   *
   * @param standardDeviation of the expanding matrix
   * @param residualStandardDeviation of the contracting one, whose output joins the residual stream
   */
  public FeedForward(
      Parameters parameters,
      int channels,
      boolean bias,
      double standardDeviation,
      double residualStandardDeviation) {
    this.expand =
        new Linear(parameters.in("expand"), channels, 4 * channels, bias, standardDeviation);
    this.contract =
        new Linear(
            parameters.in("contract"), 4 * channels, channels, bias, residualStandardDeviation);
  }

  /** Takes and gives [batch, time, channels]. */
  @Override
  public NDArray forward(NDArray input, boolean training) {
    NDArray hidden = Activation.gelu(expand.forward(input, training));
    return contract.forward(hidden, training);
  }

  @Override
  public Stream<Linear> linears() {
    return Stream.of(expand, contract);
  }
}
