package grounds.plot;

import static grounds.plot.XyChartTest.assertMessage;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.Rectangle;
import org.junit.jupiter.api.Test;

class HeatMapTest {

  private static final Color HIGHEST = new Color(0x08306B);
  private static final Color ZERO = new Color(0xF7FBFF);
  private static final Color LOWEST_OF_SIGNED = new Color(0x08519C);

  @Test
  void cellsLieWhereRowAndColumnSay() {
    double[][] values = new double[10][10];
    values[9][0] = 1;
    Chart chart = HeatMap.of("t").values(values).withoutNumbers().cellSize(20).chart();
    // The colour bar ends in the same colour, so look at the left part only.
    Rectangle zeros = Pixels.extent(chart, ZERO).orElseThrow();
    int cellX = zeros.x + 10;
    int cellY = zeros.y + 9 * 20 + 10;
    assertEquals(HIGHEST.getRGB(), chart.image().getRGB(2 * cellX, 2 * cellY));
    assertEquals(ZERO.getRGB(), chart.image().getRGB(2 * cellX + 40, 2 * cellY));
  }

  @Test
  void signedValuesAreCentredOnWhite() {
    Chart chart = HeatMap.of("t").values(new double[][] {{-2, 0}, {1, 0}}).chart();
    assertTrue(Pixels.count(chart, LOWEST_OF_SIGNED) > 1000);
  }

  @Test
  void panelsShareOneRangeOfColours() {
    double[][] weak = {{0.1, 0.1}, {0.1, 0.1}};
    double[][] strong = {{1, 1}, {1, 1}};
    HeatMap alone = HeatMap.of("t").withoutNumbers().panel("head 1", weak);
    HeatMap both = HeatMap.of("t").withoutNumbers().panel("head 1", weak).panel("head 2", strong);
    // Alone, the weak head is the darkest there is; beside the strong one it is not.
    double ratio =
        (double) Pixels.count(both.chart(), HIGHEST) / Pixels.count(alone.chart(), HIGHEST);
    assertEquals(1, ratio, 0.1);
  }

  @Test
  void manyWidePanelsKeepToThePage() {
    String[] tokens = Labels.ofCharacters("the quick brown fox jumps");
    HeatMap map = HeatMap.of("Heads").rows(tokens).columns(tokens);
    for (int head = 1; head <= 12; head++) {
      double[][] values = new double[tokens.length][tokens.length];
      values[0][0] = head;
      map.panel("head " + head, values);
    }
    Chart chart = map.chart();
    assertTrue(chart.width() <= 960, "shown width " + chart.width());
    assertTrue(Pixels.hasCleanEdge(chart));
    assertTrue(chart.description().contains("head 12, highest: 12 in row t, column t"));
  }

  @Test
  void floatsAndDoublesDrawTheSame() {
    assertArrayEquals(
        HeatMap.of("t").values(new float[][] {{0.5f, 1}}).chart().png(),
        HeatMap.of("t").values(new double[][] {{0.5, 1}}).chart().png());
  }

  @Test
  void missingCellsAreGrey() {
    Chart chart =
        HeatMap.of("t").values(new double[][] {{1, Double.NaN}, {0.5, 0.5}}).cellSize(30).chart();
    assertTrue(Pixels.count(chart, new Color(0xEDEDED)) > 3000);
  }

  @Test
  void badInputSaysWhatIsWrong() {
    double[][] square = {{1, 2}, {3, 4}};
    assertMessage("1 row and 1 column", () -> HeatMap.of("t").values(new double[0][0]));
    assertMessage("same length", () -> HeatMap.of("t").values(new double[][] {{1, 2}, {3}}));
    assertMessage(
        "same shape", () -> HeatMap.of("t").values(square).panel("b", new double[][] {{1}}));
    assertMessage(
        "2 rows and 1 row labels", () -> HeatMap.of("t").rows("a").values(square).chart());
    assertMessage(
        "2 columns and 3 column labels",
        () -> HeatMap.of("t").columns("a", "b", "c").values(square).chart());
    assertMessage(
        "none is a number", () -> HeatMap.of("t").values(new double[][] {{Double.NaN}}).chart());
    assertMessage("1 to 200", () -> HeatMap.of("t").cellSize(0));
    assertThrows(IllegalStateException.class, () -> HeatMap.of("t").chart());
  }
}
