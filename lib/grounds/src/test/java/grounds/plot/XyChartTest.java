package grounds.plot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;

class XyChartTest {

  private static final double[] X = {0, 1, 2, 3};
  private static final double[] FALLING = {4, 3, 2, 1};

  private static LineChart chart() {
    return LineChart.of("Loss").x("step").y("loss (nats)");
  }

  @Test
  void pngHoldsTheDrawnPixelsAtTwiceTheShownSize() throws IOException {
    Chart chart = chart().line("training", X, FALLING).size(400, 300).chart();
    BufferedImage read = ImageIO.read(new ByteArrayInputStream(chart.png()));
    assertEquals(800, read.getWidth());
    assertEquals(600, read.getHeight());
    assertEquals(400, chart.width());
    assertEquals(300, chart.height());
    assertArrayEquals(
        chart.image().getRGB(0, 0, 800, 600, null, 0, 800),
        read.getRGB(0, 0, 800, 600, null, 0, 800));
  }

  @Test
  void aLineRunsAcrossThePlotAndNothingIsCutOff() {
    Chart chart = chart().line("training", X, FALLING).chart();
    Rectangle line = Pixels.extent(chart, Theme.color(0)).orElseThrow();
    assertTrue(line.width > 600 && line.height > 250, "line covers " + line);
    assertTrue(Pixels.hasCleanEdge(chart));
  }

  @Test
  void eachSeriesHasItsColourAndItsPlaceInTheLegend() {
    Chart one = chart().line("training", X, FALLING).chart();
    Chart two = chart().line("training", X, FALLING).line("validation", X, X).chart();
    assertEquals(0, Pixels.count(one, Theme.color(1)));
    assertTrue(Pixels.count(two, Theme.color(1)) > 500);
    int legend = Pixels.extent(two, Theme.color(1)).orElseThrow().y;
    assertTrue(legend < 50, "the legend is above the plot, but starts at " + legend);
  }

  @Test
  void valuesThatAreNotNumbersAreGapsAndTold() {
    double[] y = {1, 1, Double.NaN, Double.POSITIVE_INFINITY, 1, 1};
    double[] x = {0, 1, 2, 3, 4, 5};
    Chart gap = chart().line("a", x, y).chart();
    Chart whole = chart().line("a", x, new double[] {1, 1, 1, 1, 1, 1}).chart();
    double share = (double) Pixels.count(gap, Theme.color(0)) / Pixels.count(whole, Theme.color(0));
    assertTrue(share > 0.25 && share < 0.6, "2 of 5 stretches are drawn, but " + share);
    assertTrue(gap.description().contains("2 values are not a number"), gap.description());
  }

  @Test
  void descriptionSaysWhatIsThere() {
    String text =
        chart()
            .line("training", X, FALLING)
            .reference("uniform guess, ln 65", Math.log(65))
            .mark("best 1.00", 3, 1)
            .chart()
            .description();
    for (String part :
        List.of(
            "Loss",
            "loss (nats)",
            "step",
            "training",
            "4 (at 0) to 1 (at 3)",
            "uniform guess, ln 65: 4.174",
            "best 1.00 at 3")) {
      assertTrue(text.contains(part), () -> "no \"" + part + "\" in " + text);
    }
  }

  @Test
  void aReferenceLineIsAlwaysInsideTheAxis() {
    Chart chart = chart().line("", X, new double[] {1, 1.1, 1, 1}).reference("far", 9).chart();
    assertTrue(Pixels.count(chart, Theme.MUTED) > 300);
    Rectangle line = Pixels.extent(chart, Theme.color(0)).orElseThrow();
    assertTrue(line.y > 200, "data at 1 of 1 to 9 lies low, but at " + line);
  }

  @Test
  void aFixedRangeLeavesRoomForWhatIsStillToCome() {
    Chart chart = chart().line("training", X, FALLING).xRange(0, 12).chart();
    Rectangle line = Pixels.extent(chart, Theme.color(0)).orElseThrow();
    assertTrue(line.getMaxX() < 260, "a quarter of the run is drawn, but " + line);
  }

  @Test
  void tableColumnsAndCollectionsDrawTheSameChart() {
    Chart arrays = chart().line("loss", X, FALLING).chart();
    Chart columns =
        chart()
            .line(IntColumn.create("step", 0, 1, 2, 3), DoubleColumn.create("loss", FALLING))
            .chart();
    Chart lists = chart().line("loss", List.of(0, 1, 2, 3), List.of(4, 3, 2, 1)).chart();
    assertArrayEquals(arrays.png(), columns.png());
    assertArrayEquals(arrays.png(), lists.png());
  }

  @Test
  void pointsCanCarryTexts() {
    ScatterChart words = ScatterChart.of("Words").x("first").y("second");
    Chart chart = words.points("words", X, FALLING, new String[] {"a", "b", "c", "d"}).chart();
    Chart bare =
        ScatterChart.of("Words").x("first").y("second").points("words", X, FALLING).chart();
    assertTrue(Pixels.count(chart, Theme.INK) > Pixels.count(bare, Theme.INK));
  }

  @Test
  void badInputSaysWhatIsWrong() {
    assertMessage("3 values of x and 2", () -> chart().line("a", new double[3], new double[2]));
    assertMessage("it is empty", () -> chart().line("a", new double[0], new double[0]));
    assertMessage(
        "none of its 1 is a number",
        () -> chart().line("a", new double[1], new double[] {Double.NaN}));
    assertMessage("already is a series", () -> chart().line("a", X, X).points("a", X, X));
    assertMessage("cannot show 0", () -> chart().line("a", X, FALLING).logX().chart());
    assertMessage(
        "cannot show −1", () -> chart().line("a", X, new double[] {1, 2, 3, -1}).logY().chart());
    assertMessage("one text for each point", () -> chart().points("a", X, X, new String[] {"one"}));
    assertMessage("lower and a higher", () -> chart().xRange(1, 1));
    assertMessage("needs a number", () -> chart().reference("none", Double.NaN));
    assertMessage("larger size", () -> chart().line("a", X, X).size(60, 60).chart());
    assertTrue(
        assertThrows(IllegalStateException.class, () -> chart().chart())
            .getMessage()
            .contains("no data"));
    IllegalStateException unlabelled =
        assertThrows(
            IllegalStateException.class, () -> LineChart.of("t").x("step").line("a", X, X).chart());
    assertTrue(unlabelled.getMessage().contains("no label on its y axis"), unlabelled.getMessage());
  }

  static void assertMessage(String part, org.junit.jupiter.api.function.Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.contains(part), () -> "no \"" + part + "\" in: " + message);
    assertFalse(message.isBlank());
  }
}
