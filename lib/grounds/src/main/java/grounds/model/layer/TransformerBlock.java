package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import java.util.stream.Stream;

/**
 * One block of a decoder: x + attention(norm(x)), then x + feedForward(norm(x)). Normalising before
 * each part leaves the residual stream untouched from bottom to top (Radford et al. 2019).
 */
public final class TransformerBlock implements Layer {

  private final Layer attentionNorm;
  private final Layer attention;
  private final Layer feedForwardNorm;
  private final Layer feedForward;
  private final Dropout dropout;

  /**
   * Puts the block together from its parts, made in this order.
   *
   * @param attention any layer that mixes positions
   * @param feedForward any layer that works on each position alone
   */
  public TransformerBlock(
      Layer attentionNorm,
      Layer attention,
      Layer feedForwardNorm,
      Layer feedForward,
      Dropout dropout) {
    this.attentionNorm = attentionNorm;
    this.attention = attention;
    this.feedForwardNorm = feedForwardNorm;
    this.feedForward = feedForward;
    this.dropout = dropout;
  }

  /** Takes and gives [batch, time, channels]. */
  @Override
  public NDArray forward(NDArray input, boolean training) {
    Layer same = (output, dropping) -> output;
    return forward(input, training, same, same);
  }

  /**
   * The same with a layer behind each of the two parts, before their outputs join the stream: x +
   * afterAttention(attention(norm(x))), then likewise.
   */
  public NDArray forward(
      NDArray input, boolean training, Layer afterAttention, Layer afterFeedForward) {
    NDArray attended = attention.forward(attentionNorm.forward(input, training), training);
    NDArray x = input.add(afterAttention.forward(dropout.forward(attended, training), training));
    NDArray thought = feedForward.forward(feedForwardNorm.forward(x, training), training);
    return x.add(afterFeedForward.forward(dropout.forward(thought, training), training));
  }

  /**
   * Reads on in a text.
   *
   * @param input the next positions, [batch, time, channels]
   * @param cache what this block keeps of those before
   * @throws IllegalStateException if this block mixes positions in another way than attention
   */
  public NDArray read(NDArray input, KeyValueCache cache) {
    NDArray x = input.add(shown().read(attentionNorm.forward(input, false), cache));
    return x.add(feedForward.forward(feedForwardNorm.forward(x, false), false));
  }

  @Override
  public Stream<Linear> linears() {
    return Stream.of(attentionNorm, attention, feedForwardNorm, feedForward)
        .flatMap(Layer::linears);
  }

  /**
   * What the heads look at: [batch, heads, time, time].
   *
   * @throws IllegalStateException if this block mixes positions in another way
   */
  public NDArray attentionWeights(NDArray input) {
    return shown().weights(attentionNorm.forward(input, false));
  }

  private Attention shown() {
    if (attention instanceof Attention shown) {
      return shown;
    }
    throw new IllegalStateException(
        "Wanted a block whose attention shows its weights, this one has "
            + attention.getClass().getName()
            + ". Implement Attention instead of Layer, or ask another block.");
  }
}
