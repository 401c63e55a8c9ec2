package grounds.scaling;

import grounds.model.GptConfig;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The runs of a sweep, as a grid: every depth with every length, learning rate and seed. A length
 * is a number of steps or a budget of operations; a budget with several depths is an isoFLOP
 * family.
 *
 * <pre>
 * # small enough for a lunch break
 * data    = tiny-shakespeare
 * context = 64
 * depth   = 1 2 3 4
 * budget  = 3e11 1e12 3e12
 * </pre>
 *
 * @param data the name of the text
 * @param context tokens of a window
 * @param batch windows a step
 * @param depths layers; the rest follows by {@link Depth}
 * @param steps lengths as steps; may be empty if there are budgets
 * @param budgets lengths as operations; may be empty if there are steps
 * @param rates factors to the learning rate that {@link Depth} gives
 * @param seeds of weights, order and dropout
 * @param evaluations how often a run is measured
 * @param windows of each part that are measured
 */
public record SweepPlan(
    String data,
    int context,
    int batch,
    List<Integer> depths,
    List<Integer> steps,
    List<Double> budgets,
    List<Double> rates,
    List<Long> seeds,
    int evaluations,
    int windows) {

  private static final Map<String, String> DEFAULTS =
      Map.of(
          "data", "tiny-shakespeare",
          "context", "64",
          "batch", "32",
          "depth", "1 2 3 4",
          "steps", "",
          "budget", "",
          "rate", "1",
          "seed", "1",
          "evaluations", "10",
          "windows", "200");

  public SweepPlan {
    depths = List.copyOf(depths);
    steps = List.copyOf(steps);
    budgets = List.copyOf(budgets);
    rates = List.copyOf(rates);
    seeds = List.copyOf(seeds);
    if (steps.isEmpty() && budgets.isEmpty()) {
      throw new IllegalArgumentException(
          "Wanted a number of steps or a budget of operations, got neither: add a line such as"
              + " 'steps = 500 1000' or 'budget = 1e12'.");
    }
  }

  /**
   * Reads a plan: lines of {@code name = values}, several values apart by spaces, {@code #} for
   * remarks.
   *
   * @throws IllegalArgumentException if a name is unknown or a value is no number, naming it
   * @throws UncheckedIOException with the path, if it cannot be read
   */
  public static SweepPlan read(Path file) {
    Properties lines = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      lines.load(reader);
    } catch (IOException e) {
      String why = Files.exists(file) ? "" : ": there is no such file";
      throw new UncheckedIOException("Could not read the sweep " + file + why + ".", e);
    }
    Set<String> unknown = new TreeSet<>(lines.stringPropertyNames());
    unknown.removeAll(DEFAULTS.keySet());
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          file
              + " has lines "
              + unknown
              + "; a sweep knows "
              + new TreeSet<>(DEFAULTS.keySet())
              + ".");
    }
    Function<String, String> get = name -> lines.getProperty(name, DEFAULTS.get(name)).strip();
    return new SweepPlan(
        get.apply("data"),
        one(file, "context", get, Integer::valueOf),
        one(file, "batch", get, Integer::valueOf),
        all(file, "depth", get, Integer::valueOf),
        all(file, "steps", get, Integer::valueOf),
        all(file, "budget", get, Double::valueOf),
        all(file, "rate", get, Double::valueOf),
        all(file, "seed", get, Long::valueOf),
        one(file, "evaluations", get, Integer::valueOf),
        one(file, "windows", get, Integer::valueOf));
  }

  private static <T> T one(
      Path file, String name, Function<String, String> get, Function<String, T> parse) {
    List<T> values = all(file, name, get, parse);
    if (values.size() != 1) {
      throw new IllegalArgumentException(
          file + " wants one " + name + ", got " + values.size() + ": '" + get.apply(name) + "'.");
    }
    return values.get(0);
  }

  private static <T> List<T> all(
      Path file, String name, Function<String, String> get, Function<String, T> parse) {
    try {
      return Arrays.stream(get.apply(name).split("\\s+"))
          .filter(word -> !word.isEmpty())
          .map(parse)
          .collect(Collectors.toList());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          file + " wants numbers for " + name + ", got '" + get.apply(name) + "'.", e);
    }
  }

  /**
   * The runs over a text, the cheapest first.
   *
   * @throws IllegalArgumentException if a budget is too small for one step
   */
  public List<RunConfig> runs(SweepData text) {
    List<RunConfig> runs = new ArrayList<>();
    for (int depth : depths) {
      GptConfig model = Depth.model(depth, text.vocabularySize(), context);
      for (int length : lengths(model)) {
        for (double rate : rates) {
          for (long seed : seeds) {
            runs.add(
                new RunConfig(
                    model,
                    text.name(),
                    text.hash(),
                    length,
                    batch,
                    rate * Depth.learningRate(model),
                    evaluations,
                    windows,
                    seed));
          }
        }
      }
    }
    runs.sort((a, b) -> Double.compare(a.flops(), b.flops()));
    return runs;
  }

  private List<Integer> lengths(GptConfig model) {
    List<Integer> lengths = new ArrayList<>(steps);
    double each = TrainingFlops.training(model, (double) batch * context).value();
    for (double budget : budgets) {
      int length = (int) Math.min(Integer.MAX_VALUE, Math.round(budget / each));
      if (length < 1) {
        throw new IllegalArgumentException(
            "A budget of "
                + Numbers.text(budget)
                + " FLOPs is too small: one step of "
                + model.layers()
                + " layers and "
                + batch
                + " windows takes "
                + Numbers.text(each)
                + ". Take a larger budget, fewer layers or a smaller batch.");
      }
      lengths.add(length);
    }
    return lengths;
  }
}
