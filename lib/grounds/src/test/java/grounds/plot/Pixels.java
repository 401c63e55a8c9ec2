package grounds.plot;

import java.awt.Color;
import java.awt.Rectangle;
import java.util.Optional;
import java.util.stream.IntStream;

/** Looks at what a chart has drawn. */
final class Pixels {

  private Pixels() {}

  static long count(Chart chart, Color color) {
    return all(chart).filter(p -> rgb(chart, p) == (color.getRGB() & 0xFFFFFF)).count();
  }

  /** The smallest rectangle, in shown pixels, that holds all pixels of exactly this colour. */
  static Optional<Rectangle> extent(Chart chart, Color color) {
    int width = chart.image().getWidth();
    return all(chart)
        .filter(p -> rgb(chart, p) == (color.getRGB() & 0xFFFFFF))
        .mapToObj(p -> new Rectangle(p % width / 2, p / width / 2, 1, 1))
        .reduce(Rectangle::union);
  }

  /** Whether the outermost pixels are all ground: nothing was cut off. */
  static boolean hasCleanEdge(Chart chart) {
    int width = chart.image().getWidth();
    int height = chart.image().getHeight();
    return all(chart)
        .filter(
            p -> p % width == 0 || p % width == width - 1 || p < width || p >= width * (height - 1))
        .allMatch(p -> rgb(chart, p) == 0xFFFFFF);
  }

  private static IntStream all(Chart chart) {
    return IntStream.range(0, chart.image().getWidth() * chart.image().getHeight());
  }

  private static int rgb(Chart chart, int p) {
    int width = chart.image().getWidth();
    return chart.image().getRGB(p % width, p / width) & 0xFFFFFF;
  }
}
