package grounds.training;

import grounds.evaluation.Perplexity;
import grounds.model.Batch;
import grounds.model.LanguageModel;
import grounds.model.ModelConfig;
import grounds.tokenizer.TokenSequence;

/**
 * What a model is trained on and measured on. The n-th batch depends on n alone, so that a run can
 * go on from any step.
 */
public interface TrainingData {

  /** The n-th micro-batch of the run, from 0. */
  Batch batch(long n);

  /**
   * The mean loss on the part that is learnt from, in nats a counted token.
   *
   * @param model the weights as they are, dropout off
   * @param windows about how many windows to look at
   */
  double trainingLoss(LanguageModel model, int windows);

  /** The same on the part that is not learnt from. */
  double validationLoss(LanguageModel model, int windows);

  /** A hash of all of it: a checkpoint goes on with the same data only. */
  String hash();

  /**
   * Windows from random places of a running text.
   *
   * @param training token ids to learn from, longer than the model's context
   * @param validation token ids to measure on, longer than the model's context
   * @throws IllegalArgumentException if a text is too short, or has ids that the model does not
   *     know
   */
  static TrainingData text(
      TokenSequence training, TokenSequence validation, ModelConfig model, TrainingConfig config) {
    int time = model.contextLength();
    Batch.requireWindow("validation", validation.length(), time);
    training.requireVocabulary("training", model.vocabularySize());
    validation.requireVocabulary("validation", model.vocabularySize());
    TokenBatches batches = new TokenBatches(training, config.batch(), time, config.seed());
    String hash = TokenSequence.hash(training, validation);
    return new TrainingData() {
      @Override
      public Batch batch(long n) {
        batches.seek(n);
        return batches.next();
      }

      @Override
      public double trainingLoss(LanguageModel measured, int windows) {
        return Perplexity.of(measured, training, windows).loss();
      }

      @Override
      public double validationLoss(LanguageModel measured, int windows) {
        return Perplexity.of(measured, validation, windows).loss();
      }

      @Override
      public String hash() {
        return hash;
      }
    };
  }
}
