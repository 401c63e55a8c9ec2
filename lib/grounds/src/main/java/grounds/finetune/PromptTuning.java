package grounds.finetune;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import grounds.model.DecoderConfig;
import grounds.model.DecoderModel;
import grounds.model.Inserts;
import grounds.model.LanguageModel;
import grounds.model.ModelConfig;
import grounds.model.layer.Layer;
import grounds.tensor.Parameter;
import grounds.tensor.Parameters;
import grounds.tensor.Seeds;
import grounds.tensor.TensorScope;
import java.util.SplittableRandom;

/**
 * A frozen model that reads some trained vectors before every text, as if they were the vectors of
 * tokens (Lester et al. 2021): a prompt that is learned, not written.
 *
 * <p>The vectors start as those of tokens, and the model as its base after that prompt; it cannot
 * start equal to the base without one. They take places in the context, so that texts are shorter
 * by as many. It computes in plain NDArray operations, in training and in generation; the base
 * itself goes on computing what it did.
 */
public final class PromptTuning implements LanguageModel {

  private static final String NAME = "prompt";
  private static final String TOKEN_TABLE = "tokenEmbedding.weight";

  /**
   * The shape of a model with a trained prompt.
   *
   * @param base the frozen model's
   * @param vectors how many there are before the text
   */
  public record Config(DecoderConfig base, int vectors) implements ModelConfig {

    public Config {
      if (vectors < 1 || vectors >= base.contextLength()) {
        throw new IllegalArgumentException(
            "Wanted a prompt of 1 to "
                + (base.contextLength() - 1)
                + " vectors, so that one token at least fits into the context of "
                + base.contextLength()
                + ", got "
                + vectors
                + ".");
      }
    }

    @Override
    public int vocabularySize() {
      return base.vocabularySize();
    }

    /** What the prompt leaves of the base's context. */
    @Override
    public int contextLength() {
      return base.contextLength() - vectors;
    }
  }

  private final DecoderModel base;
  private final Config config;
  private final NDArray vectors;
  private final NDIndex text;

  private final Inserts inserts =
      new Inserts() {
        @Override
        public Layer afterEmbedding() {
          return (tokens, training) -> behindPrompt(tokens);
        }
      };

  /**
   * Freezes a model and puts one vector for each given token before its texts. They share an owner
   * with its weights, so that closing either closes both.
   *
   * @param tokens whose vectors they start as, such as those of an instruction
   * @throws IllegalArgumentException if a token is not in the vocabulary, there is none, or so many
   *     that they fill the context
   * @throws IllegalStateException if the model has a trained prompt already
   */
  public PromptTuning(DecoderModel base, int... tokens) {
    this.base = base;
    this.config = new Config(base.config(), tokens.length);
    this.text = new NDIndex(":, " + tokens.length + ":");
    int channels = base.config().channels();
    float[] start = rows(base, tokens);
    Parameters own = Beside.frozen(base, NAME);
    this.vectors = own.zeros("vectors", tokens.length, channels);
    own.get("vectors").load(start);
  }

  /**
   * The same, starting as tokens drawn from the vocabulary, each equally likely.
   *
   * @param vectors how many
   */
  public static PromptTuning random(DecoderModel base, int vectors, long seed) {
    Config config = new Config(base.config(), vectors);
    SplittableRandom random = Seeds.random(Seeds.derive(seed, NAME));
    return new PromptTuning(base, random.ints(vectors, 0, config.vocabularySize()).toArray());
  }

  /** The vectors of some tokens, one after the other. */
  @SuppressWarnings("try") // the scope is only a bracket
  private static float[] rows(DecoderModel base, int... tokens) {
    Parameter table = base.parameters().get(TOKEN_TABLE);
    int channels = base.config().channels();
    float[] rows = new float[tokens.length * channels];
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] < 0 || tokens[i] >= base.config().vocabularySize()) {
        throw new IllegalArgumentException(
            "Wanted tokens from 0 to "
                + (base.config().vocabularySize() - 1)
                + " to start as, got "
                + tokens[i]
                + ".");
      }
      try (TensorScope scope = TensorScope.open(base.parameters().manager())) {
        System.arraycopy(
            table.array().get(tokens[i]).toFloatArray(), 0, rows, i * channels, channels);
      }
    }
    return rows;
  }

  /** The trained vectors before those of each text, [batch, vectors + time, channels]. */
  private NDArray behindPrompt(NDArray tokens) {
    long batch = tokens.getShape().get(0);
    Shape one = vectors.getShape();
    return vectors.broadcast(batch, one.get(0), one.get(1)).concat(tokens, 1);
  }

  @Override
  public NDArray logits(NDArray ids, boolean training) {
    config.requireFits(ids.getShape().get(1));
    return base.logits(ids, training, inserts).get(text);
  }

  @Override
  public Config config() {
    return config;
  }

  /** The base's weights, frozen, then the vectors. */
  @Override
  public Parameters parameters() {
    return base.parameters();
  }
}
