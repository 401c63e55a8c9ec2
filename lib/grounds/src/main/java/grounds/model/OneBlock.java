package grounds.model;

import ai.djl.ndarray.NDArray;
import grounds.model.layer.Embedding;
import grounds.model.layer.FeedForward;
import grounds.model.layer.Layer;
import grounds.model.layer.LayerNorm;
import grounds.model.layer.Linear;
import grounds.model.layer.Positions;
import grounds.tensor.Parameters;
import java.util.function.Function;

/**
 * The skeleton that {@link ValueOnly} and {@link SelfAttention} share, so that they differ in one
 * thing alone: how a position mixes what stands before it. Embed tokens and positions, mix, think
 * about the result with a small network, score every token.
 */
final class OneBlock {

  private static final double STANDARD_DEVIATION = 0.02;

  private final ModelConfig config;
  private final Embedding tokenEmbedding;
  private final Positions positions;
  private final LayerNorm mixingNorm;
  private final Layer mixing;
  private final LayerNorm feedForwardNorm;
  private final FeedForward feedForward;
  private final LayerNorm finalNorm;
  private final Linear head;

  /**
   * Makes the skeleton's layers.
   *
   * @param mixing makes the layer in the middle, [batch, time, channels] to the same
   */
  OneBlock(
      Parameters parameters, ModelConfig config, int channels, Function<Parameters, Layer> mixing) {
    this.config = config;
    double deviation = STANDARD_DEVIATION;
    int vocabulary = config.vocabularySize();
    tokenEmbedding =
        new Embedding(parameters.in("tokenEmbedding"), vocabulary, channels, deviation);
    positions =
        new Positions(
            parameters.in("positionEmbedding"), config.contextLength(), channels, deviation);
    mixingNorm = new LayerNorm(parameters.in("mixingNorm"), channels, true);
    this.mixing = mixing.apply(parameters.in("mixing"));
    feedForwardNorm = new LayerNorm(parameters.in("feedForwardNorm"), channels, true);
    feedForward =
        new FeedForward(parameters.in("feedForward"), channels, true, deviation, deviation);
    finalNorm = new LayerNorm(parameters.in("finalNorm"), channels, true);
    head = new Linear(parameters.in("head"), channels, vocabulary, false, deviation);
  }

  NDArray logits(NDArray ids, boolean training) {
    NDArray mixed = mixing.forward(mixingInput(ids), training);
    NDArray x = mixed.add(feedForward.forward(feedForwardNorm.forward(mixed, training), training));
    return head.forward(finalNorm.forward(x, training), training);
  }

  /** What the mixing layer gets: [batch, time, channels]. */
  NDArray mixingInput(NDArray ids) {
    config.requireFits(ids.getShape().get(1));
    NDArray embedded = positions.forward(tokenEmbedding.forward(ids, false), false);
    return mixingNorm.forward(embedded, false);
  }
}
