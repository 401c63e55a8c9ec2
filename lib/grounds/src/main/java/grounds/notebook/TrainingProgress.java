package grounds.notebook;

import grounds.training.TrainingEvent;
import grounds.training.TrainingListener;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * A progress bar of a training run: steps, tokens per second (median of the last 50 steps), loss,
 * perplexity, time left and time elapsed.
 *
 * <p>With no kernel, a line is printed at every tenth of the run.
 */
public final class TrainingProgress implements TrainingListener {

  private static final int RECENT = 50;
  private static final double SMOOTHING = 0.9;

  private final Supplier<Optional<Frontend>> frontend;
  private final LongSupplier nanoTime;
  private final Deque<Double> speeds = new ArrayDeque<>();
  private Smoothed smoothed = new Smoothed(SMOOTHING);
  private Optional<Progress.Bar> bar = Optional.empty();
  private String computation = "";
  private String loss = "";
  private String validation = "";
  private int step;
  private int steps = 1;

  /** Makes a bar that appears when the run starts. */
  public TrainingProgress() {
    this(Page::frontend, System::nanoTime);
  }

  TrainingProgress(Supplier<Optional<Frontend>> frontend, LongSupplier nanoTime) {
    this.frontend = frontend;
    this.nanoTime = nanoTime;
  }

  @Override
  public void on(TrainingEvent event) {
    step = event.step();
    if (event instanceof TrainingEvent.Started started) {
      steps = Math.max(1, started.steps());
      computation = started.computation();
      bar = Optional.of(new Progress.Bar(frontend.get(), nanoTime));
      bar.get().start(step);
      speeds.clear();
      smoothed = new Smoothed(SMOOTHING);
      loss = "";
      validation = "";
    } else if (event instanceof TrainingEvent.Stepped stepped) {
      double average = smoothed.add(stepped.loss());
      loss = Text.format(" · training loss %.3f (perplexity %.2f)", average, Math.exp(average));
      if (speeds.size() == RECENT) {
        speeds.removeFirst();
      }
      speeds.addLast(stepped.tokensPerSecond());
    } else if (event instanceof TrainingEvent.Evaluated evaluated) {
      validation =
          Text.format(
              " · validation loss %.3f (perplexity %.2f)",
              evaluated.validationLoss(), evaluated.validationPerplexity());
    }
    show(event);
  }

  private void show(TrainingEvent event) {
    String speed =
        speeds.isEmpty()
            ? ""
            : Text.format(
                " · %,.0f tokens/s",
                Text.median(speeds.stream().mapToDouble(Double::doubleValue).toArray()));
    String end = "";
    boolean last = false;
    if (event instanceof TrainingEvent.Ended ended) {
      last = true;
      end =
          switch (ended.outcome()) {
            case FINISHED -> "finished · ";
            case STOPPED -> "stopped, can go on · ";
            case FAILED -> "failed · ";
          };
    }
    boolean first = event instanceof TrainingEvent.Started;
    String how = first || last ? " · " + computation : "";
    String words =
        end + Text.format("step %,d of %,d", step, steps) + speed + loss + validation + how;
    boolean ending = last;
    bar.ifPresent(b -> b.show(step, steps, words, ending));
  }
}
