package grounds.notebook;

import grounds.plot.Chart;
import grounds.plot.LineChart;
import grounds.training.TrainingEvent;
import grounds.training.TrainingListener;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A loss curve that grows while a model trains: the training loss of each step, smoothed; the
 * validation loss at each evaluation; the best of these ringed.
 *
 * <p>It is drawn anew at most twice a second, and less often where drawing would take more than a
 * twentieth of the time. With no kernel, a line is printed at each evaluation.
 */
public final class LiveChart implements TrainingListener {

  private static final long INTERVAL_MILLIS = 500;

  /**
   * Points of the training line kept over the whole run: more than there are pixels help nobody.
   */
  private static final int POINTS = 700;

  private record Point(int step, double loss) {}

  private final String title;
  private final Supplier<Optional<Frontend>> frontend;
  private final LongSupplier nanoTime;
  private final Map<String, Double> references = new LinkedHashMap<>();
  private final List<Point> training = new ArrayList<>();
  private final List<Point> validation = new ArrayList<>();
  private double weight = 0.95;
  private Smoothed smoothed = new Smoothed(weight);
  private Optional<Page.Live> live = Optional.empty();
  private Optional<Point> latest = Optional.empty();
  private Optional<Point> best = Optional.empty();
  private int steps;

  /** Makes a chart "Loss while training" that appears when the run starts. */
  public LiveChart() {
    this("Loss while training");
  }

  /** Makes a chart with this title that appears when the run starts. */
  public LiveChart(String title) {
    this(title, Page::frontend, System::nanoTime);
  }

  LiveChart(String title, Supplier<Optional<Frontend>> frontend, LongSupplier nanoTime) {
    this.title = title;
    this.frontend = frontend;
    this.nanoTime = nanoTime;
  }

  /**
   * Sets what the past counts in the smoothed training loss: 0 shows every step as it is, 0.95
   * (where it is not set) averages about the last 20 steps.
   */
  public LiveChart smoothing(double weight) {
    smoothed = new Smoothed(weight);
    this.weight = weight;
    return this;
  }

  /** Adds a horizontal line to compare with: {@code reference("uniform guess, ln 65", 4.174)}. */
  public LiveChart reference(String label, double loss) {
    references.put(label, loss);
    return this;
  }

  @Override
  public void on(TrainingEvent event) {
    if (event instanceof TrainingEvent.Started started) {
      start(started);
    } else if (event instanceof TrainingEvent.Stepped stepped) {
      steps = stepped.steps();
      Point point = new Point(stepped.step(), smoothed.add(stepped.loss()));
      latest = Optional.of(point);
      if (stepped.step() % Math.max(1, steps / POINTS) == 0 || training.isEmpty()) {
        training.add(point);
      }
      redraw(false);
    } else if (event instanceof TrainingEvent.Evaluated evaluated) {
      Point point = new Point(evaluated.step(), evaluated.validationLoss());
      validation.add(point);
      if (evaluated.best()) {
        best = Optional.of(point);
      }
      if (live.isEmpty()) {
        System.out.println(
            Text.format(
                "step %,d of %,d: training loss %.4f, validation loss %.4f, perplexity %.3f%s",
                evaluated.step(),
                steps,
                evaluated.trainingLoss(),
                evaluated.validationLoss(),
                evaluated.validationPerplexity(),
                evaluated.best() ? ", the best so far" : ""));
      }
      redraw(false);
    } else if (event instanceof TrainingEvent.Ended) {
      redraw(true);
    }
  }

  /** A run that goes on keeps its curve up to the step where it goes on; a new one starts anew. */
  private void start(TrainingEvent.Started started) {
    steps = started.steps();
    if (latest.isPresent() && latest.get().step() != started.step()) {
      smoothed = new Smoothed(weight);
      latest = Optional.empty();
    }
    training.removeIf(p -> started.step() == 0 || p.step() > started.step());
    validation.removeIf(p -> started.step() == 0 || p.step() > started.step());
    best = best.filter(validation::contains);
    live = frontend.get().map(f -> new Page.Live(f, nanoTime, INTERVAL_MILLIS));
  }

  private void redraw(boolean last) {
    boolean drawable =
        Stream.concat(training.stream(), validation.stream())
            .anyMatch(p -> Double.isFinite(p.loss()));
    if (drawable) {
      live.ifPresent(l -> l.offer(() -> Show.picture(chart()), last));
    }
  }

  /**
   * The curve as it is now.
   *
   * @throws IllegalStateException if there is no step and no evaluation yet
   */
  public Chart chart() {
    List<Point> line = new ArrayList<>(training);
    latest.filter(p -> !line.contains(p)).ifPresent(line::add);
    LineChart chart = LineChart.of(title).x("step").y("cross-entropy (nats)");
    String name = weight == 0 ? "training" : "training, smoothed (weight " + weight + ")";
    add(chart, name, line);
    add(chart, "validation", validation);
    references.forEach(chart::reference);
    best.ifPresent(b -> chart.mark(Text.format("best %.3f", b.loss()), b.step(), b.loss()));
    return chart.xRange(0, Math.max(1, steps)).chart();
  }

  private static void add(LineChart chart, String name, List<Point> points) {
    if (points.stream().anyMatch(p -> Double.isFinite(p.loss()))) {
      chart.line(
          name,
          points.stream().mapToDouble(Point::step).toArray(),
          points.stream().mapToDouble(Point::loss).toArray());
    }
  }
}
