package grounds.scaling;

import java.util.List;
import org.hipparchus.exception.MathIllegalStateException;
import org.hipparchus.exception.MathRuntimeException;
import org.hipparchus.linear.ArrayRealVector;
import org.hipparchus.linear.MatrixUtils;
import org.hipparchus.linear.RealMatrix;
import org.hipparchus.linear.RealVector;
import org.hipparchus.optim.nonlinear.vector.leastsquares.LeastSquaresBuilder;
import org.hipparchus.optim.nonlinear.vector.leastsquares.LeastSquaresProblem;
import org.hipparchus.optim.nonlinear.vector.leastsquares.LevenbergMarquardtOptimizer;
import org.hipparchus.util.Pair;

/**
 * Fits by the Huber loss, which is quadratic for small residuals and linear for large ones, so that
 * no single run decides (Huber 1964). It is written as a sum of squares, s(r) = sign(r) sqrt(2
 * huber(r)), and minimised by Levenberg and Marquardt's method from several starts: the minimum is
 * that of any other method, and near it the steps are Newton's.
 */
final class Huber {

  /** Hoffmann et al.'s, for residuals of logarithms. */
  static final double DELTA = 1e-3;

  private static final double CONVERGED = 1e-13;
  private static final int MAX_ITERATIONS = 500;

  /** A model of some points: the residuals and how they move with the coefficients. */
  @FunctionalInterface
  interface Residuals {
    /**
     * Fills in the residuals at the coefficients.
     *
     * @param jacobian [points][coefficients], to be filled in
     */
    void at(double[] coefficients, double[] residuals, double[][] jacobian);
  }

  /** The best coefficients found, and the summed Huber loss there. */
  record Fit(double[] coefficients, double objective) {}

  private Huber() {}

  static Fit fit(int points, Residuals residuals, List<double[]> starts) {
    Fit best = null;
    for (double[] start : starts) {
      try {
        Fit found = fit(points, residuals, start);
        if (Double.isFinite(found.objective)
            && (best == null || found.objective < best.objective)) {
          best = found;
        }
      } catch (MathRuntimeException e) {
        // This start led nowhere; others do.
      }
    }
    if (best == null) {
      throw new IllegalArgumentException(
          "No curve of this form follows the points: none of "
              + starts.size()
              + " starts led to a fit. Look at the points in a chart.");
    }
    return best;
  }

  private static Fit fit(int points, Residuals residuals, double[] start) {
    LeastSquaresProblem.Evaluation[] last = new LeastSquaresProblem.Evaluation[1];
    LeastSquaresProblem problem =
        new LeastSquaresBuilder()
            .start(start)
            .target(new double[points])
            .model(point -> asSquares(points, residuals, point))
            .checker(
                (iteration, before, after) -> {
                  last[0] = after;
                  return Math.abs(before.getCost() - after.getCost())
                      <= CONVERGED * Math.max(after.getCost(), CONVERGED);
                })
            .maxEvaluations(2 * MAX_ITERATIONS)
            .maxIterations(MAX_ITERATIONS)
            .build();
    LeastSquaresProblem.Evaluation best;
    try {
      best = new LevenbergMarquardtOptimizer().optimize(problem);
    } catch (MathIllegalStateException e) {
      // Where few points lie far from the law, the loss has a kink at its lowest: the optimizer
      // gets
      // there without the last digits of convergence. It only takes steps down, so its last place
      // is its best.
      if (last[0] == null) {
        throw e;
      }
      best = last[0];
    }
    double cost = best.getCost();
    return new Fit(best.getPoint().toArray(), cost * cost / 2);
  }

  private static Pair<RealVector, RealMatrix> asSquares(
      int points, Residuals residuals, RealVector at) {
    double[] r = new double[points];
    double[][] jacobian = new double[points][at.getDimension()];
    residuals.at(at.toArray(), r, jacobian);
    for (int i = 0; i < points; i++) {
      double size = Math.abs(r[i]);
      if (size > DELTA) {
        double root = Math.sqrt(2 * DELTA * size - DELTA * DELTA);
        double slope = DELTA / root;
        r[i] = Math.signum(r[i]) * root;
        for (int j = 0; j < jacobian[i].length; j++) {
          jacobian[i][j] *= slope;
        }
      }
    }
    return new Pair<>(new ArrayRealVector(r, false), MatrixUtils.createRealMatrix(jacobian));
  }
}
