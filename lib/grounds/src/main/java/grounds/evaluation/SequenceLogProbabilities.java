package grounds.evaluation;

import grounds.model.Batch;
import grounds.model.LanguageModel;
import grounds.tensor.TensorScope;
import java.util.stream.IntStream;

/**
 * How probable a model finds whole sequences: the logarithm of the product of the probabilities
 * that it gives to their tokens, one after the other. Two models' figures for one answer are what
 * direct preference optimization compares (Rafailov et al. 2023).
 */
public final class SequenceLogProbabilities {

  private SequenceLogProbabilities() {}

  /**
   * For each row of the batch the sum over its counted targets, in nats; 0 for a row without any.
   *
   * @return [batch], each 0 or less
   */
  public static double[] of(LanguageModel model, Batch batch) {
    double[] sums = new double[batch.size()];
    try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
      float[] surprises =
          model
              .surprises(batch.inputs(scope.manager()), batch.targets(scope.manager()))
              .toFloatArray();
      for (int i = 0; i < surprises.length; i++) {
        sums[i / batch.time()] -= batch.counts(i) ? surprises[i] : 0;
      }
    }
    return sums;
  }

  /**
   * For each token of a text but the first, which nothing precedes, the logarithm of the
   * probability that the model gives it, in nats.
   *
   * @param text 2 to one more than the context's tokens
   * @return [text.length - 1], each 0 or less
   * @throws IllegalArgumentException if the text is shorter or longer
   */
  public static double[] perToken(LanguageModel model, int[] text) {
    if (text.length < 2) {
      throw new IllegalArgumentException(
          "Wanted a text of 2 or more tokens, so that one has a past, got " + text.length + ".");
    }
    Batch batch = Batch.ofWindows(text);
    try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
      float[] surprises =
          model
              .surprises(batch.inputs(scope.manager()), batch.targets(scope.manager()))
              .toFloatArray();
      return IntStream.range(0, surprises.length).mapToDouble(i -> -surprises[i]).toArray();
    }
  }
}
