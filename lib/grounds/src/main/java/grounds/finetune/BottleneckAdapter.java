package grounds.finetune;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Activation;
import grounds.model.DecoderConfig;
import grounds.model.DecoderModel;
import grounds.model.Inserts;
import grounds.model.LanguageModel;
import grounds.model.ModelConfig;
import grounds.model.layer.Layer;
import grounds.model.layer.Linear;
import grounds.tensor.Parameters;
import java.util.ArrayList;
import java.util.List;

/**
 * A frozen model with small trained networks behind each block's attention and feed-forward part
 * (Houlsby et al. 2019): h + up(GELU(down(h))), narrow between the two matrices, is what joins the
 * residual stream in place of h.
 *
 * <p>The upper matrix starts at zero, so that the model begins exactly as its base. Beside the
 * paper, norms stay frozen too. Unlike {@link Lora} it cannot be merged into the weights: between
 * the matrices is a curve. It computes in plain NDArray operations, in training and in generation;
 * the base itself goes on computing what it did.
 */
public final class BottleneckAdapter implements LanguageModel {

  /** The authors' deviation of a fresh matrix. */
  private static final double STANDARD_DEVIATION = 0.01;

  private static final String NAME = "bottlenecks";

  /**
   * The shape of a model with bottlenecks.
   *
   * @param base the frozen model's
   * @param width of the narrow vectors, at most the width of the stream
   */
  public record Config(DecoderConfig base, int width) implements ModelConfig {

    public Config {
      if (width < 1 || width > base.channels()) {
        throw new IllegalArgumentException(
            "Wanted a bottleneck of 1 to "
                + base.channels()
                + " channels (the width of the stream), got "
                + width
                + ".");
      }
    }

    @Override
    public int vocabularySize() {
      return base.vocabularySize();
    }

    @Override
    public int contextLength() {
      return base.contextLength();
    }
  }

  private record Bottleneck(Linear down, Linear up) implements Layer {

    static Bottleneck of(Parameters parameters, int channels, int width) {
      return new Bottleneck(
          new Linear(parameters.in("down"), channels, width, true, STANDARD_DEVIATION),
          new Linear(parameters.in("up"), width, channels, true, 0));
    }

    @Override
    public NDArray forward(NDArray input, boolean training) {
      NDArray narrow = Activation.gelu(down.forward(input, training));
      return input.add(up.forward(narrow, training));
    }
  }

  private final DecoderModel base;
  private final Config config;
  private final List<Bottleneck> afterAttention = new ArrayList<>();
  private final List<Bottleneck> afterFeedForward = new ArrayList<>();

  private final Inserts inserts =
      new Inserts() {
        @Override
        public Layer afterAttention(int block) {
          return afterAttention.get(block);
        }

        @Override
        public Layer afterFeedForward(int block) {
          return afterFeedForward.get(block);
        }
      };

  /**
   * Freezes a model and puts fresh bottlenecks into it, whose weights come after its own; they
   * share an owner, so that closing either closes both.
   *
   * @param width of the narrow vectors
   * @throws IllegalArgumentException if it is not between 1 and the width of the stream
   * @throws IllegalStateException if the model has bottlenecks already
   */
  public BottleneckAdapter(DecoderModel base, int width) {
    this.base = base;
    this.config = new Config(base.config(), width);
    Parameters own = Beside.frozen(base, NAME);
    int channels = base.config().channels();
    for (int i = 0; i < base.config().layers(); i++) {
      afterAttention.add(Bottleneck.of(own.in(i + ".attention"), channels, width));
      afterFeedForward.add(Bottleneck.of(own.in(i + ".feedForward"), channels, width));
    }
  }

  @Override
  public NDArray logits(NDArray ids, boolean training) {
    return base.logits(ids, training, inserts);
  }

  @Override
  public Config config() {
    return config;
  }

  /** The base's weights, frozen, then those of the bottlenecks. */
  @Override
  public Parameters parameters() {
    return base.parameters();
  }
}
