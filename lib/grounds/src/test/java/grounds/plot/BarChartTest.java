package grounds.plot;

import static grounds.plot.XyChartTest.assertMessage;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.StringColumn;

class BarChartTest {

  private static BarChart chart() {
    return BarChart.of("Next character").x("character").y("probability");
  }

  @Test
  void areaOfTheBarsFollowsTheirValues() {
    Chart both = chart().categories("e", " ").bars("", 1, 0.5).chart();
    Chart first = chart().categories("e", " ").bars("", 1, 0).chart();
    double ratio =
        (double) Pixels.count(both, Theme.color(0)) / Pixels.count(first, Theme.color(0));
    assertEquals(1.5, ratio, 0.03);
  }

  @Test
  void horizontalBarsRunFromLeftToRight() {
    Chart chart =
        BarChart.of("Next")
            .x("probability")
            .y("character")
            .horizontal()
            .categories("e")
            .bars("", 0.4)
            .chart();
    var bar = Pixels.extent(chart, Theme.color(0)).orElseThrow();
    assertTrue(bar.width > 5 * bar.height, "bar covers " + bar);
    assertTrue(Pixels.hasCleanEdge(chart));
  }

  @Test
  void negativeAndMissingValuesAreToldAndDrawn() {
    Chart chart = chart().categories("a", "b", "c").bars("change", -1, Double.NaN, 2).chart();
    assertTrue(chart.description().contains("change: a −1, b no number, c 2"), chart.description());
    assertTrue(Pixels.count(chart, Theme.color(0)) > 1000);
  }

  @Test
  void ofManyCategoriesTheHighestAreTold() {
    String[] labels = Labels.ofCharacters("\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    double[] values = new double[labels.length];
    values[1] = 0.7;
    values[0] = 0.2;
    Chart chart = chart().categories(labels).bars("", values).chart();
    assertTrue(chart.description().contains("highest of 39: ␣ 0.7, ↵ 0.2"), chart.description());
  }

  @Test
  void tableColumnsDrawTheSameChart() {
    Chart arrays = chart().categories("a", "b").bars("p", 0.1, 0.9).chart();
    Chart columns =
        chart()
            .bars(StringColumn.create("c", "a", "b"), DoubleColumn.create("p", 0.1, 0.9))
            .chart();
    assertArrayEquals(arrays.png(), columns.png());
  }

  @Test
  void longNamesAreWrappedOrTurnedAndStayInside() {
    Chart chart =
        chart()
            .size(400, 0)
            .categories("value only", "one attention layer, one head", "transformerwithoutspaces")
            .bars("", 11.8, 6.2, 4.6)
            .chart();
    assertTrue(Pixels.hasCleanEdge(chart));
  }

  @Test
  void badInputSaysWhatIsWrong() {
    assertMessage(
        "2 values for 1 categories", () -> chart().categories("a").bars("", 1, 2).chart());
    assertMessage("none is a number", () -> chart().categories("a").bars("", Double.NaN).chart());
    assertThrows(IllegalStateException.class, () -> chart().categories("a").chart());
    assertThrows(IllegalStateException.class, () -> chart().bars("", 1).chart());
    assertThrows(
        IllegalStateException.class, () -> BarChart.of("t").categories("a").bars("", 1).chart());
  }
}
