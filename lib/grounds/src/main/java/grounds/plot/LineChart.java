package grounds.plot;

/** Builds a chart of lines over a numeric axis: a loss over steps, a speed over lengths. */
public final class LineChart extends XyChart<LineChart> {

  private LineChart(String title) {
    super(title);
  }

  /** Starts a chart; the title says what it shows. */
  public static LineChart of(String title) {
    return new LineChart(title);
  }

  @Override
  LineChart self() {
    return this;
  }
}
