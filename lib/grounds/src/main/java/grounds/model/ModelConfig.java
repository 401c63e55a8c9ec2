package grounds.model;

/**
 * What decides a model's shape, and is stored beside its weights: implemented by one record a
 * family.
 */
public interface ModelConfig {

  /** How many different tokens there are. */
  int vocabularySize();

  /** How many tokens the model sees at most. */
  int contextLength();

  /** Fails unless the value is at least 1: for a config's constructor. */
  static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException("Wanted a " + name + " of 1 or more, got " + value + ".");
    }
  }

  /** Fails unless the value is a share in [0, 1): for a config's constructor. */
  static void requireDropout(double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException("Wanted a dropout in [0, 1), got " + value + ".");
    }
  }

  /** Fails unless ids of [batch, time] fit the context. */
  default void requireFits(long time) {
    if (time < 1 || time > contextLength()) {
      throw new IllegalArgumentException(
          "Wanted 1 to "
              + contextLength()
              + " tokens (the context length), got "
              + time
              + ". Cut the text, or make a model with a longer context.");
    }
  }
}
