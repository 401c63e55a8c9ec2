package grounds.model;

import ai.djl.ndarray.NDArray;
import grounds.tensor.Parameters;

/**
 * Predicts the next token at every position of a context. Implement it to train, generate with and
 * measure a model of your own.
 */
public interface LanguageModel extends AutoCloseable {

  /**
   * The scores of every possible next token, before the softmax.
   *
   * @param ids token ids, int64 [batch, time], time from 1 to the context length
   * @param training whether dropout acts
   * @return logits, float32 [batch, time, vocabularySize]; closed by the scope around the call
   */
  NDArray logits(NDArray ids, boolean training);

  /** What decides the model's shape. */
  ModelConfig config();

  /** The weights, which the model owns. */
  Parameters parameters();

  /** Closes the parameters. */
  @Override
  default void close() {
    parameters().close();
  }
}
