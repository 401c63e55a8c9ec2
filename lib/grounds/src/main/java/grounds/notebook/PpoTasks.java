package grounds.notebook;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Lesson 13: a judge's loss, and what becomes of its rewards. */
final class PpoTasks {

  private static final String LESSON = "13 Reward model and PPO";
  private static final double PRICE = 0.1;
  private static final double LAMBDA = 0.95;
  private static final double CLIP = 0.2;

  private PpoTasks() {}

  static List<Task> all() {
    return List.of(
        new Task(
            LESSON,
            "ppo-1",
            List.of("double[] chosen", "double[] rejected"),
            "log(1 + e to (rejected[i] - chosen[i])) for each pair, and the mean of these; the mean"
                + " of the scores does not do.",
            random -> {
              int pairs = 2 + random.nextInt(3);
              return new Object[] {
                random.doubles(pairs, -4, 4).toArray(), random.doubles(pairs, -4, 4).toArray()
              };
            },
            a -> pairLoss((double[]) a[0], (double[]) a[1])),
        new Task(
            LESSON,
            "ppo-2",
            List.of("double[] nats", "Double reward"),
            "minus 0.1 times nats[t] at every token, also where that is a gain; the judge's reward"
                + " is added at the last token only.",
            random ->
                new Object[] {
                  random.doubles(3 + random.nextInt(3), -1, 3).toArray(),
                  random.nextDouble() * 20 - 10
                },
            a -> rewards((double[]) a[0], (Double) a[1])),
        new Task(
            LESSON,
            "ppo-3",
            List.of("double[] rewards", "double[] values"),
            "go from the last token to the first: rewards[t] + values[t + 1] - values[t], plus 0.95"
                + " times the advantage of t + 1; after the last token both are 0.",
            random -> {
              int tokens = 3 + random.nextInt(3);
              return new Object[] {
                random.doubles(tokens, -3, 3).toArray(), random.doubles(tokens, -3, 3).toArray()
              };
            },
            a -> advantages((double[]) a[0], (double[]) a[1])),
        new Task(
            LESSON,
            "ppo-4",
            List.of("double[] logRatios", "double[] advantages"),
            "the ratio is e to the log ratio; take the smaller one of ratio times advantage and"
                + " clipped ratio times advantage, each with its sign, and then the mean.",
            random -> {
              int tokens = 4 + random.nextInt(3);
              return new Object[] {
                random.doubles(tokens, -0.6, 0.6).toArray(), random.doubles(tokens, -2, 2).toArray()
              };
            },
            a -> objective((double[]) a[0], (double[]) a[1])),
        new Task(
            LESSON,
            "ppo-5",
            List.of("double[] rewards"),
            "the reward less the mean, divided by the square root of the mean square of such"
                + " differences; where all rewards are alike, 0 and not 0 / 0.",
            random -> {
              double[] rewards = random.ints(8, 0, 2).asDoubleStream().toArray();
              if (random.nextInt(3) == 0) {
                Arrays.fill(rewards, rewards[0]);
              }
              return new Object[] {rewards};
            },
            a -> inGroup((double[]) a[0])));
  }

  private static double pairLoss(double[] chosen, double[] rejected) {
    return IntStream.range(0, chosen.length)
        .mapToDouble(i -> Math.log1p(Math.exp(rejected[i] - chosen[i])))
        .average()
        .orElseThrow();
  }

  private static double[] rewards(double[] nats, double reward) {
    double[] rewards = Arrays.stream(nats).map(n -> -PRICE * n).toArray();
    rewards[rewards.length - 1] += reward;
    return rewards;
  }

  private static double[] advantages(double[] rewards, double[] values) {
    double[] advantages = new double[rewards.length];
    double next = 0;
    double after = 0;
    for (int t = rewards.length - 1; t >= 0; t--) {
      next = rewards[t] + after - values[t] + LAMBDA * next;
      after = values[t];
      advantages[t] = next;
    }
    return advantages;
  }

  private static double objective(double[] logRatios, double[] advantages) {
    return IntStream.range(0, logRatios.length)
        .mapToDouble(
            t -> {
              double ratio = Math.exp(logRatios[t]);
              double clipped = Math.max(1 - CLIP, Math.min(1 + CLIP, ratio));
              return Math.min(ratio * advantages[t], clipped * advantages[t]);
            })
        .average()
        .orElseThrow();
  }

  private static double[] inGroup(double[] rewards) {
    double mean = Arrays.stream(rewards).average().orElseThrow();
    double variance = Arrays.stream(rewards).map(r -> (r - mean) * (r - mean)).average().orElse(0);
    return Arrays.stream(rewards)
        .map(r -> variance == 0 ? 0 : (r - mean) / Math.sqrt(variance))
        .toArray();
  }
}
