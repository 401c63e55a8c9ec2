package grounds.scaling;

import java.util.ArrayList;
import java.util.List;

/**
 * Hoffmann et al.'s third approach: the law L(N, D) fitted to runs of many sizes and lengths, by
 * the Huber loss of the residuals of log L, summed over the runs.
 *
 * @param law the best law
 * @param points what it was fitted to
 * @param objective the summed Huber loss
 * @param rSquared the share of the variance of log L that the law explains
 */
public record ParametricFit(
    ParametricLaw law, List<ScalingPoint> points, double objective, double rSquared) {

  private static final int COEFFICIENTS = 5;
  private static final double[] EXPONENTS = {0.2, 0.6};
  private static final double[] LOG_FACTORS = {0, 5, 12};
  private static final double[] LOG_IRREDUCIBLE = {-1, 0.5};

  public ParametricFit {
    points = List.copyOf(points);
  }

  /**
   * The law that follows the points best.
   *
   * @throws IllegalArgumentException if there are fewer than five points, or all have one size or
   *     one number of tokens
   */
  public static ParametricFit of(List<ScalingPoint> points) {
    return fit(points, starts());
  }

  private static List<double[]> starts() {
    List<double[]> starts = new ArrayList<>();
    for (double alpha : EXPONENTS) {
      for (double beta : EXPONENTS) {
        for (double logA : LOG_FACTORS) {
          for (double logB : LOG_FACTORS) {
            for (double logE : LOG_IRREDUCIBLE) {
              starts.add(new double[] {logE, logA, logB, alpha, beta});
            }
          }
        }
      }
    }
    return starts;
  }

  private static ParametricFit fit(List<ScalingPoint> points, List<double[]> starts) {
    ScalingPoint.requireEnough(points, COEFFICIENTS, "L(N, D)");
    if (points.stream().mapToDouble(ScalingPoint::parameters).distinct().count() < 2
        || points.stream().mapToDouble(ScalingPoint::tokens).distinct().count() < 2) {
      throw new IllegalArgumentException(
          "Wanted points of two or more sizes and two or more numbers of tokens, got one: what"
              + " size and what length do cannot be told apart. Vary both.");
    }
    double[] logN = points.stream().mapToDouble(p -> Math.log(p.parameters())).toArray();
    double[] logD = points.stream().mapToDouble(p -> Math.log(p.tokens())).toArray();
    double[] logL = points.stream().mapToDouble(p -> Math.log(p.loss())).toArray();
    Huber.Fit best =
        Huber.fit(
            logL.length, (c, r, jacobian) -> residuals(c, logN, logD, logL, r, jacobian), starts);
    double[] c = best.coefficients();
    ParametricLaw law =
        new ParametricLaw(Math.exp(c[0]), Math.exp(c[1]), Math.exp(c[2]), c[3], c[4]);
    double[] predicted =
        points.stream().mapToDouble(p -> Math.log(law.loss(p.parameters(), p.tokens()))).toArray();
    return new ParametricFit(law, points, best.objective(), Goodness.rSquared(logL, predicted));
  }

  /** log L is the logarithm of a sum of exponentials, of which each is a share. */
  private static void residuals(
      double[] c,
      double[] logN,
      double[] logD,
      double[] logL,
      double[] residuals,
      double[][] jacobian) {
    for (int i = 0; i < logL.length; i++) {
      double e = c[0];
      double size = c[1] - c[3] * logN[i];
      double length = c[2] - c[4] * logD[i];
      double highest = Math.max(e, Math.max(size, length));
      double shareE = Math.exp(e - highest);
      double shareN = Math.exp(size - highest);
      double shareD = Math.exp(length - highest);
      double sum = shareE + shareN + shareD;
      residuals[i] = highest + Math.log(sum) - logL[i];
      jacobian[i][0] = shareE / sum;
      jacobian[i][1] = shareN / sum;
      jacobian[i][2] = shareD / sum;
      jacobian[i][3] = -logN[i] * shareN / sum;
      jacobian[i][4] = -logD[i] * shareD / sum;
    }
  }

  /**
   * Intervals of the five coefficients.
   *
   * @param irreducible of E
   * @param a of A
   * @param b of B
   * @param alpha of alpha
   * @param beta of beta
   */
  public record Intervals(
      Interval irreducible, Interval a, Interval b, Interval alpha, Interval beta) {}

  /**
   * How sure the coefficients are, by the bootstrap over the runs.
   *
   * @param resamples 100 or more; 1,000 are usual
   */
  public Intervals intervals(int resamples, long seed) {
    List<double[]> here =
        List.of(
            new double[] {
              Math.log(law.irreducible()),
              Math.log(law.a()),
              Math.log(law.b()),
              law.alpha(),
              law.beta()
            });
    Interval[] found =
        Interval.bootstrap(
            points,
            resamples,
            seed,
            drawn -> {
              ParametricLaw one = fit(drawn, here).law;
              return new double[] {one.irreducible(), one.a(), one.b(), one.alpha(), one.beta()};
            });
    return new Intervals(found[0], found[1], found[2], found[3], found[4]);
  }
}
