package grounds.notebook;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.plot.Chart;
import grounds.plot.LineChart;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.LongColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

class ShowTest {

  private static Output shown(Runnable action) {
    try (FakeFrontend page = FakeFrontend.open()) {
      String printed = Printed.by(action);
      assertEquals("", printed, "with a front end nothing is printed");
      return page.only();
    }
  }

  private static Table models() {
    return Table.create(
        "models",
        StringColumn.create("model", "<bigram>", "gpt"),
        DoubleColumn.create("perplexity", 11.834251, 4.61),
        LongColumn.create("parameters", 4225L, 1803840L));
  }

  @Test
  void aChartIsAPictureWithItsDescription() {
    Chart chart =
        LineChart.of("Loss")
            .x("step")
            .y("nats")
            .line("a", new double[] {0, 1}, new double[] {2, 1})
            .chart();
    Output output = shown(() -> Show.chart(chart));
    assertArrayEquals(chart.png(), output.picture().orElseThrow().png());
    assertEquals(chart.width(), output.picture().orElseThrow().width());
    assertEquals(chart.description(), output.text());
    assertEquals(chart.description() + System.lineSeparator(), Printed.by(() -> Show.chart(chart)));
  }

  @Test
  void aTableAlignsNumbersAndEscapesText() {
    Output output = shown(() -> Show.table(models()));
    assertEquals(
        """
        models
        model     perplexity  parameters
        <bigram>      11.834       4,225
        gpt            4.610   1,803,840""",
        output.text());
    String html = output.html().orElseThrow();
    assertTrue(html.contains("&lt;bigram&gt;") && !html.contains("<bigram>"), html);
    assertTrue(html.contains(">1,803,840</td>"), html);
    assertFalse(html.contains("<script"));
  }

  @Test
  void aLongTableSaysWhatItLeavesOut() {
    Table table = Table.create(LongColumn.create("i", new long[1000]));
    Output output = shown(() -> Show.table(table, 3));
    assertTrue(output.text().endsWith("3 of 1,000 rows"), output.text());
    assertEquals(5, output.text().lines().count());
    assertThrows(IllegalArgumentException.class, () -> Show.table(table, 0));
  }

  @Test
  void aColumnHasOneNumberOfDecimals() {
    Table table = Table.create(DoubleColumn.create("ms", 3, 2.43, 16777.22));
    assertEquals(
        "       ms\n     3.00\n     2.43\n16,777.22",
        shown(() -> Show.table(table)).text().stripTrailing());
    Table lengths = Table.create(DoubleColumn.create("context", 16, 1024));
    assertEquals(
        "context\n     16\n  1,024", shown(() -> Show.table(lengths)).text().stripTrailing());
  }

  @Test
  void missingValuesAreEmptyCells() {
    Table table = Table.create(DoubleColumn.create("loss", 1.5, Double.NaN));
    assertEquals("loss\n 1.5", shown(() -> Show.table(table)).text().stripTrailing());
  }

  @Test
  void textsStandSideBySide() {
    Output output = shown(() -> Show.sideBySide("before", "xq\nzk", "after", "ROMEO: <hark>"));
    String[] lines = output.text().split("\n");
    assertTrue(lines[0].matches("before +\\| after"), lines[0]);
    assertTrue(lines[2].matches("xq +\\| ROMEO: <hark>"), lines[2]);
    assertTrue(lines[3].startsWith("zk"), lines[3]);
    String html = output.html().orElseThrow();
    assertTrue(html.contains("ROMEO: &lt;hark&gt;"), html);
    assertTrue(html.contains("word-break:normal"), html);
    assertThrows(IllegalArgumentException.class, () -> Show.sideBySide("title alone"));
    assertThrows(IllegalArgumentException.class, () -> Show.sideBySide("a", "1", "a", "2"));
    assertThrows(IllegalArgumentException.class, () -> Show.sideBySide());
  }

  @Test
  void shadingIsStrongestAtTheLargestWeight() {
    Output output = shown(() -> Show.shaded("a <\n", new double[] {0.1, 0, 0.4, 0.2}));
    String html = output.html().orElseThrow();
    assertTrue(html.contains("rgba(0,114,178,0.65)\" title=\"0.4000\">&lt;</span>"), html);
    assertTrue(html.contains("rgba(0,114,178,0.00)\" title=\"0.0000\">␣</span>"), html);
    assertTrue(html.contains("↵</span><br>"), html);
    assertTrue(output.text().startsWith("a␣<↵\n▃ █▅\nhighest: < 0.400"), output.text());
  }

  @Test
  void shadingRefusesWeightsThatCannotBe() {
    assertThrows(IllegalArgumentException.class, () -> Show.shaded("ab", new double[] {1}));
    assertThrows(IllegalArgumentException.class, () -> Show.shaded("a", new double[] {-1}));
    assertThrows(IllegalArgumentException.class, () -> Show.shaded("a", new double[] {Double.NaN}));
    assertThrows(IllegalArgumentException.class, () -> Show.shaded("", new double[0]));
  }

  @Test
  void textIsEscapedAndPrintedAsItIs() {
    assertTrue(shown(() -> Show.text("a < b")).html().orElseThrow().contains("a &lt; b"));
    assertEquals("a < b" + System.lineSeparator(), Printed.by(() -> Show.text("a < b")));
    assertEquals("x", shown(() -> Show.value(() -> Output.text("x"))).text());
    assertEquals("<b>x</b>", shown(() -> Show.html("<b>x</b>", "x")).html().orElseThrow());
  }

  @Test
  void tokensAreCountedAndTellWhereOneEnds() {
    Map<String, List<String>> rows = new LinkedHashMap<>();
    rows.put("GPT-2", List.of("a", " <b", "\n"));
    rows.put("whole", List.of("a <b\n"));
    Output output = shown(() -> Show.tokens(rows));
    assertEquals("GPT-2 (3 tokens)\na|␣<b|↵\nwhole (1 token)\na␣<b↵", output.text());
    String html = output.html().orElseThrow();
    assertTrue(html.contains("rgba(0,114,178,0.22)\">a</span>"), html);
    assertTrue(html.contains("rgba(230,159,0,0.32)\">␣&lt;b</span>"), html);
    assertTrue(html.contains("↵</span><br>"), html);
    assertEquals("2 tokens\nx|y", shown(() -> Show.tokens(List.of("x", "y"))).text());
    assertEquals("2 pieces\nx|y", shown(() -> Show.pieces(List.of("x", "y"))).text());
    assertEquals("cut (1 piece)\nx", shown(() -> Show.pieces(Map.of("cut", List.of("x")))).text());
  }
}
