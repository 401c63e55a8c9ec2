package grounds.kernel;

import grounds.notebook.Output;
import grounds.notebook.Showable;
import grounds.plot.Chart;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.awt.image.RenderedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import javax.imageio.ImageIO;
import tech.tablesaw.api.Table;

/**
 * How each kind of value is shown: the first renderer in the list whose type fits. To add one, add
 * a line to the list.
 */
final class Renderers {

  /** Pixels per CSS pixel of a chart, so that it is sharp on a fine screen. */
  private static final int CHART_SCALE = 2;

  private static final int MAX_ROWS = 20;

  private record Renderer<T>(Class<T> type, Function<T, Output> function) {
    Optional<Output> render(Object value) {
      return type.isInstance(value)
          ? Optional.of(function.apply(type.cast(value)))
          : Optional.empty();
    }
  }

  private static final List<Renderer<?>> RENDERERS =
      List.of(
          new Renderer<>(Output.class, output -> output),
          new Renderer<>(Showable.class, Showable::output),
          new Renderer<>(
              Chart.class, c -> Output.picture(c.png(), c.width(), c.height(), c.description())),
          new Renderer<>(org.knowm.xchart.internal.chartpart.Chart.class, Renderers::drawn),
          new Renderer<>(BufferedImage.class, Renderers::image),
          new Renderer<>(Table.class, Renderers::table),
          new Renderer<>(Object.class, value -> Output.text(ValueText.of(value))));

  private Renderers() {}

  /** What to show for a value; a value that fails to say what it is is shown as that failure. */
  static Output render(Object value) {
    if (value == null) {
      return Output.text("null");
    }
    try {
      return RENDERERS.stream()
          .flatMap(renderer -> renderer.render(value).stream())
          .findFirst()
          .orElseThrow();
    } catch (RuntimeException | StackOverflowError e) {
      return Output.text(value.getClass().getName() + " that cannot be shown: " + e);
    }
  }

  private static Output drawn(org.knowm.xchart.internal.chartpart.Chart<?, ?> chart) {
    int width = chart.getWidth();
    int height = chart.getHeight();
    BufferedImage image =
        new BufferedImage(CHART_SCALE * width, CHART_SCALE * height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.scale(CHART_SCALE, CHART_SCALE);
    chart.paint(graphics, width, height);
    graphics.dispose();
    String title = Objects.requireNonNullElse(chart.getTitle(), "");
    return Output.picture(
        png(image), width, height, "Chart" + (title.isEmpty() ? "" : ": " + title));
  }

  private static Output image(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    return Output.picture(
        png(image), width, height, "Image, " + width + " x " + height + " pixels");
  }

  private static byte[] png(RenderedImage image) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static Output table(Table table) {
    int rows = Math.min(MAX_ROWS, table.rowCount());
    String more = table.rowCount() > rows ? "... " + (table.rowCount() - rows) + " more rows" : "";
    StringBuilder html = new StringBuilder("<table><thead><tr>");
    table.columnNames().forEach(name -> cell(html, "th", name));
    html.append("</tr></thead><tbody>");
    for (int row = 0; row < rows; row++) {
      html.append("<tr>");
      for (int column = 0; column < table.columnCount(); column++) {
        cell(html, "td", table.column(column).getString(row));
      }
      html.append("</tr>");
    }
    html.append("</tbody></table>");
    if (!more.isEmpty()) {
      html.append("<p>").append(more).append("</p>");
    }
    String text = table.first(rows).print(rows) + (more.isEmpty() ? "" : "\n" + more);
    return Output.html(html.toString(), text);
  }

  private static void cell(StringBuilder html, String tag, String text) {
    String escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    html.append('<').append(tag).append('>').append(escaped);
    html.append("</").append(tag).append('>');
  }
}
