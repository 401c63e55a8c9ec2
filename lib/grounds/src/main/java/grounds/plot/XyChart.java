package grounds.plot;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Point2D;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;
import tech.tablesaw.api.NumericColumn;

/**
 * A builder of charts with two numeric axes: lines, points, reference lines and marks.
 *
 * <p>Values that are not numbers are left out: a line has a gap there, and the description counts
 * them.
 *
 * @param <C> the kind of chart, so that calls can be chained
 */
public abstract sealed class XyChart<C extends XyChart<C>> permits LineChart, ScatterChart {

  private record Series(String name, double[] x, double[] y, boolean line, String[] texts) {

    boolean drawable(int i) {
      return Double.isFinite(x[i]) && Double.isFinite(y[i]);
    }

    IntStream drawable() {
      return IntStream.range(0, x.length).filter(this::drawable);
    }
  }

  private record Reference(String label, double y) {}

  private record Mark(String label, double x, double y) {}

  private record Range(double min, double max) {}

  /** Up to this many values, a line also shows where they lie. */
  private static final int FEW = 40;

  /** XChart cuts marks off at the edge of its area, so its area is this much larger than ours. */
  private static final int BLEED = 8;

  private final String title;
  private final List<Series> series = new ArrayList<>();
  private final List<Reference> references = new ArrayList<>();
  private final List<Mark> marks = new ArrayList<>();
  private String xLabel = "";
  private String yLabel = "";
  private boolean logX;
  private boolean logY;
  private Optional<Range> xRange = Optional.empty();
  private Optional<Range> yRange = Optional.empty();
  private int width = 720;
  private int height = 420;

  XyChart(String title) {
    this.title = title;
  }

  abstract C self();

  /** Names the horizontal axis, with its unit: "step", "parameters", "time (s)". Required. */
  public C x(String label) {
    xLabel = label;
    return self();
  }

  /** Names the vertical axis, with its unit: "cross-entropy (nats)". Required. */
  public C y(String label) {
    yLabel = label;
    return self();
  }

  /** Makes the horizontal axis logarithmic; every x must then be above 0. */
  public C logX() {
    logX = true;
    return self();
  }

  /** Makes the vertical axis logarithmic; every y must then be above 0. */
  public C logY() {
    logY = true;
    return self();
  }

  /** Shows exactly this range of x, whatever the data. */
  public C xRange(double min, double max) {
    xRange = Optional.of(range(min, max));
    return self();
  }

  /** Shows exactly this range of y, whatever the data. */
  public C yRange(double min, double max) {
    yRange = Optional.of(range(min, max));
    return self();
  }

  /** Sets the size on the page in CSS pixels (720 by 420 where it is not set). */
  public C size(int width, int height) {
    this.width = width;
    this.height = height;
    return self();
  }

  /** Adds a line through the points (x[i], y[i]), in the order given. */
  public C line(String name, double[] x, double[] y) {
    return add(name, x, y, true, new String[0]);
  }

  /** Adds a line through the points (x[i], y[i]), in the order given. */
  public C line(String name, Collection<? extends Number> x, Collection<? extends Number> y) {
    return line(name, doubles(x), doubles(y));
  }

  /** Adds a line from two columns of a table, named like the second. */
  public C line(NumericColumn<?> x, NumericColumn<?> y) {
    return line(y.name(), x.asDoubleArray(), y.asDoubleArray());
  }

  /** Adds the points (x[i], y[i]), not joined. */
  public C points(String name, double[] x, double[] y) {
    return add(name, x, y, false, new String[0]);
  }

  /** Adds the points (x[i], y[i]), not joined. */
  public C points(String name, Collection<? extends Number> x, Collection<? extends Number> y) {
    return points(name, doubles(x), doubles(y));
  }

  /** Adds points from two columns of a table, named like the second. */
  public C points(NumericColumn<?> x, NumericColumn<?> y) {
    return points(y.name(), x.asDoubleArray(), y.asDoubleArray());
  }

