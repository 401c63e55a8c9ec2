package grounds.notebook;

import static grounds.notebook.Answers.assertRefused;
import static grounds.notebook.Answers.assertWanted;

import grounds.model.GptConfig;
import grounds.scaling.Hardware;
import grounds.scaling.MemoryEstimate;
import grounds.scaling.MemoryEstimate.Plan;
import grounds.scaling.ParameterCount;
import grounds.scaling.Term;
import grounds.scaling.TrainingCost;
import grounds.scaling.TrainingFlops;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ComputeTasksTest {

  private static final GptConfig CONFIG = new GptConfig(1000, 64, 32, 2, 4);

  @Test
  void operationsAreThoseThatTheLibraryCounts() {
    double forward =
        TrainingFlops.forwardOfMatrices(CONFIG, 64).find("blocks/feed-forward").value();
    assertWanted(3 * forward / CONFIG.layers(), "compute-1", new int[] {32, 128, 32}, 64);
    assertRefused("compute-1", a -> forward((int[]) a[0], (Integer) a[1]));
  }

  /** Without the backward pass. */
  private static double forward(int[] widths, int tokens) {
    return IntStream.range(1, widths.length)
        .mapToDouble(i -> 2.0 * tokens * widths[i - 1] * widths[i])
        .sum();
  }

  @Test
  void bytesOnEachDeviceAreThoseOfTheLibrary() {
    double parameters = ParameterCount.of(CONFIG).value();
    double[] expected =
        IntStream.range(0, 4)
            .mapToDouble(stage -> perParameter(stage, 64) * 7.5e9 / parameters / 1e9)
            .toArray();
    assertWanted(expected, "compute-2", 7.5e9, 64);
    assertWanted(new double[] {120, 31.40625, 16.640625, 1.875}, "compute-2", 7.5e9, 64);
    assertRefused("compute-2", a -> shared((Double) a[0] / 1e9, (Integer) a[1]));
  }

  private static double perParameter(int stage, int devices) {
    Term training = MemoryEstimate.training(CONFIG, 1, Plan.MIXED.withZero(stage, devices));
    return Stream.of("weights", "gradients", "optimizer")
        .mapToDouble(kind -> training.find(kind).value())
        .sum();
  }

  /** As if stage 1 shared out the weights, and stage 2 the gradients. */
  private static double[] shared(double n, double devices) {
    return new double[] {
      16 * n, 14 * n + 2 * n / devices, 12 * n + 4 * n / devices, 16 * n / devices
    };
  }

  @Test
  void gradientsAreWeighedByTheirWindows() {
    assertWanted(
        new double[] {2.5, -1}, "compute-3", new double[][] {{1, 2}, {3, -2}}, new int[] {1, 3});
    assertRefused(
        "compute-3",
        a ->
            IntStream.range(0, 3)
                .mapToDouble(
                    j ->
                        Arrays.stream((double[][]) a[0])
                            .mapToDouble(g -> g[j])
                            .average()
                            .orElseThrow())
                .toArray());
  }

  @Test
  void utilizationIsThatOfTheLibrary() {
    double flops = TrainingFlops.sixNd(65.2e9, 1.4e12);
    assertWanted(
        TrainingCost.utilization(flops, Hardware.A100, 1_022_362),
        "compute-4",
        new double[] {65.2e9, 1.4e12},
        new double[] {1_022_362, Hardware.A100.peakFlops()});
    assertRefused("compute-4", a -> perSecond((double[]) a[0], (double[]) a[1]));
  }

  /** Hours taken for seconds. */
  private static double perSecond(double[] run, double[] bill) {
    return 6 * run[0] * run[1] / (bill[0] * bill[1]);
  }
}
