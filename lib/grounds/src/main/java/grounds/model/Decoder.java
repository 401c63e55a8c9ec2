package grounds.model;

import ai.djl.ndarray.NDArray;
import grounds.model.layer.Dropout;
import grounds.model.layer.Embedding;
import grounds.model.layer.FeedForward;
import grounds.model.layer.Layer;
import grounds.model.layer.LayerNorm;
import grounds.model.layer.Linear;
import grounds.model.layer.Positions;
import grounds.model.layer.TransformerBlock;
import grounds.tensor.Parameters;
import java.util.ArrayList;
import java.util.List;

/**
 * The skeleton of {@link Gpt} and {@link ValueOnly}, so that the two differ in one thing alone: how
 * a position mixes what stands before it.
 */
final class Decoder {

  /** GPT-2's initialisation. */
  static final double STANDARD_DEVIATION = 0.02;

  private final GptConfig config;
  private final Embedding tokenEmbedding;
  private final Positions positions;
  private final Dropout dropout;
  private final List<TransformerBlock> blocks = new ArrayList<>();
  private final LayerNorm finalNorm;
  private final Linear head;

  /** Makes the layer that mixes positions, [batch, time, channels] to the same. */
  @FunctionalInterface
  interface Mixing {
    /** The layer of one block, its output drawn with the given smaller deviation. */
    Layer create(Parameters parameters, double residualStandardDeviation);
  }

  Decoder(GptConfig config, Parameters parameters, Mixing mixing) {
    this.config = config;
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
              mixing.create(block.in("attention"), residual),
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

  NDArray logits(NDArray ids, boolean training) {
    NDArray x = embed(ids, training);
    for (TransformerBlock block : blocks) {
      x = block.forward(x, training);
    }
    return head.forward(finalNorm.forward(x, training), training);
  }

  NDArray embed(NDArray ids, boolean training) {
    config.requireFits(ids.getShape().get(1));
    NDArray embedded = positions.forward(tokenEmbedding.forward(ids, training), training);
    return dropout.forward(embedded, training);
  }

  List<TransformerBlock> blocks() {
    return blocks;
  }
}
