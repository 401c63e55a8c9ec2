package grounds.generation;

/** What to do when a text grows longer than the model's context. */
public enum Overflow {
  /**
   * The window slides: the model sees the last tokens that fit. Every token then has another place
   * than before, so nothing kept can be used and the window is read anew for each token.
   */
  SLIDE,
  /** Prompt and new tokens together must fit; what does not is refused before it begins. */
  REFUSE
}
