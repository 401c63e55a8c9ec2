package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Activation;
import grounds.tensor.Parameters;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The transformer's small network, applied to each position alone: four times as wide, GELU
 * (Hendrycks and Gimpel 2016), exact or by their approximation with tanh, and back.
 */
public final class FeedForward implements Layer {

  private final Linear expand;
  private final Linear contract;
  private final Optional<TanhGelu> tanhGelu;

  /** Both matrices around the exact GELU. */
  public FeedForward(
      Parameters parameters,
      int channels,
      boolean bias,
      double standardDeviation,
      double residualStandardDeviation) {
    this(parameters, channels, bias, false, standardDeviation, residualStandardDeviation);
  }

  /**
   * Makes both matrices.
   *
   * @param tanhGelu whether GELU is the approximation
   * @param standardDeviation of the expanding matrix
   * @param residualStandardDeviation of the contracting one, whose output joins the residual stream
   */
  public FeedForward(
      Parameters parameters,
      int channels,
      boolean bias,
      boolean tanhGelu,
      double standardDeviation,
      double residualStandardDeviation) {
    this.expand =
        new Linear(parameters.in("expand"), channels, 4 * channels, bias, standardDeviation);
    this.contract =
        new Linear(
            parameters.in("contract"), 4 * channels, channels, bias, residualStandardDeviation);
    this.tanhGelu = tanhGelu ? Optional.of(new TanhGelu(parameters)) : Optional.empty();
  }

  /** Takes and gives [batch, time, channels]. */
  @Override
  public NDArray forward(NDArray input, boolean training) {
    NDArray expanded = expand.forward(input, training);
    NDArray hidden =
        tanhGelu.map(gelu -> gelu.of(expanded)).orElseGet(() -> Activation.gelu(expanded));
    return contract.forward(hidden, training);
  }

  @Override
  public Stream<Linear> linears() {
    return Stream.of(expand, contract);
  }
}
