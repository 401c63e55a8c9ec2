package grounds.model;

import grounds.model.layer.CausalSelfAttention;

/**
 * The shape of a GPT.
 *
 * @param vocabularySize number of different tokens
 * @param contextLength most tokens seen at once
 * @param channels width of the residual stream
 * @param layers number of transformer blocks
 * @param heads attention heads a block; divides the width
 * @param dropout share of values dropped while training, in [0, 1)
 * @param bias whether linear layers and norms have a bias, as GPT-2's do
 * @param tiedHead whether the output head is the token table itself (Press and Wolf 2017)
 * @param tanhGelu whether GELU is computed by the approximation with tanh, as the published GPT-2
 *     does, and not exactly
 */
public record GptConfig(
    int vocabularySize,
    int contextLength,
    int channels,
    int layers,
    int heads,
    double dropout,
    boolean bias,
    boolean tiedHead,
    boolean tanhGelu)
    implements DecoderConfig {

  public GptConfig {
    ModelConfig.requirePositive("vocabulary size", vocabularySize);
    ModelConfig.requirePositive("context length", contextLength);
    ModelConfig.requirePositive("number of channels", channels);
    ModelConfig.requirePositive("number of layers", layers);
    CausalSelfAttention.requireHeadDim(channels, heads);
    ModelConfig.requireDropout(dropout);
  }

  /** A GPT with exact GELU. */
  public GptConfig(
      int vocabularySize,
      int contextLength,
      int channels,
      int layers,
      int heads,
      double dropout,
      boolean bias,
      boolean tiedHead) {
    this(vocabularySize, contextLength, channels, layers, heads, dropout, bias, tiedHead, false);
  }

  /** A GPT without dropout and biases, its head tied to the token table. */
  public GptConfig(int vocabularySize, int contextLength, int channels, int layers, int heads) {
    this(vocabularySize, contextLength, channels, layers, heads, 0, false, true);
  }

  /** GPT-2 small as published (Radford et al. 2019): 124,439,808 parameters. */
  public static GptConfig gpt2Small() {
    return new GptConfig(50257, 1024, 768, 12, 12, 0.1, true, true, true);
  }

  public GptConfig withDropout(double dropout) {
    return new GptConfig(
        vocabularySize, contextLength, channels, layers, heads, dropout, bias, tiedHead, tanhGelu);
  }

  public GptConfig withBias(boolean bias) {
    return new GptConfig(
        vocabularySize, contextLength, channels, layers, heads, dropout, bias, tiedHead, tanhGelu);
  }

  public GptConfig withTiedHead(boolean tiedHead) {
    return new GptConfig(
        vocabularySize, contextLength, channels, layers, heads, dropout, bias, tiedHead, tanhGelu);
  }

  public GptConfig withTanhGelu(boolean tanhGelu) {
    return new GptConfig(
        vocabularySize, contextLength, channels, layers, heads, dropout, bias, tiedHead, tanhGelu);
  }

  /** How many values are trained, counted without making any. */
  public long parameterCount() {
    long c = channels;
    long norm = bias ? 2 * c : c;
    long attention = c * 3 * c + c * c + (bias ? 3 * c + c : 0);
    long feedForward = c * 4 * c + 4 * c * c + (bias ? 4 * c + c : 0);
    long block = norm + attention + norm + feedForward;
    long tables = (vocabularySize + (long) contextLength) * c;
    long head = tiedHead ? 0 : vocabularySize * c;
    return tables + layers * block + norm + head;
  }
}
