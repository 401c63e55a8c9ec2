package grounds.model;

import ai.djl.ndarray.NDArray;
import grounds.model.layer.CausalSelfAttention;
import grounds.tensor.Parameters;

/**
 * One layer of causal self-attention in the skeleton of {@link ValueOnly}: each position decides by
 * itself which earlier ones count.
 */
public final class SelfAttention implements LanguageModel {

  /**
   * The shape of the model.
   *
   * @param vocabularySize number of different tokens
   * @param contextLength most tokens seen at once
   * @param channels width of every layer
   * @param heads attention heads; divides the width
   */
  public record Config(int vocabularySize, int contextLength, int channels, int heads)
      implements ModelConfig {
    public Config {
      ModelConfig.requirePositive("vocabulary size", vocabularySize);
      ModelConfig.requirePositive("context length", contextLength);
      ModelConfig.requirePositive("number of channels", channels);
      CausalSelfAttention.requireHeadDim(channels, heads);
    }
  }

  private final Config config;
  private final Parameters parameters;
  private final CausalSelfAttention attention;
  private final OneBlock block;

  /** A model with fresh random weights on the current device. */
  public SelfAttention(Config config, long seed) {
    this(config, new Parameters(seed));
  }

  /** A model whose weights the given, empty set makes and owns. */
  public SelfAttention(Config config, Parameters parameters) {
    this.config = config;
    this.parameters = parameters;
    CausalSelfAttention[] made = new CausalSelfAttention[1];
    this.block =
        new OneBlock(
            parameters,
            config,
            config.channels(),
            in ->
                made[0] =
                    new CausalSelfAttention(
                        in,
                        config.contextLength(),
                        config.channels(),
                        config.heads(),
                        true,
                        0.02,
                        0.02));
    this.attention = made[0];
  }

  @Override
  public NDArray logits(NDArray ids, boolean training) {
    return block.logits(ids, training);
  }

  /**
   * What each head looks at.
   *
   * @param ids token ids, int64 [batch, time]
   * @return [batch, heads, time, time], each row sums to 1; closed by the scope around the call
   */
  public NDArray attentionWeights(NDArray ids) {
    return attention.weights(block.mixingInput(ids));
  }

  @Override
  public SelfAttention.Config config() {
    return config;
  }

  @Override
  public Parameters parameters() {
    return parameters;
  }
}
