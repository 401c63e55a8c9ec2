package grounds.plot;

import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import tech.tablesaw.api.NumericColumn;
import tech.tablesaw.api.StringColumn;

/**
 * Builds a chart with a bar for each category: a distribution over next characters, scores of
 * models. Several series stand side by side in each category.
 */
public final class BarChart {

  private record Series(String name, double[] values) {}

  /** Up to this many bars, each carries its number. */
  private static final int FEW = 24;

  private static final double BAR = 20;
  private static final double LINE = 16;

  private final String title;
  private final List<String> categories = new ArrayList<>();
  private final List<Series> series = new ArrayList<>();
  private String xLabel = "";
  private String yLabel = "";
  private boolean horizontal;
  private int width = 720;
  private int height;

  private BarChart(String title) {
    this.title = title;
  }

  /** Starts a chart; the title says what it shows. */
  public static BarChart of(String title) {
    return new BarChart(title);
  }

  /** Names the horizontal axis, with its unit. Required. */
  public BarChart x(String label) {
    xLabel = label;
    return this;
  }

  /** Names the vertical axis, with its unit. Required. */
  public BarChart y(String label) {
    yLabel = label;
    return this;
  }

  /** Lets the bars run from left to right, one category below the other: for long labels. */
  public BarChart horizontal() {
    horizontal = true;
    return this;
  }

  /** Sets the size on the page in CSS pixels. */
  public BarChart size(int width, int height) {
    this.width = width;
    this.height = height;
    return this;
  }

  /** Names the categories, in the order shown; invisible characters get a sign. */
  public BarChart categories(String... labels) {
    categories.clear();
    Arrays.stream(labels).map(Labels::label).forEach(categories::add);
    return this;
  }

  /** Names the categories, in the order shown; invisible characters get a sign. */
  public BarChart categories(List<String> labels) {
    return categories(labels.toArray(new String[0]));
  }

  /** Adds a series: one value for each category, in their order. */
  public BarChart bars(String name, double... values) {
    series.add(new Series(name, values.clone()));
    return this;
  }

  /** Takes the categories from one column of a table and a series, with its name, from another. */
  public BarChart bars(StringColumn labels, NumericColumn<?> values) {
    return categories(labels.asList()).bars(values.name(), values.asDoubleArray());
  }

  /**
   * Draws the chart.
   *
   * @throws IllegalStateException if there is no data, or an axis has no label
   * @throws IllegalArgumentException if a series has not one value for each category
   */
  public Chart chart() {
    if (series.isEmpty() || categories.isEmpty()) {
      throw new IllegalStateException(
          "Bar chart \""
              + title
              + "\" has no "
              + (series.isEmpty() ? "values; call bars(...)" : "categories; call categories(...)")
              + " before chart()");
    }
    XyChart.requireLabel(title, "x", xLabel);
    XyChart.requireLabel(title, "y", yLabel);
    for (Series one : series) {
      if (one.values().length != categories.size()) {
        throw new IllegalArgumentException(
            "Series \""
                + one.name()
                + "\" has "
                + one.values().length
                + " values for "
                + categories.size()
                + " categories; give one value for each category");
      }
    }
    double[] finite =
        series.stream()
            .flatMapToDouble(s -> Arrays.stream(s.values()))
            .filter(Double::isFinite)
            .toArray();
    if (finite.length == 0) {
      throw new IllegalArgumentException(
          "Bar chart \"" + title + "\" has no value to draw: none is a number");
    }
    List<Frame.Entry> legend =
        series.size() == 1
            ? List.of()
            : IntStream.range(0, series.size())
                .mapToObj(s -> new Frame.Entry(series.get(s).name(), Theme.color(s), true))
                .toList();
    Axis values = valueAxis(finite);
    return horizontal ? rows(values, legend) : columns(values, legend);
  }

  private Axis valueAxis(double[] finite) {
    double min = Math.min(0, Arrays.stream(finite).min().orElseThrow());
    double max = Math.max(0, Arrays.stream(finite).max().orElseThrow());
    int ticks = horizontal ? width / 110 : 6;
    // Room for the numbers at the ends of the bars.
    double room = (max - min) * (horizontal ? 0.1 : 0.09);
    return min == max
        ? Axis.exactly(0, 1, false, ticks)
        : Axis.exactly(min < 0 ? min - room : 0, max > 0 ? max + room : 0, false, ticks);
  }

