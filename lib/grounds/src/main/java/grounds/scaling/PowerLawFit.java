package grounds.scaling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A power law fitted to points, on logarithms and by the Huber loss, with a word on how far it can
 * be trusted.
 *
 * <pre>{@code
 * PowerLawFit fit = PowerLawFit.of(flops, losses);
 * fit.law().at(1e18);
 * fit.warning(1e18).ifPresent(System.out::println);
 * }</pre>
 *
 * @param law the best law
 * @param x the places of the points
 * @param y their values
 * @param rSquared the share of the variance of log y that it explains
 */
public record PowerLawFit(PowerLaw law, double[] x, double[] y, double rSquared) {

  private static final double DECADES_WANTED = 1;
  private static final double DECADES_BEYOND = 1;
  private static final double FITS_WELL = 0.9;

  public PowerLawFit {
    x = x.clone();
    y = y.clone();
  }

  @Override
  public double[] x() {
    return x.clone();
  }

  @Override
  public double[] y() {
    return y.clone();
  }

  private record Xy(double x, double y) {}

  /**
   * The law without offset: a straight line on log axes.
   *
   * @param x the places, above 0
   * @param y the values, above 0
   * @throws IllegalArgumentException if there are fewer than two different places
   */
  public static PowerLawFit of(double[] x, double[] y) {
    return fit(pairs(x, y), false);
  }

  /**
   * The law with an offset of 0 or more, such as an irreducible loss.
   *
   * @throws IllegalArgumentException if there are fewer than three different places
   */
  public static PowerLawFit withOffset(double[] x, double[] y) {
    return fit(pairs(x, y), true);
  }

  private static List<Xy> pairs(double[] x, double[] y) {
    if (x.length != y.length) {
      throw new IllegalArgumentException(
          "Wanted as many values as places, got " + y.length + " and " + x.length + ".");
    }
    for (int i = 0; i < x.length; i++) {
      if (!(x[i] > 0 && y[i] > 0 && Double.isFinite(x[i]) && Double.isFinite(y[i]))) {
        throw new IllegalArgumentException(
            "Wanted numbers above 0, which have a logarithm, got ("
                + x[i]
                + ", "
                + y[i]
                + ") as number "
                + i
                + ". Leave out runs that failed.");
      }
    }
    return IntStream.range(0, x.length).mapToObj(i -> new Xy(x[i], y[i])).toList();
  }

  private static PowerLawFit fit(List<Xy> points, boolean offset) {
    int coefficients = offset ? 3 : 2;
    ScalingPoint.requireEnough(points, coefficients, "a power law");
    double[] x = points.stream().mapToDouble(Xy::x).toArray();
    double[] y = points.stream().mapToDouble(Xy::y).toArray();
    if (Arrays.stream(x).distinct().count() < coefficients) {
      throw new IllegalArgumentException(
          "Wanted "
              + coefficients
              + " or more different places, got "
              + Arrays.stream(x).distinct().count()
              + ": a slope needs points apart.");
    }
    // Around the middle, where coefficient and exponent do not depend on one another.
    double middle = Arrays.stream(x).map(Math::log).average().orElseThrow();
    double[] logX = Arrays.stream(x).map(v -> Math.log(v) - middle).toArray();
    double[] logY = Arrays.stream(y).map(Math::log).toArray();
    Huber.Fit best =
        Huber.fit(
            x.length,
            (c, r, jacobian) -> residuals(c, logX, logY, offset, r, jacobian),
            starts(logX, logY, offset));
    double[] c = best.coefficients();
    PowerLaw law = new PowerLaw(offset ? Math.exp(c[2]) : 0, Math.exp(c[0] - c[1] * middle), c[1]);
    double[] predicted = Arrays.stream(x).map(v -> Math.log(law.at(v))).toArray();
    return new PowerLawFit(law, x, y, Goodness.rSquared(logY, predicted));
  }

