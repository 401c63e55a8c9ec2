package grounds.model;

/** What the configs of decoder-only families have in common. */
public interface DecoderConfig extends ModelConfig {

  /** Width of the residual stream. */
  int channels();

  /** Number of transformer blocks. */
  int layers();

  /** Attention heads a block: of queries, where keys and values have fewer. */
  int heads();

  /** Share of values dropped while training, in [0, 1). */
  double dropout();

  /** Whether the output head is the token table itself. */
  boolean tiedHead();
}
