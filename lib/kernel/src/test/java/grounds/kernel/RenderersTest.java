package grounds.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonObject;
import grounds.notebook.Output;
import grounds.notebook.Showable;
import grounds.plot.Chart;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

class RenderersTest {

  record Row(String name, int[] ids, float loss) {}

  private static String text(Object value) {
    return Renderers.render(value).text();
  }

  @Test
  void nullIsShownAsNull() {
    assertEquals("null", text(null));
  }

  @Test
  void anOutputAndAShowableShowThemselves() {
    Output output = Output.html("<b>1</b>", "1");
    Showable showable = () -> output;
    assertSame(output, Renderers.render(output));
    assertSame(output, Renderers.render(showable));
  }

  @Test
  void arraysShowTheirValues() {
    assertEquals("[1, 2]", text(new int[] {1, 2}));
    assertEquals("[[0.5], []]", text(new double[][] {{0.5}, {}}));
    assertEquals("[a, null]", text(new String[] {"a", null}));
    assertEquals("[true]", text(new boolean[] {true}));
  }

  @Test
  void aLongArrayIsAbbreviatedAndKeepsItsEnds() {
    String shown = text(IntStream.range(0, 1_000_000).toArray());
    assertTrue(shown.startsWith("[0, 1, 2, "), shown);
    assertTrue(shown.endsWith(", ..., 999997, 999998, 999999] (length 1000000)"), shown);
    assertTrue(shown.length() < 500, shown);
  }

  @Test
  void collectionsAndRecordsShowTheArraysInThem() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("ids", new int[] {1, 2});
    map.put("rows", List.of(new Row("a", new int[] {3}, 0.5f)));
    assertEquals("{ids=[1, 2], rows=[Row[name=a, ids=[3], loss=0.5]]}", text(map));
  }

  @Test
  void aHugeCollectionIsAbbreviated() {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 1_000_000; i++) {
      lines.add("line " + i);
    }
    String shown = text(lines);
    assertTrue(shown.endsWith("... 1000000 in all]"), shown);
    assertTrue(shown.length() < 5000);
  }

  @Test
  void aCollectionThatHoldsItselfIsAbbreviated() {
    List<Object> self = new ArrayList<>();
    self.add(self);
    assertTrue(text(self).contains("..."), text(self));
  }

  @Test
  void aValueThatFailsIsShownAsItsFailure() {
    Object failing =
        new Object() {
          @Override
          public String toString() {
            throw new IllegalStateException("not ready");
          }
        };
    assertTrue(text(failing).contains("not ready"));
  }

  @Test
  void aTableIsHtmlAndTextWithAtMostTwentyRows() {
    Table table =
        Table.create(
            StringColumn.create("name <&>", IntStream.range(0, 23).mapToObj(i -> "n" + i)),
            DoubleColumn.create("loss", IntStream.range(0, 23).mapToDouble(i -> i / 2.0)));
    Output output = Renderers.render(table);
    String html = output.html().orElseThrow();
    assertTrue(html.contains("<th>name &lt;&amp;&gt;</th>"), html);
    assertTrue(html.contains("<td>n19</td>") && !html.contains("n20"), html);
    assertTrue(html.contains("... 3 more rows"), html);
    assertTrue(output.text().contains("n19") && output.text().endsWith("... 3 more rows"));
  }

  @Test
  void aChartIsDrawnAtTwiceTheSizeItIsShownAt() throws IOException {
    XYChart chart = new XYChartBuilder().width(300).height(200).title("Loss").build();
    chart.addSeries("training", new double[] {1, 2}, new double[] {3, 4});
    Output output = Renderers.render(chart);
    Output.Picture picture = output.picture().orElseThrow();
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(picture.png()));
    assertEquals(600, image.getWidth());
    assertEquals(400, image.getHeight());
    assertEquals("Chart: Loss", output.text());
    JsonObject size =
        OutputQueue.bundle(output).getAsJsonObject("metadata").getAsJsonObject("image/png");
    assertEquals(300, size.get("width").getAsInt());
    assertEquals(200, size.get("height").getAsInt());
  }

  @Test
  void aChartOfTheLibraryKeepsItsShownSizeAndItsDescription() {
    BufferedImage fine = new BufferedImage(80, 60, BufferedImage.TYPE_INT_RGB);
    Output output = Renderers.render(new Chart(fine, 40, 30, "loss falls to 1.2"));
    assertEquals("loss falls to 1.2", output.text());
    assertEquals(40, output.picture().orElseThrow().width());
    assertEquals(30, output.picture().orElseThrow().height());
  }

  @Test
  void anImageKeepsItsSize() {
    Output.Picture picture =
        Renderers.render(new BufferedImage(30, 20, BufferedImage.TYPE_INT_RGB))
            .picture()
            .orElseThrow();
    assertEquals(30, picture.width());
    assertEquals(20, picture.height());
  }

  @Test
  void aTensorShowsTypeShapeDeviceAndValues() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray small = manager.create(new float[] {1, 2.5f, 3, 4}, new Shape(2, 2));
      assertEquals("NDArray (2, 2) float32 cpu()\n[[1.000, 2.500],\n [3.000, 4.000]]", text(small));
      assertEquals("NDArray () int64 cpu()\n7", text(manager.create(7L)));
      assertEquals(
          "NDArray (2) boolean cpu()\n[true, false]",
          text(manager.create(new boolean[] {true, false})));
      assertEquals("NDArray (0, 3) float32 cpu()\n[]", text(manager.create(new Shape(0, 3))));
      String large = text(manager.arange(0, 4_000_000, 1, DataType.INT32).reshape(2000, 2000));
      assertTrue(large.startsWith("NDArray (2000, 2000) int32 cpu()\n[[0, 1, 2, ..., "), large);
      assertTrue(large.endsWith("..., 3999997, 3999998, 3999999]]"), large);
      assertTrue(large.length() < 1000, large);
      small.close();
      assertEquals("NDArray, closed", text(small));
    }
  }

  @Test
  void showingATensorLeavesNothingBehind() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray array = manager.ones(new Shape(3, 4, 5));
      int before = manager.getManagedArrays().size();
      assertFalse(text(array).isEmpty());
      assertEquals(before, manager.getManagedArrays().size());
    }
  }
}
