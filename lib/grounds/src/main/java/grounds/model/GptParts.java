package grounds.model;

import grounds.model.layer.CausalSelfAttention;
import grounds.model.layer.FeedForward;
import grounds.model.layer.Layer;
import grounds.model.layer.LayerNorm;
import grounds.model.layer.PlacedLayer;
import grounds.model.layer.Positions;
import grounds.tensor.Parameters;

/** The parts of GPT-2. {@link ValueOnly} replaces one of them, so that it differs in that alone. */
class GptParts implements Decoder.Parts {

  private final GptConfig config;

  GptParts(GptConfig config) {
    this.config = config;
  }

  @Override
  public PlacedLayer positions(Parameters parameters) {
    return new Positions(
        parameters, config.contextLength(), config.channels(), Decoder.STANDARD_DEVIATION);
  }

  @Override
  public Layer norm(Parameters parameters) {
    return new LayerNorm(parameters, config.channels(), config.bias());
  }

  @Override
  public Layer attention(Parameters parameters, double residualStandardDeviation) {
    return new CausalSelfAttention(
        parameters,
        config.contextLength(),
        config.channels(),
        config.heads(),
        config.bias(),
        Decoder.STANDARD_DEVIATION,
        residualStandardDeviation);
  }

  @Override
  public Layer feedForward(Parameters parameters, double residualStandardDeviation) {
    return new FeedForward(
        parameters,
        config.channels(),
        config.bias(),
        config.tanhGelu(),
        Decoder.STANDARD_DEVIATION,
        residualStandardDeviation);
  }
}
