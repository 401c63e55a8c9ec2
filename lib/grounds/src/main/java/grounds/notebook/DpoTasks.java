package grounds.notebook;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Lesson 14: from log-probabilities to the loss and its gradient. */
final class DpoTasks {

  private static final String LESSON = "14 Preference optimization";
  private static final double BETA = 0.1;

  /** The price of a nat where the best model is asked for. */
  private static final double PRICE = 0.5;

  private DpoTasks() {}

  static List<Task> all() {
    return List.of(
        new Task(
            LESSON,
            "dpo-1",
            List.of("double[][] logits", "int[] ids"),
            "for each token its own logit less the logarithm of the sum of e to all logits of its"
                + " row; then the sum over the tokens, not the mean.",
            random -> {
              double[][] logits = new double[2 + random.nextInt(3)][];
              Arrays.setAll(logits, t -> random.doubles(4, -3, 3).toArray());
              return new Object[] {logits, random.ints(logits.length, 0, 4).toArray()};
            },
            a -> logProbability((double[][]) a[0], (int[]) a[1])),
        new Task(
            LESSON,
            "dpo-2",
            List.of("double[] reference", "double[] rewards"),
            "reference[i] times e to (rewards[i] / 0.5), divided by the sum of all of these.",
            random -> {
              int answers = 3 + random.nextInt(3);
              double[] scores = random.doubles(answers, -1, 1).toArray();
              return new Object[] {
                AttentionTasks.softmax(scores), random.doubles(answers, -1, 1).toArray()
              };
            },
            a -> best((double[]) a[0], (double[]) a[1])),
        new Task(
            LESSON,
            "dpo-3",
            List.of("double[] policy", "double[] reference"),
            "h is 0.1 times ((policy[0] - reference[0]) - (policy[1] - reference[1])), the loss"
                + " log(1 + e to -h); where e to -h overflows, that is -h.",
            random -> {
              Object[] pair = pair(random);
              if (random.nextInt(3) == 0) {
                ((double[]) pair[0])[0] -= 10_000;
              }
              return pair;
            },
            a -> loss((double[]) a[0], (double[]) a[1])),
        new Task(
            LESSON,
            "dpo-4",
            List.of("double[] policy", "double[] reference"),
            "by the chosen answer -0.1 times sigma(-h), with the h of the loss and sigma(z) = 1 /"
                + " (1 + e to -z); by the rejected one the opposite.",
            DpoTasks::pair,
            a -> slopes((double[]) a[0], (double[]) a[1])));
  }

  private static Object[] pair(Random random) {
    return new Object[] {
      random.doubles(2, -40, -2).toArray(), random.doubles(2, -40, -2).toArray()
    };
  }

  private static double logProbability(double[][] logits, int[] ids) {
    return IntStream.range(0, ids.length)
        .mapToDouble(t -> Math.log(AttentionTasks.softmax(logits[t])[ids[t]]))
        .sum();
  }

  private static double[] best(double[] reference, double[] rewards) {
    double[] tilted = new double[reference.length];
    Arrays.setAll(tilted, i -> reference[i] * Math.exp(rewards[i] / PRICE));
    double sum = Arrays.stream(tilted).sum();
    return Arrays.stream(tilted).map(t -> t / sum).toArray();
  }

  private static double scaledDifference(double[] policy, double[] reference) {
    return BETA * ((policy[0] - reference[0]) - (policy[1] - reference[1]));
  }

  private static double loss(double[] policy, double[] reference) {
    double h = scaledDifference(policy, reference);
    return Math.max(-h, 0) + Math.log1p(Math.exp(-Math.abs(h)));
  }

  private static double[] slopes(double[] policy, double[] reference) {
    double slope = BETA / (1 + Math.exp(scaledDifference(policy, reference)));
    return new double[] {-slope, slope};
  }
}
