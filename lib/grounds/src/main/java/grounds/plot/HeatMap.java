package grounds.plot;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Builds a chart of a matrix as coloured cells, or of several of one shape beside each other, all
 * in the same colours: the attention of each head over a sentence.
 *
 * <p>Cells that are not a number stay grey. Where a value is negative, colours run from blue
 * through white (zero) to orange; else from near white (zero) to dark blue.
 */
public final class HeatMap {

  private record Panel(String title, double[][] values) {}

  /** Cynthia Brewer's Blues, evenly stepped in lightness (colorbrewer2.org). */
  private static final int[] RISING = {
    0xF7FBFF, 0xDEEBF7, 0xC6DBEF, 0x9ECAE1, 0x6BAED6, 0x4292C6, 0x2171B5, 0x08519C, 0x08306B
  };

  /** Her Blues and Oranges, joined at white: told apart with any colour vision. */
  private static final int[] AROUND_ZERO = {
    0x08519C, 0x3182BD, 0x6BAED6, 0xC6DBEF, 0xFFFFFF, 0xFDD0A2, 0xFD8D3C, 0xD94801, 0x8C2D04
  };

  private static final Color MISSING = new Color(0xEDEDED);
  private static final double MARGIN = 12;
  private static final double GAP = 26;
  private static final double BAR = 14;
  private static final int WIDEST = 940;

  private final String title;
  private final List<Panel> panels = new ArrayList<>();
  private List<String> rows = List.of();
  private List<String> columns = List.of();
  private String xLabel = "";
  private String yLabel = "";
  private String unit = "";
  private Optional<double[]> range = Optional.empty();
  private boolean numbers = true;
  private double cellSize;

  private HeatMap(String title) {
    this.title = title;
  }

  /** Starts a chart; the title says what it shows. */
  public static HeatMap of(String title) {
    return new HeatMap(title);
  }

  /** Labels the rows, from the top; invisible characters get a sign. */
  public HeatMap rows(String... labels) {
    rows = Arrays.stream(labels).map(Labels::label).toList();
    return this;
  }

  /** Labels the rows, from the top; invisible characters get a sign. */
  public HeatMap rows(Collection<String> labels) {
    return rows(labels.toArray(new String[0]));
  }

  /** Labels the columns, from the left; invisible characters get a sign. */
  public HeatMap columns(String... labels) {
    columns = Arrays.stream(labels).map(Labels::label).toList();
    return this;
  }

  /** Labels the columns, from the left; invisible characters get a sign. */
  public HeatMap columns(Collection<String> labels) {
    return columns(labels.toArray(new String[0]));
  }

  /** Names what the columns are: "character looked at". */
  public HeatMap x(String label) {
    xLabel = label;
    return this;
  }

  /** Names what the rows are: "character that looks". */
  public HeatMap y(String label) {
    yLabel = label;
    return this;
  }

  /** Names what the colours show, with its unit: "attention weight". */
  public HeatMap unit(String label) {
    unit = label;
    return this;
  }

  /** Lets the colours span exactly this range; values outside get the end's colour. */
  public HeatMap range(double min, double max) {
    if (!(Double.isFinite(min) && Double.isFinite(max) && min < max)) {
      throw new IllegalArgumentException(
          "A range needs a lower and a higher number, but got " + min + " and " + max);
    }
    range = Optional.of(new double[] {min, max});
    return this;
  }

  /** Sets the side of a cell in CSS pixels, instead of what fits the page. */
  public HeatMap cellSize(double pixels) {
    if (!(pixels >= 1 && pixels <= 200)) {
      throw new IllegalArgumentException(
          "A cell is 1 to 200 pixels wide, but " + pixels + " was asked for");
    }
    cellSize = pixels;
    return this;
  }

  /** Leaves out the numbers that small matrices have in their cells. */
  public HeatMap withoutNumbers() {
    numbers = false;
    return this;
  }

  /** Sets the matrix, values[row][column], with row 0 at the top. */
  public HeatMap values(double[][] values) {
    panels.clear();
    return panel("", values);
  }

  /** Sets the matrix, values[row][column], with row 0 at the top. */
  public HeatMap values(float[][] values) {
    return values(doubles(values));
  }

