package grounds.model;

import ai.djl.ndarray.NDArray;
import grounds.model.layer.LowRank;
import grounds.tensor.Parameters;
import java.util.Optional;

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

  /**
   * The surprise at each target, in nats: minus the logarithm of the probability that the model
   * gives it.
   *
   * @param ids token ids, int64 [batch, time]
   * @param targets the token that came next at each position, int64 [batch, time]
   * @return float32 [batch, time]; closed by the scope around the call
   */
  default NDArray surprises(NDArray ids, NDArray targets) {
    return CrossEntropy.perToken(logits(ids, false), targets);
  }

  /**
   * Reads texts token by token, for generation. This one reads all of a text anew for every token;
   * a model that can keep what it needs of the tokens before gives a better one.
   */
  default TextReader reader() {
    return TextReader.rereading(this);
  }

  /** What decides the model's shape. */
  ModelConfig config();

  /** The weights, which the model owns. */
  Parameters parameters();

  /**
   * The shape of the adapters, if the model was adapted. A linear layer has one if there are
   * parameters {@code adapter.down.weight} and {@code adapter.up.weight} under its name.
   */
  default Optional<LowRank> adapter() {
    return Optional.empty();
  }

  /** Closes the parameters. */
  @Override
  default void close() {
    parameters().close();
  }
}
