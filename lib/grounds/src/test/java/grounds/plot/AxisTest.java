package grounds.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class AxisTest {

  private static List<String> labels(Axis axis) {
    return axis.ticks().stream().map(Axis.Tick::label).toList();
  }

  @Test
  void stepsAreRoundAndDecimalsEven() {
    assertEquals(
        List.of("0", "1,000", "2,000", "3,000", "4,000"), labels(Axis.exactly(0, 4000, false, 4)));
    assertEquals(List.of("1.0", "1.5", "2.0", "2.5"), labels(Axis.exactly(0.9, 2.6, false, 4)));
    assertEquals(List.of("−0.02", "0", "0.02"), labels(Axis.exactly(-0.03, 0.03, false, 3)));
  }

  @Test
  void logarithmicTicksArePowersOrTheirMultiples() {
    assertEquals(List.of("10", "100", "1,000", "10,000"), labels(Axis.exactly(5, 20000, true, 5)));
    assertEquals(List.of("1", "2", "5", "10", "20", "50"), labels(Axis.exactly(1, 60, true, 6)));
    assertEquals(List.of("10⁶", "10⁸", "10¹⁰"), labels(Axis.exactly(1e6, 1e10, true, 3)));
  }

  @Test
  void contextLengthsGetTheirOwnTicks() {
    Axis axis = Axis.exactly(16, 256, true, 6);
    double[] lengths = {16, 64, 256};
    assertEquals(List.of("16", "64", "256"), labels(axis.withPowersOfTwo(lengths, 10)));
    assertEquals(labels(axis), labels(axis.withPowersOfTwo(new double[] {16, 63, 256}, 10)));
  }

  @Test
  void equalRatiosAreEqualDistancesOnALogarithmicAxis() {
    Axis axis = Axis.exactly(1, 10_000, true, 5);
    assertEquals(0.5, axis.position(100), 1e-12);
    assertEquals(0.25, Axis.exactly(0, 4, false, 5).position(1), 1e-12);
  }

  @Test
  void aSingleValueStillGetsARange() {
    Axis axis = Axis.around(3, 3, false, true, 5);
    assertEquals(0.5, axis.position(3), 1e-12);
    assertEquals(0.5, Axis.around(0, 0, false, true, 5).position(0), 1e-12);
    assertEquals(0.5, Axis.around(8, 8, true, true, 5).position(8), 1e-12);
  }

  @Test
  void whatIsNeverNegativeGetsNoNegativeAxis() {
    assertEquals(0, Axis.around(0.01, 4, false, true, 5).min());
  }
}
