package grounds.model;

import ai.djl.ndarray.NDArray;
import grounds.model.layer.Dropout;
import grounds.model.layer.Embedding;
import grounds.model.layer.Layer;
import grounds.model.layer.Linear;
import grounds.model.layer.TransformerBlock;
import grounds.tensor.Parameters;
import java.util.ArrayList;
import java.util.List;

/**
 * The skeleton of {@link Gpt}, {@link ValueOnly} and {@link Llama}: token table, blocks around one
 * residual stream, a last norm, a head. The families differ in the {@link Parts} alone.
 */
final class Decoder {

  /** GPT-2's initialisation. */
  static final double STANDARD_DEVIATION = 0.02;

  private final DecoderConfig config;
  private final Embedding tokenEmbedding;
  private final Layer positions;
  private final Dropout dropout;
  private final List<TransformerBlock> blocks = new ArrayList<>();
  private final Layer finalNorm;
  private final Linear head;

  /**
   * What a family puts into the skeleton. Each layer is made in a name space of its own, and takes
   * and gives [batch, time, channels].
   */
  interface Parts {

    /** What is done to the tokens' vectors so that their places can be told apart. */
    Layer positions(Parameters parameters);

    /** A norm, before each part of a block and before the head. */
    Layer norm(Parameters parameters);

    /** The layer of one block that mixes positions, its output drawn with the given deviation. */
    Layer attention(Parameters parameters, double residualStandardDeviation);

    /** The layer of one block that works on each position alone, likewise. */
    Layer feedForward(Parameters parameters, double residualStandardDeviation);
  }

  Decoder(DecoderConfig config, Parameters parameters, Parts parts) {
    this.config = config;
    int channels = config.channels();
    // Every block adds to the stream twice: smaller steps keep its variance where it started.
    double residual = STANDARD_DEVIATION / Math.sqrt(2.0 * config.layers());
    tokenEmbedding =
        new Embedding(
            parameters.in("tokenEmbedding"), config.vocabularySize(), channels, STANDARD_DEVIATION);
    positions = parts.positions(parameters.in("positionEmbedding"));
    dropout = new Dropout(config.dropout());
    for (int i = 0; i < config.layers(); i++) {
      Parameters block = parameters.in("blocks." + i);
      blocks.add(
          new TransformerBlock(
              parts.norm(block.in("attentionNorm")),
              parts.attention(block.in("attention"), residual),
              parts.norm(block.in("feedForwardNorm")),
              parts.feedForward(block.in("feedForward"), residual),
              dropout));
    }
    finalNorm = parts.norm(parameters.in("finalNorm"));
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

  NDArray logits(NDArray ids, boolean training) {
    NDArray x = embed(ids, training);
    for (TransformerBlock block : blocks) {
      x = block.forward(x, training);
    }
    return head.forward(finalNorm.forward(x, training), training);
  }

  /** For each block what its heads look at, [batch, heads, time, time]. */
  List<NDArray> attentionWeights(NDArray ids) {
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
}
