package grounds.scaling;

import grounds.model.GptConfig;

/**
 * One dial for the size of a model: everything else follows from its depth, as in nanochat
 * (Karpathy 2025), with a quarter of its width a layer so that a laptop sees several sizes.
 */
public final class Depth {

  private static final int CHANNELS_PER_LAYER = 16;
  private static final int HEAD = 16;
  private static final double RATE = 3e-3;
  private static final double RATE_CHANNELS = 64;

  private Depth() {}

  /** A model of that many layers, 16 channels wide for each, with heads of 16 channels. */
  public static GptConfig model(int layers, int vocabularySize, int contextLength) {
    if (layers < 1) {
      throw new IllegalArgumentException("Wanted a depth of 1 or more layers, got " + layers + ".");
    }
    int channels = CHANNELS_PER_LAYER * layers;
    return new GptConfig(vocabularySize, contextLength, channels, layers, channels / HEAD);
  }

  /**
   * A peak learning rate for AdamW: 3e-3 at 64 channels, and less for wider models, as the root of
   * the width.
   */
  public static double learningRate(GptConfig model) {
    return RATE * Math.sqrt(RATE_CHANNELS / model.channels());
  }
}
