package grounds.notebook;

import static grounds.notebook.Answers.assertRefused;
import static grounds.notebook.Answers.assertWanted;

import grounds.scaling.IsoFlop;
import grounds.scaling.ParametricLaw;
import grounds.scaling.PowerLaw;
import grounds.scaling.ScalingPoint;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ScalingTasksTest {

  private static final double[] HOFFMANN = {
    1.69337368, 406.401018, 410.722827, 0.33917084, 0.2849083
  };

  @Test
  void aPowerLawGoesOn() {
    assertWanted(1.805, "scaling-1", new double[] {1e11, 2}, new double[] {1e12, 1.9});
    PowerLaw law = new PowerLaw(0, 9, -0.06);
    assertWanted(
        law.at(3e13),
        "scaling-1",
        new double[] {1e11, law.at(1e11)},
        new double[] {3e12, law.at(3e12)});
    assertRefused("scaling-1", a -> straight((double[]) a[0], (double[]) a[1]));
  }

  /** A line on axes that are not logarithmic. */
  private static double straight(double[] first, double[] second) {
    double slope = (second[1] - first[1]) / (second[0] - first[0]);
    return second[1] + slope * 9 * second[0];
  }

  @Test
  void lossesAndBestSizesAreThoseOfTheLibrary() {
    ParametricLaw law = ParametricLaw.HOFFMANN;
    for (double budget : new double[] {1e19, 5.76e23}) {
      ParametricLaw.Optimum best = law.optimum(budget);
      assertWanted(best.parameters(), "scaling-3", HOFFMANN, budget);
      assertWanted(best.loss(), "scaling-2", HOFFMANN, new double[] {best.parameters(), budget});
    }
    assertRefused("scaling-2", a -> lossOf((double[]) a[0], (double[]) a[1]));
    assertRefused("scaling-3", a -> Math.sqrt((Double) a[1] / 6 / 20));
  }

  /** With tokens of C / N: the 6 is missing. */
  private static double lossOf(double[] law, double[] plan) {
    return new ParametricLaw(law[0], law[1], law[2], law[3], law[4])
        .loss(plan[0], plan[1] / plan[0]);
  }

  @Test
  void theBottomOfAValleyIsThatOfTheLibrary() {
    double[] sizes = {3_000, 25_000, 83_000};
    double[] losses = {2.12, 1.85, 1.9};
    List<ScalingPoint> points =
        Stream.of(1e12, 1e13)
            .flatMap(
                budget ->
                    Stream.of(0, 1, 2)
                        .map(i -> ScalingPoint.of(sizes[i], budget / 6 / sizes[i], losses[i])))
            .toList();
    assertWanted(IsoFlop.of(points).valleys().get(0).parameters(), "scaling-4", sizes, losses);
    assertRefused("scaling-4", a -> ((double[]) a[0])[1]);
    assertRefused("scaling-4", a -> bottomInPlainSizes((double[]) a[0], (double[]) a[1]));
  }

  private static double bottomInPlainSizes(double[] n, double[] loss) {
    double down = (loss[1] - loss[0]) / (n[1] - n[0]);
    double up = (loss[2] - loss[1]) / (n[2] - n[1]);
    return (n[0] + n[1]) / 2 - down / (up - down) * (n[2] - n[0]) / 2;
  }
}
