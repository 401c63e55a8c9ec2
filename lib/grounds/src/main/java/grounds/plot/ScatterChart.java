package grounds.plot;

/** Builds a chart of points in a plane: words by two coordinates, runs by size and loss. */
public final class ScatterChart extends XyChart<ScatterChart> {

  private ScatterChart(String title) {
    super(title);
  }

  /** Starts a chart; the title says what it shows. */
  public static ScatterChart of(String title) {
    return new ScatterChart(title);
  }

  @Override
  ScatterChart self() {
    return this;
  }
}