  /** Adds one of several matrices of the same shape, with its own title: "head 1". */
  public HeatMap panel(String title, double[][] values) {
    int width = values.length == 0 ? 0 : values[0].length;
    if (width == 0) {
      throw new IllegalArgumentException(
          "A heat map needs a matrix with 1 row and 1 column or more, but got "
              + values.length
              + " by "
              + width);
    }
    for (double[] row : values) {
      if (row.length != width) {
        throw new IllegalArgumentException(
            "All rows of a heat map need the same length, but one has "
                + width
                + " values and"
                + " another "
                + row.length);
      }
    }
    if (!panels.isEmpty()) {
      double[][] first = panels.get(0).values();
      if (first.length != values.length || first[0].length != width) {
        throw new IllegalArgumentException(
            "Panels side by side need the same shape, but the first is "
                + first.length
                + " by "
                + first[0].length
                + " and \""
                + title
                + "\" "
                + values.length
                + " by "
                + width);
      }
    }
    panels.add(
        new Panel(title, Arrays.stream(values).map(double[]::clone).toArray(double[][]::new)));
    return this;
  }

  /** Adds one of several matrices of the same shape, with its own title: "head 1". */
  public HeatMap panel(String title, float[][] values) {
    return panel(title, doubles(values));
  }

  /**
   * Draws the chart.
   *
   * @throws IllegalStateException if there is no matrix
   * @throws IllegalArgumentException if there are labels for more or fewer rows or columns than the
   *     matrix has, or no value is a number
   */
  public Chart chart() {
    if (panels.isEmpty()) {
      throw new IllegalStateException(
          "Heat map \""
              + title
              + "\" has no matrix; call values(...) or panel(...) before"
              + " chart()");
    }
    double[] finite = finite().toArray();
    if (finite.length == 0) {
      throw new IllegalArgumentException(
          "Heat map \"" + title + "\" has no value to draw: none is a number");
    }
    Layout layout = new Layout(colours(finite));
    return Theme.draw(layout.width, layout.height, describe(), layout::draw);
  }

  private DoubleStream finite() {
    return panels.stream()
        .flatMap(p -> Arrays.stream(p.values()))
        .flatMapToDouble(Arrays::stream)
        .filter(Double::isFinite);
  }

  /** The range of values that the colours span. */
  private Axis colours(double[] finite) {
    double min = Arrays.stream(finite).min().orElseThrow();
    double max = Arrays.stream(finite).max().orElseThrow();
    double low = range.map(r -> r[0]).orElse(min < 0 ? -Math.max(-min, max) : 0);
    double high = range.map(r -> r[1]).orElse(min < 0 ? -low : max);
    return Axis.exactly(low, high > low ? high : low + 1, false, 5);
  }

  /** Sizes and places, worked out once for the whole picture. */
  private final class Layout {
    final Axis colours;
    final int[] palette;
    final int nRows = panels.get(0).values().length;
    final int nColumns = panels.get(0).values()[0].length;
    final List<String> rowLabels = labels("row", rows, nRows);
    final List<String> columnLabels = labels("column", columns, nColumns);
    final int perLine;
    final double cell;
    final Font font;
    final boolean upwards;
    final double left;
    final double below;
    final double barWidth;
    final boolean titled = panels.stream().anyMatch(p -> !p.title().isBlank());
    final List<String> titleLines;
    final int width;
    final int height;

    Layout(Axis colours) {
      this.colours = colours;
      palette = colours.min() < 0 ? AROUND_ZERO : RISING;
      double fullLeft =
          MARGIN + (yLabel.isBlank() ? 0 : 24) + Theme.widthOf(rowLabels, Theme.SMALL) + 8;
      barWidth = 18 + BAR + 8 + Frame.widthOfTicks(colours) + (unit.isBlank() ? 0 : 24) + MARGIN;
      int lines = 1;
      while (cell(fullLeft, lines) < 11 && across(lines) > 2) {
        lines++;
      }
      perLine = across(lines);
      cell = cell(fullLeft, lines);
      font = Theme.SMALL.deriveFont((float) Math.max(9, Math.min(13, cell * 0.85)));
      left = MARGIN + (yLabel.isBlank() ? 0 : 24) + Theme.widthOf(rowLabels, font) + 8;
      double widest = Theme.widthOf(columnLabels, font);
      upwards = columns.stream().anyMatch(c -> c.length() > 1) && widest > cell - 2;
      below = (upwards ? widest + 10 : 20) + (xLabel.isBlank() ? 0 : 20);
      double content = left + perLine * nColumns * cell + (perLine - 1) * GAP + barWidth;
      width = (int) Math.ceil(Math.max(content, 320));
      titleLines = Frame.titleLines(title, width);
      int panelLines = (panels.size() + perLine - 1) / perLine;
      height = (int) Math.ceil(Frame.titleHeight(titleLines) + panelLines * panelHeight() + MARGIN);
    }

    private int across(int lines) {
      return (panels.size() + lines - 1) / lines;
    }

