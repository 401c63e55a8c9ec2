package grounds.model;

import ai.djl.ndarray.NDArray;
import grounds.model.layer.CausalSelfAttention;
import grounds.model.layer.Layer;
import grounds.model.layer.Linear;
import grounds.model.layer.LowRank;
import grounds.model.layer.TransformerBlock;
import grounds.tensor.Parameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The decoder-only transformer of GPT-2 (Radford et al. 2019): token and position tables, blocks of
 * attention and feed-forward around one residual stream, a last norm, and a head that scores every
 * token. With one layer it is the single self-attention model of the first lessons.
 */
public final class Gpt implements LanguageModel {

  private final GptConfig config;
  private final Parameters parameters;
  private final Decoder decoder;
  private Optional<LowRank> adapter = Optional.empty();

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
    if (this.adapter.isPresent()) {
      throw new IllegalStateException(
          "Wanted a model without adapters, this one has "
              + this.adapter.get()
              + ". Make a new model from its weights to adapt it in another way.");
    }
    List<Linear> linears = decoder.blocks().stream().flatMap(Layer::linears).toList();
    List<Linear> chosen = linears.stream().filter(l -> targets.test(l.name())).toList();
    if (chosen.isEmpty()) {
      throw new IllegalArgumentException(
          "Wanted a layer to adapt, got none: the model has "
              + linears.stream().map(Linear::name).toList()
              + ".");
    }
    chosen.forEach(linear -> linear.requireFits(adapter));
    parameters.freeze();
    chosen.forEach(linear -> linear.adapt(adapter));
    this.adapter = Optional.of(adapter);
  }

  /** The shape of the adapters, if the model was adapted. */
  public Optional<LowRank> adapter() {
    return adapter;
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
