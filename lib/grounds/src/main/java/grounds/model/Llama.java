package grounds.model;

import ai.djl.ndarray.NDArray;
import grounds.model.layer.GatedFeedForward;
import grounds.model.layer.GroupedQueryAttention;
import grounds.model.layer.Layer;
import grounds.model.layer.LowRank;
import grounds.model.layer.PlacedLayer;
import grounds.model.layer.RmsNorm;
import grounds.tensor.Parameters;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The decoder-only transformer of Llama (Touvron et al. 2023), the form that most open models have
 * kept. Beside {@link Gpt}: positions turn queries and keys instead of being added to the tokens,
 * norms divide by the root mean square, the feed-forward network has a gate, several heads may
 * share a key and a value, and nothing has a bias.
 */
public final class Llama implements DecoderModel {

  private final LlamaConfig config;
  private final Parameters parameters;
  private final Decoder decoder;

  /** A model with fresh random weights on the current device. */
  public Llama(LlamaConfig config, long seed) {
    this(config, new Parameters(seed));
  }

  /** A model whose weights the given, empty set makes and owns. */
  public Llama(LlamaConfig config, Parameters parameters) {
    this.config = config;
    this.parameters = parameters;
    this.decoder = new Decoder(config, parameters, new Parts(config));
  }

  private record Parts(LlamaConfig config) implements Decoder.Parts {

    /** Nothing here: attention turns queries and keys. */
    @Override
    public PlacedLayer positions(Parameters parameters) {
      return (input, place) -> input;
    }

    @Override
    public Layer norm(Parameters parameters) {
      return new RmsNorm(parameters, config.channels(), config.normEpsilon());
    }

    @Override
    public Layer attention(Parameters parameters, double residualStandardDeviation) {
      return new GroupedQueryAttention(
          parameters,
          config.contextLength(),
          config.channels(),
          config.heads(),
          config.keyValueHeads(),
          config.rotaryBase(),
          Decoder.STANDARD_DEVIATION,
          residualStandardDeviation);
    }

    @Override
    public Layer feedForward(Parameters parameters, double residualStandardDeviation) {
      return new GatedFeedForward(
          parameters,
          config.channels(),
          config.hidden(),
          Decoder.STANDARD_DEVIATION,
          residualStandardDeviation);
    }
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
   * @param targets says of a layer's name, such as {@code blocks.0.attention.query}, whether it
   *     gets one
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
  public LlamaConfig config() {
    return config;
  }

  @Override
  public Parameters parameters() {
    return parameters;
  }
}
