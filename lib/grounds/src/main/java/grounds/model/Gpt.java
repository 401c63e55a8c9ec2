package grounds.model;

import ai.djl.ndarray.NDArray;
import grounds.model.layer.LowRank;
import grounds.tensor.Parameters;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The decoder-only transformer of GPT-2 (Radford et al. 2019): token and position tables, blocks of
 * attention and feed-forward around one residual stream, a last norm, and a head that scores every
 * token. With one layer it is the single self-attention model of the first lessons.
 */
public final class Gpt implements DecoderModel {

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
    this.decoder = new Decoder(config, parameters, new GptParts(config));
  }

  @Override
  public NDArray logits(NDArray ids, boolean training) {
    return decoder.logits(ids, training, Inserts.NONE);
  }

  @Override
  public NDArray logits(NDArray ids, boolean training, Inserts inserts) {
    return decoder.logits(ids, training, inserts);
  }

  /** Keeps keys and values: a token costs one position. */
  @Override
  public TextReader reader() {
    return decoder.reader();
  }

  /**
   * What each head of each block looks at.
   *
   * @param ids token ids, int64 [batch, time]
   * @return for each block [batch, heads, time, time], rows summing to 1; closed by the scope
   *     around the call
   */
  public List<NDArray> attentionWeights(NDArray ids) {
    return decoder.attentionWeights(ids);
  }

  /**
   * Freezes every weight and adds adapters to linear layers of the blocks. The model computes what
   * it did until they are trained; they come after the weights in the order of the parameters.
   *
   * <pre>{@code
   * model.adapt(new LowRank(8, 16), name -> name.contains("attention"));
   * }</pre>
   *
   * @param targets says of a layer's name, such as {@code blocks.0.attention.queryKeyValue},
   *     whether it gets one
   * @throws IllegalArgumentException if no layer gets one, or one is smaller than the rank; the
   *     model is then unchanged
   * @throws IllegalStateException if the model was adapted before
   */
  public void adapt(LowRank adapter, Predicate<String> targets) {
    decoder.adapt(adapter, targets);
  }

  @Override
  public Optional<LowRank> adapter() {
    return decoder.adapter();
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
