package grounds.checkpoint;

import com.google.gson.JsonObject;
import grounds.model.LanguageModel;
import grounds.model.ModelConfig;
import grounds.tensor.Parameters;
import java.util.Map;

/**
 * How one family of models is published: the words of its {@code config.json}, and the names of its
 * weights. Implement it, and list it in {@link PublishedWeights}, to load another.
 */
interface PublishedFamily {

  /** What {@code config.json} calls it under {@code model_type}. */
  String modelType();

  /** What {@code config.json} lists under {@code architectures}. */
  String architecture();

  /** Whether this is the family of such a config. */
  boolean has(ModelConfig config);

  /**
   * The config as ours.
   *
   * @throws IllegalArgumentException if it asks for what our model does not compute
   */
  ModelConfig config(PublishedConfig json);

  /** Writes our config as theirs. */
  void write(ModelConfig config, JsonObject json);

  /** A model over the given, empty set of weights. */
  LanguageModel create(ModelConfig config, Parameters parameters);

  /** What the names of all weights but the head's start with; some files leave it out. */
  String prefix();

  /** Their words for ours, each a part of a name between dots. */
  Map<String, String> words();

  /** Whether their files hold this matrix, given by our name, with its columns as rows. */
  default boolean isTransposed(String name) {
    return false;
  }

  /** Whether a bias of zeros goes with this weight, given by our name, where ours has none. */
  default boolean wantsBias(String weight) {
    return false;
  }

  /** Whether a tensor of their files, by its name there, is no weight: a mask, say. */
  default boolean isConstant(String name) {
    return false;
  }

  /** Whether the head is the token table. */
  boolean isTied(ModelConfig config);
}
