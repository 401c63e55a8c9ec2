package grounds.evaluation;

import ai.djl.ndarray.NDManager;
import grounds.model.Batch;
import grounds.model.LanguageModel;
import grounds.tensor.TensorScope;
import grounds.tokenizer.TokenSequence;
import java.util.concurrent.CancellationException;
import java.util.function.LongUnaryOperator;

/**
 * How well a model predicts a text: e to the mean surprise, that is, among how many equally likely
 * tokens it hesitates on average. 1 is certainty; a uniform guess has the vocabulary's size.
 *
 * @param loss mean cross-entropy in nats per token
 * @param tokens how many predictions the mean is over
 */
public record Perplexity(double loss, long tokens) {

  /** Windows that are evaluated at once: enough for speed, few enough for memory. */
  private static final int TOKENS_PER_BATCH = 4096;

  /** e to the loss. */
  public double value() {
    return Math.exp(loss);
  }

  /**
   * Over every position of windows that lie side by side: early positions see little, the last one
   * sees the whole context, as in training.
   *
   * @throws CancellationException if the thread is interrupted
   */
  public static Perplexity of(LanguageModel model, int[] tokens) {
    return of(model, TokenSequence.of(tokens));
  }

  /** The same over a text that need not be in memory. */
  public static Perplexity of(LanguageModel model, TokenSequence tokens) {
    return sideBySide(model, tokens, Long.MAX_VALUE);
  }

  /** The same over at most that many windows, spread evenly over the text. */
  public static Perplexity of(LanguageModel model, int[] tokens, int windows) {
    return of(model, TokenSequence.of(tokens), windows);
  }

  /** The same over at most that many windows, spread evenly over the text. */
  public static Perplexity of(LanguageModel model, TokenSequence tokens, int windows) {
    return sideBySide(model, tokens, windows);
  }

  private static Perplexity sideBySide(LanguageModel model, TokenSequence tokens, long windows) {
    int time = model.config().contextLength();
    Batch.requireWindow("evaluation", tokens.length(), time);
    long available = (tokens.length() - 1) / time;
    long used = requireWindows(windows, available);
    return measure(model, tokens, used, i -> time * spread(i, available, used), false);
  }

  /** Where the full context is there: only the last position of windows that overlap. */
  public static Perplexity withFullContext(LanguageModel model, int[] tokens) {
    return withFullContext(model, TokenSequence.of(tokens));
  }

  /** The same over a text that need not be in memory. */
  public static Perplexity withFullContext(LanguageModel model, TokenSequence tokens) {
    return overlapping(model, tokens, Long.MAX_VALUE);
  }

  /** The same over at most that many positions, spread evenly over the text. */
  public static Perplexity withFullContext(LanguageModel model, int[] tokens, int positions) {
    return withFullContext(model, TokenSequence.of(tokens), positions);
  }

  /** The same over at most that many positions, spread evenly over the text. */
  public static Perplexity withFullContext(
      LanguageModel model, TokenSequence tokens, int positions) {
    return overlapping(model, tokens, positions);
  }

  private static Perplexity overlapping(LanguageModel model, TokenSequence tokens, long positions) {
    int time = model.config().contextLength();
    Batch.requireWindow("evaluation", tokens.length(), time);
    long available = tokens.length() - time;
    long used = requireWindows(positions, available);
    return measure(model, tokens, used, i -> spread(i, available, used), true);
  }

  /**
   * The i-th of some places spread over all there are; i * available / used, but never too long.
   */
  private static long spread(long i, long available, long used) {
    return i * (available / used) + i * (available % used) / used;
  }

  private static Perplexity measure(
      LanguageModel model,
      TokenSequence tokens,
      long windows,
      LongUnaryOperator start,
      boolean lastOnly) {
    int time = model.config().contextLength();
    int rows = Math.max(1, TOKENS_PER_BATCH / time);
    NDManager manager = model.parameters().manager();
    double sum = 0;
    long count = 0;
    for (long first = 0; first < windows; first += rows) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancellationException("Evaluation was interrupted after " + count + " tokens.");
      }
      int[][] cut = new int[(int) Math.min(rows, windows - first)][];
      for (int i = 0; i < cut.length; i++) {
        cut[i] = tokens.read(start.applyAsLong(first + i), time + 1);
      }
      Batch batch = Batch.ofWindows(cut);
      try (TensorScope scope = TensorScope.open(manager)) {
        float[] losses =
            model
                .surprises(batch.inputs(scope.manager()), batch.targets(scope.manager()))
                .toFloatArray();
        for (int i = lastOnly ? time - 1 : 0; i < losses.length; i += lastOnly ? time : 1) {
          sum += losses[i];
          count++;
        }
      }
    }
    return new Perplexity(sum / count, count);
  }

  private static long requireWindows(long wanted, long available) {
    if (wanted < 1) {
      throw new IllegalArgumentException("Wanted 1 or more windows, got " + wanted + ".");
    }
    return Math.min(wanted, available);
  }
}
