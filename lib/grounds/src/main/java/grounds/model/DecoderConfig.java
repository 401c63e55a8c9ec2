package grounds.model;

/** What a {@link Decoder} must know of its family's config. */
interface DecoderConfig extends ModelConfig {

  /** Width of the residual stream. */
  int channels();

  /** Number of transformer blocks. */
  int layers();

  /** Share of values dropped while training, in [0, 1). */
  double dropout();

  /** Whether the output head is the token table itself. */
  boolean tiedHead();
}
