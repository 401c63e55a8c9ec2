package grounds.plot;

import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.util.Arrays;
import java.util.List;
import tech.tablesaw.api.NumericColumn;

/** Builds a chart of how many values fall into each of a number of equally wide intervals. */
public final class Histogram {

  private final String title;
  private String xLabel = "";
  private String yLabel = "values";
  private double[] values = new double[0];
  private int missing;
  private int bins = 30;
  private int width = 720;
  private int height = 360;

  private Histogram(String title) {
    this.title = title;
  }

  /** Starts a chart; the title says what it shows. */
  public static Histogram of(String title) {
    return new Histogram(title);
  }

  /** Names the quantity that is counted, with its unit. Required. */
  public Histogram x(String label) {
    xLabel = label;
    return this;
  }

  /** Names what is counted ("values" where it is not named): "words", "gradients". */
  public Histogram y(String label) {
    yLabel = label;
    return this;
  }

  /** Sets the number of intervals (30 where it is not set). */
  public Histogram bins(int bins) {
    if (bins < 1) {
      throw new IllegalArgumentException("A histogram needs 1 interval or more, but got " + bins);
    }
    this.bins = bins;
    return this;
  }

  /** Sets the size on the page in CSS pixels. */
  public Histogram size(int width, int height) {
    this.width = width;
    this.height = height;
    return this;
  }

  /** Sets the values; those that are not numbers are left out and counted in the description. */
  public Histogram values(double... values) {
    this.values = Arrays.stream(values).filter(Double::isFinite).toArray();
    missing = values.length - this.values.length;
    return this;
  }

  /** Sets the values. */
  public Histogram values(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return values(doubles);
  }

  /** Takes the values from a column of a table. */
  public Histogram values(NumericColumn<?> column) {
    return values(column.asDoubleArray());
  }

  /**
   * Draws the chart.
   *
   * @throws IllegalStateException if there is no value, or the axis has no label
   */
  public Chart chart() {
    if (values.length == 0) {
      throw new IllegalStateException(
          "Histogram \""
              + title
              + "\" has no value that is a number; call values(...) before"
              + " chart()");
    }
    XyChart.requireLabel(title, "x", xLabel);
    double min = Arrays.stream(values).min().orElseThrow();
    double max = Arrays.stream(values).max().orElseThrow();
    double low = min == max ? min - 0.5 : min;
    double step = (min == max ? 1 : max - min) / bins;
    int[] counts = new int[bins];
    for (double value : values) {
      counts[Math.min(bins - 1, (int) ((value - low) / step))]++;
    }
    int most = Arrays.stream(counts).max().orElseThrow();
    Axis x = Axis.exactly(low, low + bins * step, false, width / 110);
    Axis y = Axis.exactly(0, most * 1.05, false, Math.min(6, most));
    Frame frame =
        new Frame(width, height, title, List.of(), xLabel, yLabel, Frame.widthOfTicks(y), 20);
    return Theme.draw(
        width,
        height,
        describe(),
        g -> {
          frame.draw(g);
          frame.drawYAxis(g, y);
          frame.drawXAxis(g, x);
          g.setColor(Theme.color(0));
          for (int b = 0; b < bins; b++) {
            double left = frame.x(x, low + b * step);
            double right = frame.x(x, low + (b + 1) * step);
            double top = frame.y(y, counts[b]);
            g.fill(
                new Rectangle2D.Double(
                    left + 0.5, top, Math.max(0.5, right - left - 1), frame.plot.getMaxY() - top));
          }
          g.setColor(Theme.FAINT);
          g.setStroke(Theme.line(1));
          double bottom = frame.plot.getMaxY();
          g.draw(new Line2D.Double(frame.plot.getX(), bottom, frame.plot.getMaxX(), bottom));
        });
  }

  private String describe() {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    double mean = Arrays.stream(sorted).average().orElseThrow();
    double variance =
        Arrays.stream(sorted).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
    String text =
        title
            + ". "
            + xLabel
            + ": "
            + Numbers.figure(sorted.length)
            + " "
            + yLabel
            + " in "
            + bins
            + " intervals, from "
            + Numbers.figure(sorted[0])
            + " to "
            + Numbers.figure(sorted[sorted.length - 1])
            + ", mean "
            + Numbers.figure(mean)
            + ", standard deviation "
            + Numbers.figure(Math.sqrt(variance))
            + ", median "
            + Numbers.figure(sorted[sorted.length / 2])
            + ".";
    return missing == 0
        ? text
        : text
            + " "
            + missing
            + (missing == 1 ? " value is" : " values are")
            + " not a number and left out.";
  }
}
