package grounds.notebook;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Lesson 6: from scores to a choice. */
final class GenerationTasks {

  private static final String LESSON = "06 Generation";
  private static final double PENALTY = 1.3;

  private GenerationTasks() {}

  static List<Task> all() {
    return List.of(
        new Task(
            LESSON,
            "generation-1",
            List.of("double[] scores", "Double temperature"),
            "divide the scores by the temperature, then take the softmax; subtract the largest"
                + " before, or e to a large number overflows.",
            random -> {
              double[] scores = random.doubles(3 + random.nextInt(3), -2, 2).toArray();
              scores[0] += random.nextInt(3) == 0 ? 1_000 : 0;
              return new Object[] {scores, 0.3 + 1.7 * random.nextDouble()};
            },
            a -> probabilities((double[]) a[0], (Double) a[1])),
        new Task(
            LESSON,
            "generation-2",
            List.of("double[] probabilities", "Double u"),
            "add up the probabilities from the first on; the token at which the sum rises above u"
                + " is drawn. A token of probability 0 never is, not even where u is 0.",
            GenerationTasks::draw,
            a -> drawn((double[]) a[0], (Double) a[1])),
        new Task(
            LESSON,
            "generation-3",
            List.of("double[] probabilities", "Double p"),
            "take the most probable tokens until their sum is p or more, the last one included;"
                + " divide them by that sum, leave them at their places, and the others get 0.",
            random ->
                new Object[] {
                  distribution(random, 4 + random.nextInt(3)), 0.3 + 0.65 * random.nextDouble()
                },
            a -> nucleus((double[]) a[0], (Double) a[1])),
        new Task(
            LESSON,
            "generation-4",
            List.of("double[] scores", "int[] soFar"),
            "divide a score above 0 by 1.3, but multiply one below 0, or it would rise; and once is"
                + " enough, however often the token has occurred.",
            random -> {
              double[] scores = random.doubles(5, -3, 3).toArray();
              int[] soFar = random.ints(4, 0, scores.length).toArray();
              soFar[3] = soFar[0];
              return new Object[] {scores, soFar};
            },
            a -> penalized((double[]) a[0], (int[]) a[1])),
        new Task(
            LESSON,
            "generation-5",
            List.of("double[] sums", "double[][] logProbabilities"),
            "extend every text by every token and sort all of them together by sums[b] +"
                + " logProbabilities[b][token]; the best may come from one text.",
            GenerationTasks::beams,
            a -> best((double[]) a[0], (double[][]) a[1])));
  }

  private static double[] distribution(Random random, int tokens) {
    return AttentionTasks.softmax(random.doubles(tokens, -2, 2).toArray());
  }

  /** Now and then the first token has been filtered out, and the number that decides is 0. */
  private static Object[] draw(Random random) {
    double[] scores = random.doubles(4 + random.nextInt(2), -1, 1).toArray();
    boolean filtered = random.nextInt(3) == 0;
    if (filtered) {
      scores[0] = Double.NEGATIVE_INFINITY;
    }
    return new Object[] {AttentionTasks.softmax(scores), filtered ? 0.0 : random.nextDouble()};
  }

  private static Object[] beams(Random random) {
    double[] sums = random.doubles(2 + random.nextInt(2), -4, -2).toArray();
    double[][] logs = new double[sums.length][];
    Arrays.setAll(logs, b -> Arrays.stream(distribution(random, 4)).map(Math::log).toArray());
    return new Object[] {sums, logs};
  }

  private static double[] probabilities(double[] scores, double temperature) {
    return AttentionTasks.softmax(Arrays.stream(scores).map(z -> z / temperature).toArray());
  }

  private static int drawn(double[] probabilities, double u) {
    int token = 0;
    double sum = probabilities[0];
    while (sum <= u) {
      sum += probabilities[++token];
    }
    return token;
  }

  private static double[] nucleus(double[] probabilities, double p) {
    double[] kept = new double[probabilities.length];
    double sum = 0;
    for (int token : ranked(probabilities)) {
      if (sum < p) {
        kept[token] = probabilities[token];
        sum += kept[token];
      }
    }
    double whole = sum;
    return Arrays.stream(kept).map(share -> share / whole).toArray();
  }

  private static double[] penalized(double[] scores, int[] soFar) {
    double[] changed = scores.clone();
    for (int token : soFar) {
      changed[token] = scores[token] > 0 ? scores[token] / PENALTY : scores[token] * PENALTY;
    }
    return changed;
  }

  private static int[][] best(double[] sums, double[][] logs) {
    int tokens = logs[0].length;
    double[] all = new double[sums.length * tokens];
    Arrays.setAll(all, i -> sums[i / tokens] + logs[i / tokens][i % tokens]);
    return Arrays.stream(ranked(all))
        .limit(sums.length)
        .mapToObj(i -> new int[] {i / tokens, i % tokens})
        .toArray(int[][]::new);
  }

  /** Places of the values, the largest first. */
  private static int[] ranked(double[] values) {
    return IntStream.range(0, values.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -values[i]))
        .mapToInt(i -> i)
        .toArray();
  }
}
