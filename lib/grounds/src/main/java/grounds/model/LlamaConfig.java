package grounds.model;

import grounds.model.layer.GroupedQueryAttention;
import grounds.model.layer.RmsNorm;
import grounds.model.layer.RotaryPositions;

/**
 * The shape of a Llama.
 *
 * @param vocabularySize number of different tokens
 * @param contextLength most tokens seen at once
 * @param channels width of the residual stream
 * @param layers number of transformer blocks
 * @param heads attention heads a block; divides the width, into heads of an even width
 * @param keyValueHeads keys and values a block; divides the number of heads, which share them
 * @param hidden width of the feed-forward network between its matrices
 * @param rotaryBase how slowly the slow pairs of the rotary positions turn: 10,000 in Llama 1 and
 *     2, 500,000 in Llama 3
 * @param normEpsilon added to the mean square in every norm: 1e-6 in the first Llama of 7 billion
 *     parameters, 1e-5 in later ones
 * @param dropout share of values dropped while training, in [0, 1); the published models take 0
 * @param tiedHead whether the output head is the token table itself (Press and Wolf 2017)
 */
public record LlamaConfig(
    int vocabularySize,
    int contextLength,
    int channels,
    int layers,
    int heads,
    int keyValueHeads,
    int hidden,
    double rotaryBase,
    double normEpsilon,
    double dropout,
    boolean tiedHead)
    implements DecoderConfig {

  /** Llama 1's (Touvron et al. 2023). */
  private static final double EPSILON = 1e-6;

  public LlamaConfig {
    ModelConfig.requirePositive("vocabulary size", vocabularySize);
    ModelConfig.requirePositive("context length", contextLength);
    ModelConfig.requirePositive("number of channels", channels);
    ModelConfig.requirePositive("number of layers", layers);
    ModelConfig.requirePositive("hidden width", hidden);
    GroupedQueryAttention.requireHeadDim(channels, heads, keyValueHeads);
    RotaryPositions.requireBase(rotaryBase);
    RmsNorm.requireEpsilon(normEpsilon);
    ModelConfig.requireDropout(dropout);
  }

  /**
   * A Llama as the first one was: a key and a value for every head, a head of its own, no dropout,
   * and a feed-forward network of 8/3 of the channels, rounded up to a multiple of 8. Its three
   * matrices then hold about as much as GPT-2's two, which are 4 times as wide (Shazeer 2020).
   */
  public LlamaConfig(int vocabularySize, int contextLength, int channels, int layers, int heads) {
    this(
        vocabularySize,
        contextLength,
        channels,
        layers,
        heads,
        heads,
        8 * ((channels + 2) / 3),
        RotaryPositions.BASE,
        EPSILON,
        0,
        false);
  }

  public LlamaConfig withKeyValueHeads(int keyValueHeads) {
    return new LlamaConfig(
        vocabularySize,
        contextLength,
        channels,
        layers,
        heads,
        keyValueHeads,
        hidden,
        rotaryBase,
        normEpsilon,
        dropout,
        tiedHead);
  }

  public LlamaConfig withHidden(int hidden) {
    return new LlamaConfig(
        vocabularySize,
        contextLength,
        channels,
        layers,
        heads,
        keyValueHeads,
        hidden,
        rotaryBase,
        normEpsilon,
        dropout,
        tiedHead);
  }

  public LlamaConfig withRotaryBase(double rotaryBase) {
    return new LlamaConfig(
        vocabularySize,
        contextLength,
        channels,
        layers,
        heads,
        keyValueHeads,
        hidden,
        rotaryBase,
        normEpsilon,
        dropout,
        tiedHead);
  }

  public LlamaConfig withNormEpsilon(double normEpsilon) {
    return new LlamaConfig(
        vocabularySize,
        contextLength,
        channels,
        layers,
        heads,
        keyValueHeads,
        hidden,
        rotaryBase,
        normEpsilon,
        dropout,
        tiedHead);
  }

  public LlamaConfig withDropout(double dropout) {
    return new LlamaConfig(
        vocabularySize,
        contextLength,
        channels,
        layers,
        heads,
        keyValueHeads,
        hidden,
        rotaryBase,
        normEpsilon,
        dropout,
        tiedHead);
  }

  public LlamaConfig withTiedHead(boolean tiedHead) {
    return new LlamaConfig(
        vocabularySize,
        contextLength,
        channels,
        layers,
        heads,
        keyValueHeads,
        hidden,
        rotaryBase,
        normEpsilon,
        dropout,
        tiedHead);
  }

  /** How many values are trained, counted without making any. */
  public long parameterCount() {
    long c = channels;
    long keyOrValue = c * (c / heads * keyValueHeads);
    long attention = c * c + 2 * keyOrValue + c * c;
    long feedForward = 3 * c * hidden;
    long block = c + attention + c + feedForward;
    long table = vocabularySize * c;
    return table + layers * block + c + (tiedHead ? 0 : table);
  }
}
