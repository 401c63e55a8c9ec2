package grounds.scaling;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.hipparchus.fitting.PolynomialCurveFitter;
import org.hipparchus.fitting.WeightedObservedPoint;

/**
 * Hoffmann et al.'s second approach: for each budget the loss of models of several sizes is a
 * valley; a parabola in log N finds its bottom, and the bottoms lie on a power law of the budget.
 *
 * @param valleys one a budget, the smallest budget first
 * @param parameters how the best size grows with the budget
 * @param tokens how the best number of tokens does
 */
public record IsoFlop(List<Valley> valleys, PowerLawFit parameters, PowerLawFit tokens) {

  /** Budgets that differ by less belong to one valley. */
  private static final double SAME_BUDGET = 0.1;

  public IsoFlop {
    valleys = List.copyOf(valleys);
  }

  /**
   * The runs of one budget.
   *
   * @param flops the budget, the mean of its runs
   * @param points its runs, the smallest model first
   * @param curvature of the parabola: above 0, or there is no bottom
   * @param parameters the size at the bottom
   * @param tokens how many tokens the budget leaves for that size, between those of its neighbours
   * @param loss the loss there
   */
  public record Valley(
      double flops,
      List<ScalingPoint> points,
      double curvature,
      double parameters,
      double tokens,
      double loss) {

    public Valley {
      points = List.copyOf(points);
    }

    /** Whether the bottom lies between the smallest and the largest model that was tried. */
    public boolean isInside() {
      return parameters > points.get(0).parameters()
          && parameters < points.get(points.size() - 1).parameters();
    }

    /** The parabola at another size. */
    public double at(double size) {
      double apart = Math.log(size) - Math.log(parameters);
      return loss + curvature * apart * apart;
    }
  }

  /**
   * Finds the valleys, and the law of those bottoms that lie among the sizes that were run.
   *
   * @throws IllegalArgumentException if there are fewer than two such budgets, a budget has fewer
   *     than three sizes, or its losses bend the other way
   */
  public static IsoFlop of(List<ScalingPoint> points) {
    List<Valley> valleys = families(points).stream().map(IsoFlop::valley).toList();
    if (valleys.size() < 2) {
      throw new IllegalArgumentException(
          "Wanted runs of two or more budgets, got " + valleys.size() + ". Run another family.");
    }
    List<Valley> inside = valleys.stream().filter(Valley::isInside).toList();
    if (inside.size() < 2) {
      throw new IllegalArgumentException(
          "Wanted two or more budgets whose best size lies among the sizes that were run, got "
              + inside.size()
              + " of "
              + valleys.size()
              + ". Run smaller or larger models.");
    }
    double[] flops = inside.stream().mapToDouble(Valley::flops).toArray();
    return new IsoFlop(
        valleys,
        PowerLawFit.of(flops, inside.stream().mapToDouble(Valley::parameters).toArray()),
        PowerLawFit.of(flops, inside.stream().mapToDouble(Valley::tokens).toArray()));
  }

  /** The runs by budget: a new one begins where the next run took so much more than the last. */
  private static List<List<ScalingPoint>> families(List<ScalingPoint> points) {
    List<List<ScalingPoint>> families = new ArrayList<>();
    double last = 0;
    for (ScalingPoint point :
        points.stream().sorted(Comparator.comparingDouble(ScalingPoint::flops)).toList()) {
      if (point.flops() > last * (1 + SAME_BUDGET)) {
        families.add(new ArrayList<>());
      }
      families.get(families.size() - 1).add(point);
      last = point.flops();
    }
    return families;
  }

  private static Valley valley(List<ScalingPoint> runs) {
    List<ScalingPoint> sorted =
        runs.stream().sorted((a, b) -> Double.compare(a.parameters(), b.parameters())).toList();
    double flops = runs.stream().mapToDouble(ScalingPoint::flops).average().orElseThrow();
    if (sorted.stream().mapToDouble(ScalingPoint::parameters).distinct().count() < 3) {
      throw new IllegalArgumentException(
          "Wanted three or more sizes at the budget of "
              + Numbers.text(flops)
              + " FLOPs, which a parabola needs, got "
              + sorted.size()
              + ". Run more sizes.");
    }
    double middle =
        sorted.stream().mapToDouble(p -> Math.log(p.parameters())).average().orElseThrow();
    List<WeightedObservedPoint> observed =
        sorted.stream()
            .map(p -> new WeightedObservedPoint(1, Math.log(p.parameters()) - middle, p.loss()))
            .toList();
    double[] c = PolynomialCurveFitter.create(2).fit(observed);
    if (!(c[2] > 0)) {
      throw new IllegalArgumentException(
          "The losses at the budget of "
              + Numbers.text(flops)
              + " FLOPs have no lowest point: they bend down. Run smaller and larger models.");
    }
    double bottom = -c[1] / (2 * c[2]);
    double best = Math.exp(middle + bottom);
    return new Valley(
        flops, sorted, c[2], best, tokensAt(best, sorted), c[0] - c[1] * c[1] / (4 * c[2]));
  }

  /** Straight between two neighbours on log axes; beyond the ends the last line goes on. */
  private static double tokensAt(double size, List<ScalingPoint> sorted) {
    int above = 1;
    while (above + 1 < sorted.size() && sorted.get(above).parameters() < size) {
      above++;
    }
    ScalingPoint a = sorted.get(above - 1);
    ScalingPoint b = sorted.get(above);
    double share = Math.log(size / a.parameters()) / Math.log(b.parameters() / a.parameters());
    return a.tokens() * Math.pow(b.tokens() / a.tokens(), share);
  }
}
