package grounds.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sweep that comes with the course: what lesson 8 says of it holds. */
class OwnSweepTest {

  private static final RunStore STORE = RunStore.at(Path.of("..", "..", "data", "sweeps", "tiny"));

  private static ScalingPoint best(IsoFlop.Valley valley) {
    return valley.points().stream().min((a, b) -> Double.compare(a.loss(), b.loss())).orElseThrow();
  }

  @Test
  void itsRunsAreWholeAndStillNamedByTheirConfig() {
    List<RunRecord> runs = STORE.runs();
    assertEquals(24, runs.size());
    assertTrue(runs.stream().allMatch(RunRecord::isFinished));
    for (RunRecord run : runs) {
      List<ScalingPoint> curve = STORE.curve(run);
      assertEquals(run.point(), curve.get(curve.size() - 1), run.id());
    }
  }

  /** The project's own bars: two decades, R² above 0.95, the next budget within 3%. */
  @Test
  void theNextBudgetCanBePredicted() {
    List<ScalingPoint> best =
        IsoFlop.of(STORE.points()).valleys().stream().map(OwnSweepTest::best).toList();
    double[] flops = best.stream().mapToDouble(ScalingPoint::flops).toArray();
    double[] losses = best.stream().mapToDouble(ScalingPoint::loss).toArray();
    int last = flops.length - 1;
    assertTrue(flops[last] / flops[0] > 99.9, Arrays.toString(flops));
    assertTrue(PowerLawFit.of(flops, losses).rSquared() > 0.95);
    PowerLawFit before = PowerLawFit.of(Arrays.copyOf(flops, last), Arrays.copyOf(losses, last));
    assertEquals(1, before.law().at(flops[last]) / losses[last], 0.03);
    assertEquals(Optional.empty(), before.warning(flops[last]));
  }

  @Test
  void theReportNamesRunsAndLaws(@TempDir Path empty) {
    String report = SweepReport.of(STORE);
    assertEquals(1 + 24 + 1 + 3, report.lines().count(), report);
    for (RunRecord run : STORE.runs()) {
      assertTrue(report.contains(run.id()), report);
    }
    assertTrue(report.contains("L(C) =") && report.contains("N grows as C^"), report);
    assertTrue(report.contains("(outside the sizes tried)"), report);
    assertTrue(SweepReport.of(RunStore.at(empty)).contains("No run has ended yet"));
  }
}