  /**
   * Least squares and a slope through the ends; with offsets that are a part of the lowest value.
   */
  private static List<double[]> starts(double[] logX, double[] logY, boolean offset) {
    int low =
        IntStream.range(0, logX.length).reduce((a, b) -> logX[b] < logX[a] ? b : a).orElseThrow();
    int high =
        IntStream.range(0, logX.length).reduce((a, b) -> logX[b] > logX[a] ? b : a).orElseThrow();
    double slope = (logY[high] - logY[low]) / (logX[high] - logX[low]);
    List<double[]> starts = new ArrayList<>();
    if (!offset) {
      double height = Arrays.stream(logY).average().orElseThrow();
      double xy = IntStream.range(0, logX.length).mapToDouble(i -> logX[i] * logY[i]).sum();
      double xx = Arrays.stream(logX).map(v -> v * v).sum();
      starts.add(new double[] {height, xy / xx});
      starts.add(new double[] {logY[low] - slope * logX[low], slope});
      return starts;
    }
    double lowest = Math.exp(Arrays.stream(logY).min().orElseThrow());
    for (double share : new double[] {1e-3, 0.3, 0.6, 0.9, 0.99}) {
      double left = Math.log(Math.exp(logY[low]) - share * lowest);
      double right = Math.log(Math.max(1e-12, Math.exp(logY[high]) - share * lowest));
      double steep = (right - left) / (logX[high] - logX[low]);
      starts.add(new double[] {left - steep * logX[low], steep, Math.log(share * lowest)});
    }
    return starts;
  }

  private static void residuals(
      double[] c,
      double[] logX,
      double[] logY,
      boolean offset,
      double[] residuals,
      double[][] jacobian) {
    for (int i = 0; i < logX.length; i++) {
      double power = c[0] + c[1] * logX[i];
      double share = 1;
      double log = power;
      if (offset) {
        double highest = Math.max(power, c[2]);
        double sum = Math.exp(power - highest) + Math.exp(c[2] - highest);
        share = Math.exp(power - highest) / sum;
        log = highest + Math.log(sum);
        jacobian[i][2] = 1 - share;
      }
      residuals[i] = log - logY[i];
      jacobian[i][0] = share;
      jacobian[i][1] = share * logX[i];
    }
  }

  /**
   * Intervals of the three coefficients.
   *
   * @param offset of the offset; [0, 0] without one
   * @param coefficient of the coefficient
   * @param exponent of the exponent
   */
  public record Intervals(Interval offset, Interval coefficient, Interval exponent) {}

  /**
   * How sure the coefficients are, by the bootstrap over the points.
   *
   * @param resamples 100 or more; 1,000 are usual
   */
  public Intervals intervals(int resamples, long seed) {
    boolean offset = law.offset() > 0;
    Interval[] found =
        Interval.bootstrap(
            pairs(x, y),
            resamples,
            seed,
            drawn -> {
              PowerLaw one = fit(drawn, offset).law;
              return new double[] {one.offset(), one.coefficient(), one.exponent()};
            });
    return new Intervals(found[0], found[1], found[2]);
  }

  /**
   * Why a prediction at that place deserves doubt, if it does: the points span too little, follow
   * the law badly, or lie too far away.
   */
  public Optional<String> warning(double place) {
    double low = Arrays.stream(x).min().orElseThrow();
    double high = Arrays.stream(x).max().orElseThrow();
    double span = Math.log10(high / low);
    double beyond = Math.max(Math.log10(place / high), Math.log10(low / place));
    List<String> doubts = new ArrayList<>();
    if (span < DECADES_WANTED) {
      doubts.add(String.format(Locale.ROOT, "the points span %.1f decades", span));
    }
    if (rSquared < FITS_WELL) {
      doubts.add(String.format(Locale.ROOT, "the law explains %.0f%% of them", 100 * rSquared));
    }
    if (beyond > Math.min(DECADES_BEYOND, span)) {
      doubts.add(
          String.format(Locale.ROOT, "the place is %.1f decades beyond the nearest", beyond));
    }
    return doubts.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "This prediction deserves doubt: "
                + String.join(", ", doubts)
                + ". Add runs nearer to it, or over a wider range.");
  }
}
