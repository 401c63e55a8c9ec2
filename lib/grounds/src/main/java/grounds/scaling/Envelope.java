package grounds.scaling;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Hoffmann et al.'s first approach: over the training curves of runs of many sizes, which size has
 * the lowest loss after so many operations?
 *
 * @param best for each budget the point of the run that was lowest there
 * @param parameters how the best size grows with the budget
 * @param loss how the lowest loss falls with it
 */
public record Envelope(List<ScalingPoint> best, PowerLawFit parameters, PowerLawFit loss) {

  public Envelope {
    best = List.copyOf(best);
  }

  /**
   * Finds the envelope.
   *
   * @param curves for each run its points in training, of one size
   * @param budgets at how many places between the smallest and the largest number of operations
   * @throws IllegalArgumentException if fewer than two budgets are reached
   */
  public static Envelope of(List<List<ScalingPoint>> curves, int budgets) {
    if (budgets < 2) {
      throw new IllegalArgumentException("Wanted 2 or more budgets, got " + budgets + ".");
    }
    double low =
        curves.stream().flatMap(List::stream).mapToDouble(ScalingPoint::flops).min().orElse(0);
    double high =
        curves.stream().flatMap(List::stream).mapToDouble(ScalingPoint::flops).max().orElse(0);
    List<ScalingPoint> best = new ArrayList<>();
    for (int i = 0; i < budgets; i++) {
      double budget = low * Math.pow(high / low, i / (budgets - 1.0));
      curves.stream()
          .flatMap(curve -> at(curve, budget).stream())
          .min(Comparator.comparingDouble(ScalingPoint::loss))
          .ifPresent(best::add);
    }
    ScalingPoint.requireEnough(best, 2, "the envelope");
    double[] flops = best.stream().mapToDouble(ScalingPoint::flops).toArray();
    return new Envelope(
        best,
        PowerLawFit.of(flops, best.stream().mapToDouble(ScalingPoint::parameters).toArray()),
        PowerLawFit.of(flops, best.stream().mapToDouble(ScalingPoint::loss).toArray()));
  }

  /** A curve at a budget between two of its points, straight on log axes; none outside. */
  private static List<ScalingPoint> at(List<ScalingPoint> curve, double budget) {
    for (int i = 0; i + 1 < curve.size(); i++) {
      ScalingPoint a = curve.get(i);
      ScalingPoint b = curve.get(i + 1);
      double slack = 1e-9 * budget;
      if (a.flops() <= budget + slack && b.flops() >= budget - slack && b.flops() > a.flops()) {
        double share = Math.log(budget / a.flops()) / Math.log(b.flops() / a.flops());
        return List.of(
            new ScalingPoint(
                a.parameters(),
                a.tokens() * Math.pow(b.tokens() / a.tokens(), share),
                budget,
                a.loss() * Math.pow(b.loss() / a.loss(), share)));
      }
    }
    return List.of();
  }
}