  /** Adds points with a text beside each, as for words in a plane. */
  public C points(String name, double[] x, double[] y, String[] texts) {
    if (texts.length != x.length) {
      throw new IllegalArgumentException(
          "Series \""
              + name
              + "\" has "
              + x.length
              + " points and "
              + texts.length
              + " texts; give one text for each point");
    }
    return add(name, x, y, false, texts.clone());
  }

  /** Adds a dashed horizontal line at y with its meaning beside it: "uniform guess, ln 65". */
  public C reference(String label, double y) {
    if (!Double.isFinite(y)) {
      throw new IllegalArgumentException(
          "Reference line \"" + label + "\" needs a number, but got " + y);
    }
    references.add(new Reference(label, y));
    return self();
  }

  /** Rings one point and writes the label beside it: "best 1.52". */
  public C mark(String label, double x, double y) {
    if (!Double.isFinite(x) || !Double.isFinite(y)) {
      throw new IllegalArgumentException(
          "Mark \"" + label + "\" needs two numbers, but got (" + x + ", " + y + ")");
    }
    marks.add(new Mark(label, x, y));
    return self();
  }

  private C add(String name, double[] x, double[] y, boolean line, String[] texts) {
    if (x.length != y.length) {
      throw new IllegalArgumentException(
          "Series \""
              + name
              + "\" has "
              + x.length
              + " values of x and "
              + y.length
              + " of y; give as many of the one as of the other");
    }
    if (series.stream().anyMatch(s -> s.name().equals(name))) {
      throw new IllegalArgumentException(
          "There already is a series \"" + name + "\"; give each its own name");
    }
    Series added = new Series(name, x.clone(), y.clone(), line, texts);
    if (added.drawable().findAny().isEmpty()) {
      throw new IllegalArgumentException(
          "Series \""
              + name
              + "\" has no point to draw: "
              + (x.length == 0 ? "it is empty" : "none of its " + x.length + " is a number"));
    }
    series.add(added);
    return self();
  }

  /**
   * Draws the chart.
   *
   * @throws IllegalStateException if there is no data, or an axis has no label
   * @throws IllegalArgumentException if a logarithmic axis meets a value that is not above 0
   */
  public Chart chart() {
    if (series.isEmpty()) {
      throw new IllegalStateException(
          "Chart \"" + title + "\" has no data; call line(...) or points(...) before chart()");
    }
    requireLabel(title, "x", xLabel);
    requireLabel(title, "y", yLabel);
    Axis xAxis =
        axis("x", xs(), logX, xRange, series.stream().anyMatch(s -> !s.line()), width / 110);
    Axis yAxis = axis("y", ys(), logY, yRange, true, height / 60);
    Frame frame =
        new Frame(width, height, title, legend(), xLabel, yLabel, Frame.widthOfTicks(yAxis), 20);
    return Theme.draw(width, height, describe(), g -> draw(g, frame, xAxis, yAxis));
  }

  static void requireLabel(String title, String axis, String label) {
    if (label.isBlank()) {
      throw new IllegalStateException(
          "Chart \""
              + title
              + "\" has no label on its "
              + axis
              + " axis; call ."
              + axis
              + "(\"quantity (unit)\") before chart()");
    }
  }

  private double[] xs() {
    return DoubleStream.concat(
            series.stream().flatMapToDouble(s -> s.drawable().mapToDouble(i -> s.x()[i])),
            marks.stream().mapToDouble(Mark::x))
        .toArray();
  }

  private double[] ys() {
    return Stream.of(
            series.stream().flatMapToDouble(s -> s.drawable().mapToDouble(i -> s.y()[i])),
            marks.stream().mapToDouble(Mark::y),
            references.stream().mapToDouble(Reference::y))
        .flatMapToDouble(values -> values)
        .toArray();
  }

