package grounds.model;

import grounds.model.layer.Layer;

/**
 * Layers that are put between the parts of a decoder from outside, for one pass: its own weights
 * and parts stay what they are. Each takes [batch, time, channels]; those that are not overridden
 * give what they take.
 */
public interface Inserts {

  /** Gives what it takes. */
  Layer SAME = (input, training) -> input;

  /** Puts nothing anywhere. */
  Inserts NONE = new Inserts() {};

  /**
   * Behind the token table, before positions are told apart. It may put vectors before those of the
   * text, as long as all fit into the context: places and scores are then of the longer text.
   */
  default Layer afterEmbedding() {
    return SAME;
  }

  /** Behind attention in the block of that number, before its output joins the residual stream. */
  default Layer afterAttention(int block) {
    return SAME;
  }

  /** Behind the feed-forward network of that block, likewise. */
  default Layer afterFeedForward(int block) {
    return SAME;
  }
}
