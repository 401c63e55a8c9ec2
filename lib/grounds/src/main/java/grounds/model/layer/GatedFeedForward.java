package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Activation;
import grounds.tensor.Parameters;
import java.util.stream.Stream;

/**
 * The transformer's small network with a gate, applied to each position alone: one matrix computes
 * values, a second how far each of them may pass, a third leads back; contract(silu(gate(x)) *
 * expand(x)), SwiGLU of Shazeer (2020). silu(x) = x * sigmoid(x). No matrix has a bias.
 */
public final class GatedFeedForward implements Layer {

  private final Linear gate;
  private final Linear expand;
  private final Linear contract;

  /**
   * Makes the three matrices.
   *
   * @param hidden width between the matrices
   * @param standardDeviation of the gate and the expanding matrix
   * @param residualStandardDeviation of the contracting one, whose output joins the residual stream
   */
  public GatedFeedForward(
      Parameters parameters,
      int channels,
      int hidden,
      double standardDeviation,
      double residualStandardDeviation) {
    this.gate = new Linear(parameters.in("gate"), channels, hidden, false, standardDeviation);
    this.expand = new Linear(parameters.in("expand"), channels, hidden, false, standardDeviation);
    this.contract =
        new Linear(parameters.in("contract"), hidden, channels, false, residualStandardDeviation);
  }

  /** Takes and gives [batch, time, channels]. */
  @Override
  public NDArray forward(NDArray input, boolean training) {
    NDArray opened = silu(gate.forward(input, training));
    return contract.forward(opened.mul(expand.forward(input, training)), training);
  }

  @Override
  public Stream<Linear> linears() {
    return Stream.of(gate, expand, contract);
  }

  /** Not DJL's swish, which multiplies by a Java number. */
  private static NDArray silu(NDArray x) {
    return x.mul(Activation.sigmoid(x));
  }
}