  private Axis axis(
      String name, double[] values, boolean log, Optional<Range> range, boolean margin, int ticks) {
    double min = Arrays.stream(values).min().orElseThrow();
    double max = Arrays.stream(values).max().orElseThrow();
    double lowest = Math.min(min, range.map(Range::min).orElse(min));
    if (log && lowest <= 0) {
      throw new IllegalArgumentException(
          "The logarithmic "
              + name
              + " axis of \""
              + title
              + "\" cannot show "
              + Numbers.figure(lowest)
              + "; leave out values that are not above 0, or use a linear"
              + " axis");
    }
    Axis axis =
        range
            .map(r -> Axis.exactly(r.min(), r.max(), log, ticks))
            .orElseGet(() -> Axis.around(min, max, log, margin, ticks));
    return log ? axis.withPowersOfTwo(values, ticks + 4) : axis;
  }

  private List<Frame.Entry> legend() {
    if (series.size() == 1
        && (series.get(0).name().isBlank() || references.isEmpty() && marks.isEmpty())) {
      return List.of();
    }
    return IntStream.range(0, series.size())
        .mapToObj(i -> new Frame.Entry(series.get(i).name(), Theme.color(i), !series.get(i).line()))
        .toList();
  }

  private void draw(Graphics2D g, Frame frame, Axis xAxis, Axis yAxis) {
    frame.draw(g);
    frame.drawYAxis(g, yAxis);
    frame.drawXAxis(g, xAxis);
    g.setColor(Theme.MUTED);
    for (Reference reference : references) {
      double y = frame.y(yAxis, reference.y());
      g.setStroke(Theme.dashed(1.3));
      g.draw(new Line2D.Double(frame.plot.getX(), y, frame.plot.getMaxX(), y));
    }
    drawSeries(g, frame, xAxis, yAxis);
    List<Rectangle2D> taken = new ArrayList<>();
    for (Mark mark : marks) {
      double x = frame.x(xAxis, mark.x());
      double y = frame.y(yAxis, mark.y());
      Ellipse2D ring = new Ellipse2D.Double(x - 7, y - 7, 14, 14);
      g.setColor(Theme.INK);
      g.setStroke(Theme.line(1.8));
      g.draw(ring);
      taken.add(ring.getBounds2D());
    }
    for (Mark mark : marks) {
      List<Spot> spots = around(frame.x(xAxis, mark.x()), frame.y(yAxis, mark.y()), 12);
      label(g, frame, xAxis, yAxis, taken, mark.label(), Theme.INK, spots);
    }
    for (Reference reference : references) {
      double y = frame.y(yAxis, reference.y());
      label(
          g,
          frame,
          xAxis,
          yAxis,
          taken,
          reference.label(),
          Theme.MUTED,
          List.of(
              new Spot(frame.plot.getMaxX() - 4, y - 5, 1, 1),
              new Spot(frame.plot.getX() + 6, y - 5, 0, 1),
              new Spot(frame.plot.getMaxX() - 4, y + 6, 1, 0),
              new Spot(frame.plot.getX() + 6, y + 6, 0, 0),
              new Spot(frame.plot.getCenterX(), y - 5, 0.5, 1)));
    }
    for (int s = 0; s < series.size(); s++) {
      Series one = series.get(s);
      for (int i = 0; i < one.texts().length; i++) {
        if (one.drawable(i)) {
          double x = frame.x(xAxis, one.x()[i]);
          double y = frame.y(yAxis, one.y()[i]);
          label(g, frame, xAxis, yAxis, taken, one.texts()[i], Theme.INK, around(x, y, 7));
        }
      }
    }
  }

