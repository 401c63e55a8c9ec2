package grounds.notebook;

import grounds.training.TrainingEvent;
import grounds.training.TrainingListener;
import java.util.ArrayList;
import java.util.List;

/**
 * Prints a row at each evaluation of a training run: step, loss on both parts (nats), perplexity on
 * the validation part, and the median speed since the row before. The best row so far is marked.
 */
public final class EvaluationLog implements TrainingListener {

  private final List<Double> speeds = new ArrayList<>();
  private boolean headed;

  /** Makes a log that prints to standard output. */
  public EvaluationLog() {}

  @Override
  public void on(TrainingEvent event) {
    if (event instanceof TrainingEvent.Started) {
      speeds.clear();
      headed = false;
    } else if (event instanceof TrainingEvent.Stepped stepped) {
      speeds.add(stepped.tokensPerSecond());
    } else if (event instanceof TrainingEvent.Evaluated evaluated) {
      double[] since = speeds.stream().mapToDouble(Double::doubleValue).toArray();
      speeds.clear();
      if (!headed) {
        // Not at the start: a live chart would come between the heading and its rows.
        headed = true;
        System.out.println(
            Text.format(
                "%8s  %13s  %15s  %10s  %10s",
                "step", "training loss", "validation loss", "perplexity", "tokens/s"));
      }
      System.out.println(
          Text.format(
              "%,8d  %13.4f  %15.4f  %10.3f  %10s%s",
              evaluated.step(),
              evaluated.trainingLoss(),
              evaluated.validationLoss(),
              evaluated.validationPerplexity(),
              since.length == 0 ? "" : Text.format("%,.0f", Text.median(since)),
              evaluated.best() ? "  best" : ""));
    }
  }
}
