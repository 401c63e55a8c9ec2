package grounds.generation;

/**
 * Changes the scores of the next token before one is drawn. Implement it to try a rule of your own,
 * and give it to {@link Sampler#of}.
 */
@FunctionalInterface
public interface LogitsProcessor {

  /**
   * Changes scores in place. Minus infinity keeps a token from being drawn; at least one score must
   * stay finite.
   *
   * @param logits the score of every token, before the softmax
   * @param text the ids so far, the prompt's too; not to be changed
   */
  void process(float[] logits, int[] text);
}
