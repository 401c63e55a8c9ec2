package grounds.plot;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.List;

/**
 * What surrounds the data: title, legend, axis labels, and the plot rectangle that they leave.
 *
 * <p>The legend is a row between title and plot, so that it covers no data.
 */
final class Frame {

  /** One line of the legend; shown as a stroke, or as a dot. */
  record Entry(String name, Color color, boolean dot) {}

  private static final double MARGIN = 12;
  private static final double SAMPLE = 18;
  private static final double LINE = 19;

  private final int width;
  private final List<String> title;
  private final List<List<Entry>> legend;
  private final String xLabel;
  private final String yLabel;
  private final int height;

  /** Where the data goes. */
  final Rectangle2D plot;

  /**
   * @param yTicksWidth room for the widest tick label to the left of the plot
   * @param xTicksHeight room for the tick labels below the plot
   */
  Frame(
      int width,
      int height,
      String title,
      List<Entry> legend,
      String xLabel,
      String yLabel,
      double yTicksWidth,
      double xTicksHeight) {
    this.width = width;
    this.height = height;
    this.title = titleLines(title, width);
    this.legend = rows(legend, width - 2 * MARGIN);
    this.xLabel = xLabel;
    this.yLabel = yLabel;
    double top = titleHeight(this.title) + LINE * this.legend.size() + 8;
    double left = MARGIN + (yLabel.isEmpty() ? 0 : 22) + yTicksWidth + 8;
    double bottom = MARGIN + (xLabel.isEmpty() ? 0 : 22) + xTicksHeight;
    plot = new Rectangle2D.Double(left, top, width - left - 22, height - top - bottom);
    if (plot.getWidth() < 40 || plot.getHeight() < 40) {
      throw new IllegalArgumentException(
          "A chart of "
              + width
              + " by "
              + height
              + " leaves no room for the data beside its labels; give it a larger size(width,"
              + " height)");
    }
  }

  static List<String> titleLines(String title, int width) {
    return Theme.wrap(title, Theme.TITLE, width - 2 * MARGIN);
  }

  static double titleHeight(List<String> title) {
    return MARGIN + 20 * title.size();
  }

  static void drawTitle(Graphics2D g, List<String> title) {
    for (int i = 0; i < title.size(); i++) {
      Theme.text(g, title.get(i), Theme.TITLE, Theme.INK, MARGIN, MARGIN + 20 * i + 2, 0, 0);
    }
  }

  private static List<List<Entry>> rows(List<Entry> entries, double width) {
    List<List<Entry>> rows = new ArrayList<>();
    double used = Double.POSITIVE_INFINITY;
    for (Entry entry : entries) {
      if (used + extent(entry) > width) {
        rows.add(new ArrayList<>());
        used = 0;
      }
      rows.get(rows.size() - 1).add(entry);
      used += extent(entry);
    }
    return rows;
  }

  private static double extent(Entry entry) {
    return SAMPLE + 6 + Theme.widthOf(entry.name(), Theme.TEXT) + 18;
  }

  /** Draws title, legend and axis labels. */
  void draw(Graphics2D g) {
    drawTitle(g, title);
    double y = titleHeight(title) + 9;
    for (List<Entry> row : legend) {
      double x = MARGIN;
      for (Entry entry : row) {
        g.setColor(entry.color());
        if (entry.dot()) {
          g.fill(new Ellipse2D.Double(x + SAMPLE / 2 - 4, y - 4, 8, 8));
        } else {
          g.setStroke(Theme.line(2.5));
          g.draw(new Line2D.Double(x + 1, y, x + SAMPLE - 1, y));
        }
        Theme.text(g, entry.name(), Theme.TEXT, Theme.INK, x + SAMPLE + 6, y, 0, 0.5);
        x += extent(entry);
      }
      y += LINE;
    }
    Theme.text(g, xLabel, Theme.TEXT, Theme.MUTED, plot.getCenterX(), height - MARGIN, 0.5, 1);
    Theme.textUpwards(g, yLabel, Theme.TEXT, Theme.MUTED, MARGIN, plot.getCenterY(), 0.5, 0);
  }

  /** Draws the grid lines, the ticks and the line of the horizontal axis. */
  void drawXAxis(Graphics2D g, Axis axis) {
    double bottom = plot.getMaxY();
    double free = Double.NEGATIVE_INFINITY;
    for (Axis.Tick tick : axis.ticks()) {
      double x = x(axis, tick.value());
      grid(g, new Line2D.Double(x, plot.getY(), x, bottom));
      double half = Theme.widthOf(tick.label(), Theme.SMALL) / 2;
      // Labels keep inside the picture, and out of each other's way.
      double middle = Math.min(x, width - 4 - half);
      if (middle - half > free) {
        Theme.text(g, tick.label(), Theme.SMALL, Theme.MUTED, middle, bottom + 8, 0.5, 0);
        free = middle + half + 6;
      }
    }
    g.setColor(Theme.FAINT);
    g.setStroke(Theme.line(1));
    g.draw(new Line2D.Double(plot.getX(), bottom, plot.getMaxX(), bottom));
  }

  /** Draws the grid lines and the ticks of the vertical axis. */
  void drawYAxis(Graphics2D g, Axis axis) {
    for (Axis.Tick tick : axis.ticks()) {
      double y = y(axis, tick.value());
      grid(g, new Line2D.Double(plot.getX(), y, plot.getMaxX(), y));
      Theme.text(g, tick.label(), Theme.SMALL, Theme.MUTED, plot.getX() - 8, y, 1, 0.5);
    }
  }

  private static void grid(Graphics2D g, Line2D line) {
    g.setColor(Theme.GRID);
    g.setStroke(Theme.line(1));
    g.draw(line);
  }

  double x(Axis axis, double value) {
    return plot.getX() + axis.position(value) * plot.getWidth();
  }

  double y(Axis axis, double value) {
    return plot.getMaxY() - axis.position(value) * plot.getHeight();
  }

  static double widthOfTicks(Axis axis) {
    return Theme.widthOf(axis.ticks().stream().map(Axis.Tick::label).toList(), Theme.SMALL);
  }

  /** Writes text on a white halo, so that it can be read across grid and lines. */
  static void haloText(
      Graphics2D g,
      String text,
      Font font,
      Color color,
      double x,
      double y,
      double across,
      double down) {
    for (int dx = -1; dx <= 1; dx++) {
      for (int dy = -1; dy <= 1; dy++) {
        Theme.text(g, text, font, Theme.GROUND, x + 1.5 * dx, y + 1.5 * dy, across, down);
      }
    }
    Theme.text(g, text, font, color, x, y, across, down);
  }
}
