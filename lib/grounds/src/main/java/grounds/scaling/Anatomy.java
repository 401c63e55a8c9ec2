package grounds.scaling;

import grounds.model.DecoderConfig;
import grounds.model.GptConfig;
import grounds.model.LlamaConfig;

/**
 * What of a decoder decides its size and work, whichever its family.
 *
 * @param keyValueChannels width of keys, and of values
 * @param hidden width of the feed-forward network
 * @param gated whether that network has a third matrix, its gate
 * @param bias whether linear layers and norms have a bias
 * @param positionTable whether positions are learned
 */
record Anatomy(
    long vocabulary,
    long context,
    long channels,
    long layers,
    long heads,
    long keyValueChannels,
    long hidden,
    boolean gated,
    boolean bias,
    boolean positionTable,
    boolean tiedHead) {

  static Anatomy of(DecoderConfig config) {
    long channels = config.channels();
    if (config instanceof GptConfig gpt) {
      return new Anatomy(
          gpt.vocabularySize(),
          gpt.contextLength(),
          channels,
          gpt.layers(),
          gpt.heads(),
          channels,
          4 * channels,
          false,
          gpt.bias(),
          true,
          gpt.tiedHead());
    }
    if (config instanceof LlamaConfig llama) {
      return new Anatomy(
          llama.vocabularySize(),
          llama.contextLength(),
          channels,
          llama.layers(),
          llama.heads(),
          channels / llama.heads() * llama.keyValueHeads(),
          llama.hidden(),
          true,
          false,
          false,
          llama.tiedHead());
    }
    throw new IllegalArgumentException(
        "Wanted the config of a Gpt or a Llama, whose parts are known, got " + config + ".");
  }

  /** Matrices of the feed-forward network. */
  long feedForwardMatrices() {
    return gated ? 3 : 2;
  }
}
