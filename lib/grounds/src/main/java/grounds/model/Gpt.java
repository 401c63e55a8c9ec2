package grounds.model;

import ai.djl.ndarray.NDArray;
import grounds.model.layer.CausalSelfAttention;
import grounds.model.layer.Dropout;
import grounds.model.layer.Embedding;
import grounds.model.layer.FeedForward;
import grounds.model.layer.LayerNorm;
import grounds.model.layer.Linear;
import grounds.model.layer.Positions;
import grounds.model.layer.TransformerBlock;
import grounds.tensor.Parameters;
import java.util.ArrayList;
import java.util.List;

/**
 * The decoder-only transformer of GPT-2 (Radford et al. 2019): token and position tables, blocks of
 * attention and feed-forward around one residual stream, a last norm, and a head that scores every
 * token.
 */
public final class Gpt implements LanguageModel {

  /** GPT-2's initialisation. */
  private static final double STANDARD_DEVIATION = 0.02;

  private final GptConfig config;
  private final Parameters parameters;
  private final Embedding tokenEmbedding;
  private final Positions positions;
  private final Dropout dropout;
  private final List<TransformerBlock> blocks = new ArrayList<>();
  private final LayerNorm finalNorm;
  private final Linear head;

  /** A model with fresh random weights on the current device. */
  public Gpt(GptConfig config, long seed) {
    this(config, new Parameters(seed));
  }

  /** A model whose weights the given, empty set makes and owns. */
  public Gpt(GptConfig config, Parameters parameters) {
    this.config = config;
    this.parameters = parameters;
    int channels = config.channels();
    boolean bias = config.bias();
    // Every block adds to the stream twice: smaller steps keep its variance where it started.
    double residual = STANDARD_DEVIATION / Math.sqrt(2.0 * config.layers());
    tokenEmbedding =
        new Embedding(
            parameters.in("tokenEmbedding"), config.vocabularySize(), channels, STANDARD_DEVIATION);
    positions =
        new Positions(
            parameters.in("positionEmbedding"),
            config.contextLength(),
            channels,
            STANDARD_DEVIATION);
    dropout = new Dropout(config.dropout());
    for (int i = 0; i < config.layers(); i++) {
      Parameters block = parameters.in("blocks." + i);
      blocks.add(
          new TransformerBlock(
              new LayerNorm(block.in("attentionNorm"), channels, bias),
              new CausalSelfAttention(
                  block.in("attention"),
                  config.contextLength(),
                  channels,
                  config.heads(),
                  bias,
                  STANDARD_DEVIATION,
                  residual),
              new LayerNorm(block.in("feedForwardNorm"), channels, bias),
              new FeedForward(
                  block.in("feedForward"), channels, bias, STANDARD_DEVIATION, residual),
              dropout));
    }
    finalNorm = new LayerNorm(parameters.in("finalNorm"), channels, bias);
    head =
        config.tiedHead()
            ? new Linear(tokenEmbedding.weight())
            : new Linear(
                parameters.in("head"),
                channels,
                config.vocabularySize(),
                false,
                STANDARD_DEVIATION);
  }

  @Override
  public NDArray logits(NDArray ids, boolean training) {
    NDArray x = embed(ids, training);
    for (TransformerBlock block : blocks) {
      x = block.forward(x, training);
    }
    return head.forward(finalNorm.forward(x, training), training);
  }

  /**
   * What each head of each block looks at.
   *
   * @param ids token ids, int64 [batch, time]
   * @return for each block [batch, heads, time, time]; closed by the scope around the call
   */
  public List<NDArray> attentionWeights(NDArray ids) {
    List<NDArray> weights = new ArrayList<>();
    NDArray x = embed(ids, false);
    for (TransformerBlock block : blocks) {
      weights.add(block.attentionWeights(x));
      x = block.forward(x, false);
    }
    return weights;
  }

  private NDArray embed(NDArray ids, boolean training) {
    config.requireFits(ids.getShape().get(1));
    NDArray embedded = positions.forward(tokenEmbedding.forward(ids, training), training);
    return dropout.forward(embedded, training);
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