    private double cell(double left, int lines) {
      if (cellSize > 0) {
        return cellSize;
      }
      int n = across(lines);
      double room = (WIDEST - left - barWidth - (n - 1) * GAP) / n;
      double largest = nRows <= 12 && nColumns <= 12 ? 44 : panels.size() > 1 ? 16 : 30;
      double tallest = rows.isEmpty() ? 560 : 740;
      double fitting = Math.min(Math.min(room / nColumns, tallest / nRows), largest);
      // Whole device pixels, so that all cells have the same size on the screen.
      return Math.max(1, Math.floor(fitting * Theme.SCALE)) / Theme.SCALE;
    }

    private double panelHeight() {
      return (titled ? 28 : 10) + nRows * cell + below;
    }

    void draw(Graphics2D g) {
      Frame.drawTitle(g, titleLines);
      double top = Frame.titleHeight(titleLines);
      for (int p = 0; p < panels.size(); p++) {
        int line = p / perLine;
        double x = left + p % perLine * (nColumns * cell + GAP);
        double y = top + line * panelHeight() + (titled ? 28 : 10);
        boolean lowest = p + perLine >= panels.size();
        drawPanel(
            g,
            panels.get(p),
            Math.round(x * 2) / 2.0,
            Math.round(y * 2) / 2.0,
            p % perLine == 0,
            lowest);
      }
      double barTop = top + (titled ? 28 : 10);
      double barX = left + perLine * nColumns * cell + (perLine - 1) * GAP + 18;
      drawBar(g, barX, barTop, Math.max(90, Math.min(260, nRows * cell)));
    }

    private void drawPanel(
        Graphics2D g, Panel panel, double x, double y, boolean first, boolean lowest) {
      Theme.text(g, panel.title(), Theme.TEXT, Theme.INK, x + nColumns * cell / 2, y - 8, 0.5, 1);
      g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_OFF);
      for (int r = 0; r < nRows; r++) {
        for (int c = 0; c < nColumns; c++) {
          g.setColor(colour(panel.values()[r][c]));
          g.fill(new Rectangle2D.Double(x + c * cell, y + r * cell, cell, cell));
        }
      }
      g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
      g.setColor(Theme.FAINT);
      g.setStroke(Theme.line(0.7));
      g.draw(new Rectangle2D.Double(x, y, nColumns * cell, nRows * cell));
      drawNumbers(g, panel, x, y);
      if (first) {
        int every = every(nRows, rows.isEmpty(), 10);
        for (int r = 0; r < nRows; r += every) {
          Theme.text(g, rowLabels.get(r), font, Theme.INK, x - 6, y + (r + 0.5) * cell, 1, 0.5);
        }
        Theme.textUpwards(g, yLabel, Theme.TEXT, Theme.MUTED, MARGIN, y + nRows * cell / 2, 0.5, 0);
      }
      double under = y + nRows * cell + 7;
      double wide = columns.isEmpty() ? Theme.widthOf(columnLabels, font) + 8 : 9;
      int every = every(nColumns, columns.isEmpty(), wide);
      for (int c = 0; c < nColumns; c += every) {
        double middle = x + (c + 0.5) * cell;
        if (upwards) {
          Theme.textUpwards(g, columnLabels.get(c), font, Theme.INK, middle, under, 1, 0.5);
        } else {
          Theme.text(g, columnLabels.get(c), font, Theme.INK, middle, under, 0.5, 0);
        }
      }
      if (lowest) {
        Theme.text(
            g, xLabel, Theme.TEXT, Theme.MUTED, x + nColumns * cell / 2, under - 7 + below, 0.5, 1);
      }
    }

    private void drawNumbers(Graphics2D g, Panel panel, double x, double y) {
      if (!numbers || nRows > 16 || nColumns > 16 || cell < 26) {
        return;
      }
      Font small = Theme.SMALL.deriveFont((float) Math.min(12, cell * 0.3));
      for (int r = 0; r < nRows; r++) {
        for (int c = 0; c < nColumns; c++) {
          double value = panel.values()[r][c];
          String text = Math.abs(value) >= 100 ? Numbers.figure(value, 3) : Numbers.fixed(value, 2);
          if (Double.isFinite(value) && Theme.widthOf(text, small) < cell - 2) {
            Color ground = colour(value);
            int brightness =
                (299 * ground.getRed() + 587 * ground.getGreen() + 114 * ground.getBlue()) / 1000;
            Theme.text(
                g,
                text,
                small,
                brightness > 135 ? Theme.INK : Color.WHITE,
                x + (c + 0.5) * cell,
                y + (r + 0.5) * cell,
                0.5,
                0.5);
          }
        }
      }
    }

