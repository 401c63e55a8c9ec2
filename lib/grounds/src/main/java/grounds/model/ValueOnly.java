package grounds.model;

import ai.djl.ndarray.NDArray;
import grounds.model.layer.CausalMean;
import grounds.model.layer.Layer;
import grounds.tensor.Parameters;

/**
 * The baseline without attention: a one-layer {@link Gpt} in which every earlier token counts the
 * same. Beside the real one it shows what questions and answers are worth.
 */
public final class ValueOnly implements LanguageModel {

  /**
   * The shape of the baseline.
   *
   * @param vocabularySize number of different tokens
   * @param contextLength most tokens seen at once
   * @param channels width of every layer
   */
  public record Config(int vocabularySize, int contextLength, int channels) implements ModelConfig {
    public Config {
      ModelConfig.requirePositive("vocabulary size", vocabularySize);
      ModelConfig.requirePositive("context length", contextLength);
      ModelConfig.requirePositive("number of channels", channels);
    }

    /** The GPT that this model is, but for its attention. */
    public GptConfig skeleton() {
      return new GptConfig(vocabularySize, contextLength, channels, 1, 1, 0, true, false);
    }
  }

  private final Config config;
  private final Parameters parameters;
  private final Decoder decoder;

  /** A model with fresh random weights on the current device. */
  public ValueOnly(Config config, long seed) {
    this(config, new Parameters(seed));
  }

  /** A model whose weights the given, empty set makes and owns. */
  public ValueOnly(Config config, Parameters parameters) {
    this.config = config;
    this.parameters = parameters;
    this.decoder =
        new Decoder(
            config.skeleton(),
            parameters,
            new GptParts(config.skeleton()) {
              @Override
              public Layer attention(Parameters in, double residualStandardDeviation) {
                return new CausalMean(
                    in,
                    config.contextLength(),
                    config.channels(),
                    true,
                    Decoder.STANDARD_DEVIATION,
                    residualStandardDeviation);
              }
            });
  }

  @Override
  public NDArray logits(NDArray ids, boolean training) {
    return decoder.logits(ids, training, Inserts.NONE);
  }

  @Override
  public Config config() {
    return config;
  }

  @Override
  public Parameters parameters() {
    return parameters;
  }
}
