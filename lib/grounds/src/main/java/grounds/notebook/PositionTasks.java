package grounds.notebook;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Lesson 3: rows of a table, who lies near whom, and places. */
final class PositionTasks {

  private static final String LESSON = "03 Embeddings and position";
  private static final int ROWS = 5;
  private static final double BASE = 10_000;

  private PositionTasks() {}

  static List<Task> all() {
    return List.of(
        new Task(
            LESSON,
            "position-1",
            List.of("int[] ids", "double[][] gradients"),
            "gradients[t] is added to row ids[t]; a row that was read twice gets both, and one that"
                + " was not read stays 0.",
            random -> {
              // More ids than rows: one at least is read twice.
              int[] ids = random.ints(ROWS + 1, 0, ROWS).toArray();
              return new Object[] {
                ids, AttentionTasks.matrix(random, ids.length, 2 + random.nextInt(2))
              };
            },
            a -> tableGradient((int[]) a[0], (double[][]) a[1])),
        new Task(
            LESSON,
            "position-2",
            List.of("double[][] table", "Integer word"),
            "the cosine is the dot product divided by both lengths, or a long row would be near to"
                + " all; and the row itself does not count.",
            PositionTasks::words,
            a -> nearest((double[][]) a[0], (Integer) a[1])),
        new Task(
            LESSON,
            "position-3",
            List.of("Integer place", "Integer channels"),
            "channels 2i and 2i + 1 are sine and cosine of place times 10000 to the power of"
                + " -2i / channels; in Java -2 * i / channels drops the fraction, -2.0 * i /"
                + " channels keeps it.",
            random -> new Object[] {random.nextInt(100), 4 + 2 * random.nextInt(3)},
            a -> waves((Integer) a[0], (Integer) a[1])),
        new Task(
            LESSON,
            "position-4",
            List.of("double[] vector", "Integer place"),
            "a = vector[i] and b = vector[i + half] become a cos - b sin and a sin + b cos, both"
                + " from the old a and b; the angle is place times 10000 to the power of"
                + " -2i / length.",
            random ->
                new Object[] {
                  random.doubles(4 + 2 * random.nextInt(2), -2, 2).toArray(), random.nextInt(50)
                },
            a -> turned((double[]) a[0], (Integer) a[1])));
  }

  /** The nearest row is a short one, so that the largest dot product is mostly another's. */
  private static Object[] words(Random random) {
    double[][] table = AttentionTasks.matrix(random, ROWS, 3);
    int word = random.nextInt(ROWS);
    double[] nearest = table[nearest(table, word)];
    Arrays.setAll(nearest, c -> nearest[c] / 20);
    return new Object[] {table, word};
  }

  private static double[][] tableGradient(int[] ids, double[][] gradients) {
    double[][] table = new double[ROWS][gradients[0].length];
    for (int t = 0; t < ids.length; t++) {
      double[] gradient = gradients[t];
      double[] row = table[ids[t]];
      Arrays.setAll(row, c -> row[c] + gradient[c]);
    }
    return table;
  }

  private static int nearest(double[][] table, int word) {
    int best = -1;
    double highest = Double.NEGATIVE_INFINITY;
    for (int row = 0; row < table.length; row++) {
      // The length of the word's own row is the same for all.
      double cosine = dot(table[row], table[word]) / Math.sqrt(dot(table[row], table[row]));
      if (row != word && cosine > highest) {
        highest = cosine;
        best = row;
      }
    }
    return best;
  }

  private static double dot(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
  }

  private static double[] waves(int place, int channels) {
    double[] row = new double[channels];
    for (int c = 0; c < channels; c++) {
      double angle = place * Math.pow(BASE, -(c - c % 2) / (double) channels);
      row[c] = c % 2 == 0 ? Math.sin(angle) : Math.cos(angle);
    }
    return row;
  }

  private static double[] turned(double[] vector, int place) {
    int half = vector.length / 2;
    double[] turned = new double[vector.length];
    for (int i = 0; i < half; i++) {
      double angle = place * Math.pow(BASE, -2.0 * i / vector.length);
      turned[i] = vector[i] * Math.cos(angle) - vector[i + half] * Math.sin(angle);
      turned[i + half] = vector[i] * Math.sin(angle) + vector[i + half] * Math.cos(angle);
    }
    return turned;
  }
}