  /** The curves and points themselves, by XChart, in a larger area than the plot rectangle. */
  private void drawSeries(Graphics2D g, Frame frame, Axis xAxis, Axis yAxis) {
    Rectangle2D plot = frame.plot;
    int areaWidth = (int) Math.round(plot.getWidth()) + 2 * BLEED;
    int areaHeight = (int) Math.round(plot.getHeight()) + 2 * BLEED;
    XYChart marks = new XYChart(areaWidth, areaHeight);
    bare(marks.getStyler());
    double perX = (xAxis.scaled(xAxis.max()) - xAxis.scaled(xAxis.min())) / plot.getWidth();
    double perY = (yAxis.scaled(yAxis.max()) - yAxis.scaled(yAxis.min())) / plot.getHeight();
    marks
        .getStyler()
        .setXAxisMin(xAxis.scaled(xAxis.min()) - BLEED * perX)
        .setXAxisMax(xAxis.scaled(xAxis.max()) + BLEED * perX)
        .setYAxisMin(yAxis.scaled(yAxis.min()) - BLEED * perY)
        .setYAxisMax(yAxis.scaled(yAxis.max()) + BLEED * perY);
    for (int s = 0; s < series.size(); s++) {
      Series one = series.get(s);
      int[] drawn =
          one.line()
              ? IntStream.range(0, one.x().length)
                  .filter(i -> Double.isFinite(one.x()[i]))
                  .toArray()
              : one.drawable().toArray();
      XYSeries marked =
          marks.addSeries(
              String.valueOf(s),
              Arrays.stream(drawn).mapToDouble(i -> xAxis.scaled(one.x()[i])).toArray(),
              Arrays.stream(drawn)
                  .mapToDouble(i -> one.drawable(i) ? yAxis.scaled(one.y()[i]) : Double.NaN)
                  .toArray());
      marked.setXYSeriesRenderStyle(
          one.line() ? XYSeries.XYSeriesRenderStyle.Line : XYSeries.XYSeriesRenderStyle.Scatter);
      Color color = Theme.color(s);
      marked.setLineColor(color).setLineWidth(2).setLineStyle(Theme.line(2));
      marked.setMarker(
          one.line() && one.drawable().count() > FEW ? SeriesMarkers.NONE : SeriesMarkers.CIRCLE);
      marked.setMarkerColor(color);
    }
    Graphics2D inside = (Graphics2D) g.create();
    Rectangle2D clip =
        new Rectangle2D.Double(
            plot.getX() - BLEED,
            yRange.isPresent() ? plot.getY() : plot.getY() - BLEED,
            plot.getWidth() + 2 * BLEED,
            plot.getHeight() + (yRange.isPresent() ? 0 : 2 * BLEED));
    inside.clip(clip);
    inside.translate(plot.getX() - BLEED, plot.getY() - BLEED);
    marks.paint(inside, areaWidth, areaHeight);
    inside.dispose();
  }

  private static void bare(XYStyler styler) {
    Color none = new Color(0, true);
    styler.setChartBackgroundColor(none).setPlotBackgroundColor(none);
    styler.setChartPadding(0).setPlotContentSize(1).setPlotBorderVisible(false);
    styler.setChartTitleVisible(false).setLegendVisible(false).setMarkerSize(6);
    styler.setAxisTicksVisible(false).setAxisTitlesVisible(false).setPlotMargin(0);
    styler.setPlotGridLinesVisible(false).setPlotTicksMarksVisible(false);
  }

  /** A place for a label: a point and which point of the text's extent lies there. */
  private record Spot(double x, double y, double across, double down) {

    Rectangle2D extent(String text) {
      double width = Theme.widthOf(text, Theme.SMALL);
      return new Rectangle2D.Double(x - across * width - 2, y - down * 9 - 3, width + 4, 15);
    }
  }

  private static List<Spot> around(double x, double y, double gap) {
    return List.of(
        new Spot(x + gap, y, 0, 0.5),
        new Spot(x, y - gap, 0.5, 1),
        new Spot(x - gap, y, 1, 0.5),
        new Spot(x, y + gap, 0.5, 0),
        new Spot(x - gap, y - gap, 1, 1),
        new Spot(x + gap, y - gap, 0, 1),
        new Spot(x - gap, y + gap, 1, 0),
        new Spot(x + gap, y + gap, 0, 0));
  }

