package grounds.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import grounds.model.Batch;
import grounds.model.CrossEntropy;
import grounds.model.LanguageModel;
import grounds.tensor.TensorScope;
import java.util.concurrent.CancellationException;
import java.util.function.IntUnaryOperator;

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
    return of(model, tokens, Integer.MAX_VALUE);
  }

  /** The same over at most that many windows, spread evenly over the text. */
  public static Perplexity of(LanguageModel model, int[] tokens, int windows) {
    int time = model.config().contextLength();
    Batch.requireWindow("evaluation", tokens, time);
    int available = (tokens.length - 1) / time;
    int used = requireWindows(windows, available);
    return measure(model, tokens, used, i -> time * (int) ((long) i * available / used), false);
  }

  /** Where the full context is there: only the last position of windows that overlap. */
  public static Perplexity withFullContext(LanguageModel model, int[] tokens) {
    return withFullContext(model, tokens, Integer.MAX_VALUE);
  }

  /** The same over at most that many positions, spread evenly over the text. */
  public static Perplexity withFullContext(LanguageModel model, int[] tokens, int positions) {
    int time = model.config().contextLength();
    Batch.requireWindow("evaluation", tokens, time);
    int available = tokens.length - time;
    int used = requireWindows(positions, available);
    return measure(model, tokens, used, i -> (int) ((long) i * available / used), true);
  }

  private static Perplexity measure(
      LanguageModel model, int[] tokens, int windows, IntUnaryOperator start, boolean lastOnly) {
    int time = model.config().contextLength();
    int rows = Math.max(1, TOKENS_PER_BATCH / time);
    NDManager manager = model.parameters().manager();
    double sum = 0;
    long count = 0;
    for (int first = 0; first < windows; first += rows) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancellationException("Evaluation was interrupted after " + count + " tokens.");
      }
      int[] starts = new int[Math.min(rows, windows - first)];
      for (int i = 0; i < starts.length; i++) {
        starts[i] = start.applyAsInt(first + i);
      }
      Batch batch = Batch.of(tokens, time, starts);
      try (TensorScope scope = TensorScope.open(manager)) {
        NDArray logits = model.logits(batch.inputs(scope.manager()), false);
        float[] losses =
            CrossEntropy.perToken(logits, batch.targets(scope.manager())).toFloatArray();
        for (int i = lastOnly ? time - 1 : 0; i < losses.length; i += lastOnly ? time : 1) {
          sum += losses[i];
          count++;
        }
      }
    }
    return new Perplexity(sum / count, count);
  }

  private static int requireWindows(int wanted, int available) {
    if (wanted < 1) {
      throw new IllegalArgumentException("Wanted 1 or more windows, got " + wanted + ".");
    }
    return Math.min(wanted, available);
  }
}
