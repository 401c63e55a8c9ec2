package grounds.notebook;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Lesson 12: what an adapter costs, what it adds, and how it learns. */
final class LoraTasks {

  private static final String LESSON = "12 Low-rank adaptation";
  private static final double ALPHA = 16;

  private LoraTasks() {}

  static List<Task> all() {
    return List.of(
        new Task(
            LESSON,
            "lora-1",
            List.of("int[][] shapes", "Integer rank"),
            "beside a matrix of m by n, B is m by rank and A is rank by n: rank times (m + n)"
                + " values. Add them up over all matrices.",
            random -> {
              int[][] shapes = new int[2 + random.nextInt(3)][];
              Arrays.setAll(shapes, i -> random.ints(2, 8, 600).toArray());
              return new Object[] {shapes, 1 + random.nextInt(8)};
            },
            a -> trained((int[][]) a[0], (Integer) a[1])),
        new Task(
            LESSON,
            "lora-2",
            List.of("double[][] down", "double[][] up"),
            "row i, column j is the sum over k of up[i][k] times down[k][j], times 16 / rank; the"
                + " rank is the number of rows of down.",
            random -> {
              double[][] up = AttentionTasks.matrix(random, 4, 1 + random.nextInt(3));
              return new Object[] {AttentionTasks.matrix(random, up[0].length, 3), up};
            },
            a -> change((double[][]) a[0], (double[][]) a[1])),
        new Task(
            LESSON,
            "lora-3",
            List.of("double[] slopes", "double[] between"),
            "y[i] has 16 / rank times B[i][k] times between[k] in it, so B[i][k] gets slopes[i]"
                + " times 16 / rank times between[k]; the rank is the length of between.",
            random ->
                new Object[] {
                  random.doubles(3, -2, 2).toArray(),
                  random.doubles(1 + random.nextInt(3), -2, 2).toArray()
                },
            a -> gradientOfUp((double[]) a[0], (double[]) a[1])));
  }

  private static int trained(int[][] shapes, int rank) {
    return Arrays.stream(shapes).mapToInt(sides -> rank * (sides[0] + sides[1])).sum();
  }

  static double[][] change(double[][] down, double[][] up) {
    int rank = down.length;
    double[][] change = new double[up.length][down[0].length];
    for (int i = 0; i < up.length; i++) {
      for (int j = 0; j < down[0].length; j++) {
        for (int k = 0; k < rank; k++) {
          change[i][j] += ALPHA / rank * up[i][k] * down[k][j];
        }
      }
    }
    return change;
  }

  private static double[][] gradientOfUp(double[] slopes, double[] between) {
    double scale = ALPHA / between.length;
    return Arrays.stream(slopes)
        .mapToObj(
            slope ->
                IntStream.range(0, between.length)
                    .mapToDouble(k -> slope * scale * between[k])
                    .toArray())
        .toArray(double[][]::new);
  }
}
