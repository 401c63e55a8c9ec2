package grounds.notebook;

import java.util.List;
import java.util.Random;

/** Lesson 8: power laws, and the best use of a budget. */
final class ScalingTasks {

  private static final String LESSON = "08 Scaling experiments";

  private ScalingTasks() {}

  static List<Task> all() {
    return List.of(
        new Task(
            LESSON,
            "scaling-1",
            List.of("double[] first", "double[] second"),
            "the slope is ln(L2/L1) / ln(C2/C1), on logarithms; ten times the operations multiply"
                + " the loss by 10 to that.",
            ScalingTasks::twoRuns,
            a -> promised((double[]) a[0], (double[]) a[1])),
        new Task(
            LESSON,
            "scaling-2",
            List.of("double[] law", "double[] plan"),
            "the budget leaves D = C / (6 N) tokens; the loss is E + A / N^alpha + B / D^beta.",
            random ->
                new Object[] {
                  law(random), new double[] {power(random, 8, 10), power(random, 20, 22)}
                },
            a -> loss((double[]) a[0], (double[]) a[1])),
        new Task(
            LESSON,
            "scaling-3",
            List.of("double[] law", "Double budget"),
            "write D as C / (6 N) and set the derivative by N to 0: N^(alpha + beta) ="
                + " alpha A / (beta B) times (C / 6)^beta.",
            random -> new Object[] {law(random), power(random, 18, 24)},
            a -> best((double[]) a[0], (Double) a[1])),
        new Task(
            LESSON,
            "scaling-4",
            List.of("double[] sizes", "double[] losses"),
            "take x = ln N. Between two runs the parabola's slope in the middle is the difference"
                + " of losses by that of x; the bottom is where the line through both slopes is 0.",
            ScalingTasks::valley,
            a -> bottom((double[]) a[0], (double[]) a[1])));
  }

  private static double power(Random random, int from, int to) {
    return Math.pow(10, from + (to - from) * random.nextDouble());
  }

  private static Object[] twoRuns(Random random) {
    double operations = power(random, 11, 13);
    double times = power(random, 0, 2) + 1;
    double loss = 2 + random.nextDouble();
    double slope = -0.04 - 0.04 * random.nextDouble();
    return new Object[] {
      new double[] {operations, loss},
      new double[] {operations * times, loss * Math.pow(times, slope)}
    };
  }

  private static double promised(double[] first, double[] second) {
    double slope = Math.log(second[1] / first[1]) / Math.log(second[0] / first[0]);
    return second[1] * Math.pow(10, slope);
  }

  /** E, A, B, alpha and beta, not far from published ones. */
  private static double[] law(Random random) {
    return new double[] {
      1.5 + random.nextDouble() / 2,
      300 + 200 * random.nextDouble(),
      300 + 200 * random.nextDouble(),
      0.3 + 0.1 * random.nextDouble(),
      0.25 + 0.1 * random.nextDouble()
    };
  }

  private static double loss(double[] law, double[] plan) {
    double tokens = plan[1] / (6 * plan[0]);
    return law[0] + law[1] / Math.pow(plan[0], law[3]) + law[2] / Math.pow(tokens, law[4]);
  }

  private static double best(double[] law, double budget) {
    double balance = law[3] * law[1] / (law[4] * law[2]) * Math.pow(budget / 6, law[4]);
    return Math.pow(balance, 1 / (law[3] + law[4]));
  }

  /** Three sizes, the middle one nearest to the bottom. */
  private static Object[] valley(Random random) {
    double middle = power(random, 4, 6);
    double[] sizes = {
      middle / (3 + 2 * random.nextDouble()), middle, middle * (3 + 2 * random.nextDouble())
    };
    double bottom = Math.log(middle) + random.nextDouble() - 0.5;
    double lowest = 1.5 + random.nextDouble();
    double[] losses = new double[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      double apart = Math.log(sizes[i]) - bottom;
      losses[i] = lowest + 0.05 * apart * apart;
    }
    return new Object[] {sizes, losses};
  }

  private static double bottom(double[] sizes, double[] losses) {
    double left = Math.log(sizes[1] / sizes[0]);
    double right = Math.log(sizes[2] / sizes[1]);
    double down = (losses[1] - losses[0]) / left;
    double up = (losses[2] - losses[1]) / right;
    double share = -down / (up - down);
    return Math.exp(Math.log(sizes[0]) + left / 2 + share * (left + right) / 2);
  }
}
