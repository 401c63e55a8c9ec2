package grounds.notebook;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Lesson 4: scores, weights, and what they cost. */
final class AttentionTasks {

  private static final String LESSON = "04 Attention";

  private AttentionTasks() {}

  static List<Task> all() {
    return List.of(
        new Task(
            LESSON,
            "attention-1",
            List.of("double[] scores"),
            "e to each score, divided by the sum of all; subtract the largest score first, or e to"
                + " 1,000 overflows.",
            random -> {
              double[] scores = random.doubles(3 + random.nextInt(3), -2, 2).toArray();
              scores[0] += random.nextInt(3) == 0 ? 1_000 : 0;
              return new Object[] {scores};
            },
            a -> softmax((double[]) a[0])),
        new Task(
            LESSON,
            "attention-2",
            List.of("double[][] queries", "double[][] keys"),
            "row i, column j is the dot product of query i and key j, divided by the square root of"
                + " their length.",
            random -> {
              int headDim = 2 + random.nextInt(3);
              return new Object[] {matrix(random, 3, headDim), matrix(random, 3, headDim)};
            },
            a -> scores((double[][]) a[0], (double[][]) a[1])),
        new Task(
            LESSON,
            "attention-3",
            List.of("double[][] scores"),
            "row i is the softmax of its first i + 1 scores; what comes later has weight 0.",
            random -> new Object[] {matrix(random, 4, 4)},
            a -> causal((double[][]) a[0])),
        new Task(
            LESSON,
            "attention-4",
            List.of("double[][] weights", "double[][] values"),
            "row i is the sum over j of weights[i][j] times values[j].",
            random ->
                new Object[] {
                  causal(matrix(random, 3, 3)), matrix(random, 3, 2 + random.nextInt(2))
                },
            a -> mixed((double[][]) a[0], (double[][]) a[1])));
  }

  /** Random numbers from -2 to 2. */
  static double[][] matrix(Random random, int rows, int columns) {
    double[][] matrix = new double[rows][];
    Arrays.setAll(matrix, i -> random.doubles(columns, -2, 2).toArray());
    return matrix;
  }

  static double[] softmax(double[] scores) {
    double most = Arrays.stream(scores).max().orElseThrow();
    double sum = Arrays.stream(scores).map(score -> Math.exp(score - most)).sum();
    return Arrays.stream(scores).map(score -> Math.exp(score - most) / sum).toArray();
  }

  private static double[][] scores(double[][] queries, double[][] keys) {
    double[][] scores = new double[queries.length][keys.length];
    for (int i = 0; i < queries.length; i++) {
      for (int j = 0; j < keys.length; j++) {
        for (int c = 0; c < keys[j].length; c++) {
          scores[i][j] += queries[i][c] * keys[j][c] / Math.sqrt(keys[j].length);
        }
      }
    }
    return scores;
  }

  private static double[][] causal(double[][] scores) {
    double[][] weights = new double[scores.length][];
    Arrays.setAll(
        weights, i -> Arrays.copyOf(softmax(Arrays.copyOf(scores[i], i + 1)), scores[i].length));
    return weights;
  }

  private static double[][] mixed(double[][] weights, double[][] values) {
    double[][] mixed = new double[weights.length][values[0].length];
    for (int i = 0; i < weights.length; i++) {
      for (int j = 0; j < values.length; j++) {
        for (int c = 0; c < values[j].length; c++) {
          mixed[i][c] += weights[i][j] * values[j][c];
        }
      }
    }
    return mixed;
  }
}
