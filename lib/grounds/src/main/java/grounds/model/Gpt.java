package grounds.model;

import ai.djl.ndarray.NDArray;
import grounds.model.layer.CausalSelfAttention;
import grounds.model.layer.TransformerBlock;
import grounds.tensor.Parameters;
import java.util.ArrayList;
import java.util.List;

/**
 * The decoder-only transformer of GPT-2 (Radford et al. 2019): token and position tables, blocks of
 * attention and feed-forward around one residual stream, a last norm, and a head that scores every
 * token. With one layer it is the single self-attention model of the first lessons.
 */
public final class Gpt implements LanguageModel {

  private final GptConfig config;
  private final Parameters parameters;
  private final Decoder decoder;

  /** A model with fresh random weights on the current device. */
  public Gpt(GptConfig config, long seed) {
    this(config, new Parameters(seed));
  }

  /** A model whose weights the given, empty set makes and owns. */
  public Gpt(GptConfig config, Parameters parameters) {
    this.config = config;
    this.parameters = parameters;
    this.decoder =
        new Decoder(
            config,
            parameters,
            (in, residual) ->
                new CausalSelfAttention(
                    in,
                    config.contextLength(),
                    config.channels(),
                    config.heads(),
                    config.bias(),
                    Decoder.STANDARD_DEVIATION,
                    residual));
  }

  @Override
  public NDArray logits(NDArray ids, boolean training) {
    return decoder.logits(ids, training);
  }

  /**
   * What each head of each block looks at.
   *
   * @param ids token ids, int64 [batch, time]
   * @return for each block [batch, heads, time, time], rows summing to 1; closed by the scope
   *     around the call
   */
  public List<NDArray> attentionWeights(NDArray ids) {
    List<NDArray> weights = new ArrayList<>();
    NDArray x = decoder.embed(ids, false);
    for (TransformerBlock block : decoder.blocks()) {
      weights.add(block.attentionWeights(x));
      x = block.forward(x, false);
    }
    return weights;
  }

  @Override
  public GptConfig config() {
    return config;
  }

  @Override
  public Parameters parameters() {
    return parameters;
  }
}