  private Chart columns(Axis values, List<Frame.Entry> legend) {
    double yTicks = Frame.widthOfTicks(values);
    double space = (width - yTicks - 64) / categories.size();
    List<List<String>> labels =
        categories.stream().map(c -> Theme.wrap(c, Theme.SMALL, space - 8)).toList();
    boolean wrapped =
        labels.stream().allMatch(lines -> Theme.widthOf(lines, Theme.SMALL) <= space - 6);
    boolean upright = !wrapped && categories.stream().anyMatch(c -> c.length() > 1);
    int most = labels.stream().mapToInt(List::size).max().orElseThrow();
    double room =
        upright ? Theme.widthOf(categories, Theme.SMALL) + 10 : 4 + LINE * (wrapped ? most : 1);
    Font font = Theme.SMALL.deriveFont((float) Math.max(9, Math.min(12, space)));
    int drawnHeight = height > 0 ? height : (int) (360 + room);
    Frame frame = new Frame(width, drawnHeight, title, legend, xLabel, yLabel, yTicks, room);
    return Theme.draw(
        width,
        drawnHeight,
        describe(),
        g -> {
          frame.draw(g);
          frame.drawYAxis(g, values);
          double slot = frame.plot.getWidth() / categories.size();
          double thickness = slot * 0.8 / series.size();
          double zero = frame.y(values, 0);
          for (int c = 0; c < categories.size(); c++) {
            double left = frame.plot.getX() + c * slot + slot * 0.1;
            for (int s = 0; s < series.size(); s++) {
              double value = series.get(s).values()[c];
              if (Double.isFinite(value)) {
                double end = frame.y(values, value);
                double x = left + s * thickness;
                bar(g, s, x, Math.min(zero, end), thickness, Math.abs(end - zero));
                if (numbered() && Theme.widthOf(number(value), Theme.SMALL) <= thickness + 6) {
                  double down = value < 0 ? 0 : 1;
                  double gap = value < 0 ? 5 : -5;
                  number(g, number(value), x + thickness / 2, end + gap, 0.5, down);
                }
              }
            }
            double middle = frame.plot.getX() + (c + 0.5) * slot;
            double below = frame.plot.getMaxY() + 8;
            if (upright) {
              Theme.textUpwards(
                  g, categories.get(c), Theme.SMALL, Theme.INK, middle, below, 1, 0.5);
            } else {
              List<String> lines = wrapped ? labels.get(c) : List.of(categories.get(c));
              for (int l = 0; l < lines.size(); l++) {
                Theme.text(g, lines.get(l), font, Theme.INK, middle, below + l * LINE, 0.5, 0);
              }
            }
          }
          baseLine(g, new Line2D.Double(frame.plot.getX(), zero, frame.plot.getMaxX(), zero));
        });
  }

  private Chart rows(Axis values, List<Frame.Entry> legend) {
    double widest = Theme.widthOf(categories, Theme.SMALL);
    double pitch = BAR * Math.max(1, 0.7 * series.size()) + 4;
    int drawnHeight =
        height > 0 ? height : (int) (110 + 20 * legend.size() + pitch * categories.size());
    Frame frame = new Frame(width, drawnHeight, title, legend, xLabel, yLabel, widest, 20);
    return Theme.draw(
        width,
        drawnHeight,
        describe(),
        g -> {
          frame.draw(g);
          frame.drawXAxis(g, values);
          double slot = frame.plot.getHeight() / categories.size();
          double thickness = slot * 0.76 / series.size();
          double zero = frame.x(values, 0);
          for (int c = 0; c < categories.size(); c++) {
            double top = frame.plot.getY() + c * slot + slot * 0.12;
            for (int s = 0; s < series.size(); s++) {
              double value = series.get(s).values()[c];
              if (Double.isFinite(value)) {
                double end = frame.x(values, value);
                double y = top + s * thickness;
                bar(g, s, Math.min(zero, end), y, Math.abs(end - zero), thickness);
                if (numbered() && thickness >= 10) {
                  double across = value < 0 ? 1 : 0;
                  double gap = value < 0 ? -5 : 5;
                  number(g, number(value), end + gap, y + thickness / 2, across, 0.5);
                }
              }
            }
            Theme.text(
                g,
                categories.get(c),
                Theme.SMALL,
                Theme.INK,
                frame.plot.getX() - 8,
                frame.plot.getY() + (c + 0.5) * slot,
                1,
                0.5);
          }
          baseLine(g, new Line2D.Double(zero, frame.plot.getY(), zero, frame.plot.getMaxY()));
        });
  }

  private static void bar(Graphics2D g, int s, double x, double y, double w, double h) {
    g.setColor(Theme.color(s));
    g.fill(new Rectangle2D.Double(x + 0.5, y, Math.max(0.5, w - 1), h));
  }

  private static void baseLine(Graphics2D g, Line2D line) {
    g.setColor(Theme.FAINT);
    g.setStroke(Theme.line(1));
    g.draw(line);
  }

  private boolean numbered() {
    return categories.size() * series.size() <= FEW;
  }

  private static String number(double value) {
    return Numbers.figure(value);
  }

  private static void number(
      Graphics2D g, String text, double x, double y, double across, double down) {
    Frame.haloText(g, text, Theme.SMALL, Theme.MUTED, x, y, across, down);
  }

  private String describe() {
    StringBuilder text = new StringBuilder(title);
    text.append(". Vertical: ").append(yLabel).append("; horizontal: ").append(xLabel).append('.');
    for (Series one : series) {
      text.append(one.name().isBlank() ? " " : " " + one.name() + ": ");
      double[] values = one.values();
      boolean all = categories.size() <= FEW;
      List<String> parts =
          IntStream.range(0, values.length)
              .boxed()
              .sorted((i, j) -> all ? Integer.compare(i, j) : Double.compare(values[j], values[i]))
              .filter(i -> all || Double.isFinite(values[i]))
              .limit(all ? values.length : 8)
              .map(
                  i ->
                      categories.get(i)
                          + " "
                          + (Double.isFinite(values[i]) ? Numbers.figure(values[i]) : "no number"))
              .toList();
      text.append(all ? "" : "highest of " + values.length + ": ");
      text.append(String.join(", ", parts)).append('.');
    }
    return text.toString();
  }
}
