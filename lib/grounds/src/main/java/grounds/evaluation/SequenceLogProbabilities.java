package grounds.evaluation;

import grounds.model.Batch;
import grounds.model.LanguageModel;
import grounds.tensor.TensorScope;

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
}
