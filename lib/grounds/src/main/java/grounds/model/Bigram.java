package grounds.model;

import ai.djl.ndarray.NDArray;
import grounds.model.layer.Embedding;
import grounds.tensor.Parameters;

/**
 * The simplest model: a table with one row of scores for every token, looked up by the last one
 * alone. Trained, its rows are the logarithms of the bigram counts.
 */
public final class Bigram implements LanguageModel {

  /**
   * The shape of a bigram table.
   *
   * @param vocabularySize number of different tokens
   * @param contextLength how many positions are predicted at once; each still sees one token
   */
  public record Config(int vocabularySize, int contextLength) implements ModelConfig {
    public Config {
      ModelConfig.requirePositive("vocabulary size", vocabularySize);
      ModelConfig.requirePositive("context length", contextLength);
    }
  }

  private final Config config;
  private final Parameters parameters;
  private final Embedding table;

  /** A table with fresh random scores on the current device. */
  public Bigram(Config config, long seed) {
    this(config, new Parameters(seed));
  }

  /** A table that the given, empty set makes and owns. */
  public Bigram(Config config, Parameters parameters) {
    this.config = config;
    this.parameters = parameters;
    this.table =
        new Embedding(
            parameters.in("table"), config.vocabularySize(), config.vocabularySize(), 0.02);
  }

  @Override
  public NDArray logits(NDArray ids, boolean training) {
    config.requireFits(ids.getShape().get(1));
    return table.forward(ids, training);
  }

  @Override
  public Config config() {
    return config;
  }

  @Override
  public Parameters parameters() {
    return parameters;
  }
}
