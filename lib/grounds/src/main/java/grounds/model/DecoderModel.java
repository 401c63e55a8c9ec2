package grounds.model;

import ai.djl.ndarray.NDArray;

/**
 * A model of blocks around one residual stream, between whose parts others can put layers of their
 * own: {@link Gpt} and {@link Llama}.
 */
public interface DecoderModel extends LanguageModel {

  /**
   * What {@link #logits(NDArray, boolean)} gives, with layers put between the parts.
   *
   * @param ids token ids, int64 [batch, time]
   * @return float32 [batch, time, vocabularySize], time with the vectors that were put before the
   *     text; closed by the scope around the call
   * @throws IllegalArgumentException if the text with such vectors is longer than the context
   */
  NDArray logits(NDArray ids, boolean training, Inserts inserts);

  @Override
  DecoderConfig config();
}
