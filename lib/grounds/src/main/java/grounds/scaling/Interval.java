package grounds.scaling;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Where a fitted number lies with 95% confidence.
 *
 * @param low 2.5% of the resampled fits lie below
 * @param high 2.5% lie above
 */
public record Interval(double low, double high) {

  private static final double TAIL = 0.025;

  /** Whether a number lies in it. */
  public boolean contains(double value) {
    return value >= low && value <= high;
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "[%.4g, %.4g]", low, high);
  }

  /**
   * Percentile intervals by the bootstrap (Efron 1979): the fit is repeated on as many points drawn
   * with replacement.
   *
   * @param fit the fitted numbers, always as many; a draw for which it throws is drawn anew
   * @param resamples 100 or more
   */
  static <P> Interval[] bootstrap(
      List<P> points, int resamples, long seed, Function<List<P>, double[]> fit) {
    if (resamples < 100) {
      throw new IllegalArgumentException(
          "Wanted 100 or more resamples for an interval of 95%, got " + resamples + ".");
    }
    double[][] fits =
        IntStream.range(0, resamples)
            .parallel()
            .mapToObj(i -> oneFit(points, new SplittableRandom(seed + i), fit))
            .toArray(double[][]::new);
    return IntStream.range(0, fits[0].length)
        .mapToObj(
            j -> {
              double[] sorted = Arrays.stream(fits).mapToDouble(row -> row[j]).sorted().toArray();
              return new Interval(quantile(sorted, TAIL), quantile(sorted, 1 - TAIL));
            })
        .toArray(Interval[]::new);
  }

  private static <P> double[] oneFit(
      List<P> points, SplittableRandom random, Function<List<P>, double[]> fit) {
    IllegalArgumentException last = null;
    for (int attempt = 0; attempt < 100; attempt++) {
      List<P> drawn =
          IntStream.range(0, points.size())
              .mapToObj(i -> points.get(random.nextInt(points.size())))
              .toList();
      try {
        return fit.apply(drawn);
      } catch (IllegalArgumentException e) {
        last = e; // such as all points at one size
      }
    }
    throw new IllegalArgumentException(
        "Too few different points for an interval: most draws cannot be fitted.", last);
  }

  private static double quantile(double[] sorted, double share) {
    double at = share * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}