    private void drawBar(Graphics2D g, double x, double y, double tall) {
      g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_OFF);
      int steps = (int) (tall * Theme.SCALE);
      for (int i = 0; i < steps; i++) {
        g.setColor(mix(palette, 1 - (i + 0.5) / steps));
        g.fill(new Rectangle2D.Double(x, y + i * tall / steps, BAR, tall / steps));
      }
      g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
      g.setColor(Theme.FAINT);
      g.setStroke(Theme.line(0.7));
      g.draw(new Rectangle2D.Double(x, y, BAR, tall));
      for (Axis.Tick tick : colours.ticks()) {
        double at = y + tall * (1 - colours.position(tick.value()));
        Theme.text(g, tick.label(), Theme.SMALL, Theme.MUTED, x + BAR + 6, at, 0, 0.5);
      }
      double beside = x + BAR + 8 + Frame.widthOfTicks(colours) + 8;
      Theme.textUpwards(g, unit, Theme.TEXT, Theme.MUTED, beside, y + tall / 2, 0.5, 0);
    }

    private Color colour(double value) {
      return Double.isFinite(value) ? mix(palette, colours.position(value)) : MISSING;
    }

    /** Every how many cells a label fits: a round number of them where they only count. */
    private int every(int count, boolean counting, double wide) {
      int every = (int) Math.ceil(wide / cell);
      return counting
          ? IntStream.of(1, 2, 5, 10, 20, 50, 100, 200, 500)
              .filter(e -> e >= every)
              .findFirst()
              .orElse(count)
          : Math.max(1, every);
    }
  }

  private List<String> labels(String what, List<String> given, int count) {
    if (given.isEmpty()) {
      return IntStream.range(0, count).mapToObj(i -> Numbers.fixed(i, 0)).toList();
    }
    if (given.size() != count) {
      throw new IllegalArgumentException(
          "Heat map \""
              + title
              + "\" has "
              + count
              + " "
              + what
              + "s and "
              + given.size()
              + " "
              + what
              + " labels; give one label for each "
              + what);
    }
    return given;
  }

  private static Color mix(int[] palette, double position) {
    double at = Math.max(0, Math.min(1, position)) * (palette.length - 1);
    int lower = (int) Math.min(palette.length - 2, Math.floor(at));
    float share = (float) (at - lower);
    float[] a = new Color(palette[lower]).getRGBColorComponents(null);
    float[] b = new Color(palette[lower + 1]).getRGBColorComponents(null);
    return new Color(
        a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), a[2] + share * (b[2] - a[2]));
  }

  private static double[][] doubles(float[][] values) {
    return Arrays.stream(values)
        .map(row -> IntStream.range(0, row.length).mapToDouble(i -> row[i]).toArray())
        .toArray(double[][]::new);
  }

  private String describe() {
    int nRows = panels.get(0).values().length;
    int nColumns = panels.get(0).values()[0].length;
    List<String> rowLabels = labels("row", rows, nRows);
    List<String> columnLabels = labels("column", columns, nColumns);
    double min = finite().min().orElseThrow();
    double max = finite().max().orElseThrow();
    StringBuilder text = new StringBuilder(title);
    text.append(". ")
        .append(nRows)
        .append(" rows")
        .append(yLabel.isBlank() ? "" : " (" + yLabel + ")");
    text.append(" by ")
        .append(nColumns)
        .append(" columns")
        .append(xLabel.isBlank() ? "" : " (" + xLabel + ")");
    text.append("; ").append(unit.isBlank() ? "values" : unit).append(" from ");
    text.append(Numbers.figure(min)).append(" to ").append(Numbers.figure(max)).append('.');
    for (Panel panel : panels) {
      List<String> highest =
          IntStream.range(0, nRows * nColumns)
              .boxed()
              .filter(i -> Double.isFinite(panel.values()[i / nColumns][i % nColumns]))
              .sorted(Comparator.comparingDouble(i -> -panel.values()[i / nColumns][i % nColumns]))
              .limit(3)
              .map(
                  i ->
                      Numbers.figure(panel.values()[i / nColumns][i % nColumns])
                          + " in row "
                          + rowLabels.get(i / nColumns)
                          + ", column "
                          + columnLabels.get(i % nColumns))
              .toList();
      text.append(panel.title().isBlank() ? " Highest: " : " " + panel.title() + ", highest: ");
      text.append(String.join("; ", highest)).append('.');
    }
    return text.toString();
  }
}