  /** Writes a label at the spot that lies furthest out of the way of data and other labels. */
  private void label(
      Graphics2D g,
      Frame frame,
      Axis xAxis,
      Axis yAxis,
      List<Rectangle2D> taken,
      String text,
      Color color,
      List<Spot> spots) {
    Spot best =
        spots.stream()
            .min(Comparator.comparingInt(s -> crowding(frame, xAxis, yAxis, taken, s.extent(text))))
            .orElseThrow();
    taken.add(best.extent(text));
    Frame.haloText(g, text, Theme.SMALL, color, best.x(), best.y(), best.across(), best.down());
  }

  private int crowding(
      Frame frame, Axis xAxis, Axis yAxis, List<Rectangle2D> taken, Rectangle2D box) {
    int crowding = frame.plot.contains(box) ? 0 : 20;
    crowding += 50 * (int) taken.stream().filter(box::intersects).count();
    for (Series one : series) {
      Point2D before = null;
      for (int i = 0; i < one.x().length; i++) {
        Point2D point =
            one.drawable(i)
                ? new Point2D.Double(frame.x(xAxis, one.x()[i]), frame.y(yAxis, one.y()[i]))
                : null;
        if (point != null) {
          boolean joined = one.line() && before != null;
          if (box.contains(point)
              || joined && box.intersectsLine(new Line2D.Double(before, point))) {
            crowding++;
          }
        }
        before = point;
      }
    }
    return crowding;
  }

  private String describe() {
    StringBuilder text = new StringBuilder(title);
    text.append(". Vertical: ").append(yLabel).append(logY ? ", logarithmic" : "");
    text.append("; horizontal: ").append(xLabel).append(logX ? ", logarithmic" : "").append('.');
    for (Series one : series) {
      int[] drawn = one.drawable().toArray();
      int first = drawn[0];
      int last = drawn[drawn.length - 1];
      int lowest =
          Arrays.stream(drawn).boxed().min(Comparator.comparingDouble(i -> one.y()[i])).get();
      int highest =
          Arrays.stream(drawn).boxed().max(Comparator.comparingDouble(i -> one.y()[i])).get();
      text.append(one.name().isBlank() ? " " : " " + one.name() + ": ");
      text.append(Numbers.figure(drawn.length)).append(drawn.length == 1 ? " point" : " points");
      if (one.line()) {
        text.append(", from ").append(at(one, first)).append(" to ").append(at(one, last));
      }
      text.append(", lowest ").append(at(one, lowest));
      text.append(", highest ").append(at(one, highest));
      int missing = one.x().length - drawn.length;
      if (missing > 0) {
        text.append("; ")
            .append(missing)
            .append(missing == 1 ? " value is" : " values are")
            .append(" not a number and left out");
      }
      text.append('.');
    }
    for (Reference reference : references) {
      text.append(' ').append(reference.label()).append(": ");
      text.append(Numbers.figure(reference.y())).append('.');
    }
    for (Mark mark : marks) {
      text.append(' ').append(mark.label()).append(" at ").append(Numbers.figure(mark.x()));
      text.append('.');
    }
    return text.toString();
  }

  private static String at(Series series, int i) {
    return Numbers.figure(series.y()[i]) + " (at " + Numbers.figure(series.x()[i]) + ")";
  }

  private static Range range(double min, double max) {
    if (!(Double.isFinite(min) && Double.isFinite(max) && min < max)) {
      throw new IllegalArgumentException(
          "A range needs a lower and a higher number, but got " + min + " and " + max);
    }
    return new Range(min, max);
  }

  private static double[] doubles(Collection<? extends Number> values) {
    return values.stream().mapToDouble(Number::doubleValue).toArray();
  }
}
