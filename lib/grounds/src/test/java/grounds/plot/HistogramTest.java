package grounds.plot;

import static grounds.plot.XyChartTest.assertMessage;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class HistogramTest {

  @Test
  void barsFollowTheCounts() {
    // 4 values in the lower half, 2 in the upper: the area is 1.5 times the lower bar's.
    Chart chart = Histogram.of("t").x("weight").bins(2).values(0, 0, 0, 0, 1, 1).chart();
    Chart equal = Histogram.of("t").x("weight").bins(2).values(0, 0, 0, 0, 1, 1, 1, 1).chart();
    double ratio =
        (double) Pixels.count(chart, Theme.color(0)) / Pixels.count(equal, Theme.color(0));
    assertEquals(0.75, ratio, 0.02);
  }

  @Test
  void descriptionHasTheMoments() {
    String text = Histogram.of("t").x("weight").values(1, 2, 3, Double.NaN).chart().description();
    assertTrue(text.contains("3 values"), text);
    assertTrue(text.contains("mean 2, standard deviation 0.8165, median 2"), text);
    assertTrue(text.contains("1 value is not a number"), text);
  }

  @Test
  void badInputSaysWhatIsWrong() {
    assertMessage("1 interval or more", () -> Histogram.of("t").bins(0));
    assertThrows(IllegalStateException.class, () -> Histogram.of("t").x("weight").chart());
  }
}
