package grounds.notebook;

import static grounds.notebook.Answers.assertRefused;
import static grounds.notebook.Answers.refused;
import static grounds.notebook.Answers.solution;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.finetune.PreferenceLoss;
import java.util.Arrays;
import java.util.function.DoubleBinaryOperator;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PpoTasksTest {

  private static double[] zip(Object one, Object other, DoubleBinaryOperator f) {
    double[] x = (double[]) one;
    double[] y = (double[]) other;
    return IntStream.range(0, x.length).mapToDouble(i -> f.applyAsDouble(x[i], y[i])).toArray();
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  @Test
  void pairsCostWhatTheLessonAndDpoWithoutReferenceSay() {
    double loss = (double) solution("ppo-1", new double[] {1, 3, 1}, new double[] {1, 1, 3});
    assertEquals((0.693147 + 0.126928 + 2.126928) / 3, loss, 1e-6);
    PreferenceLoss library = new PreferenceLoss.Dpo(1);
    assertEquals(
        library.of(new PreferenceLoss.Pair(-2, 0.5, 0, 0, 1, 1)).loss(),
        (double) solution("ppo-1", new double[] {-2}, new double[] {0.5}),
        1e-12);
    assertRefused(
        "ppo-1", a -> Math.log1p(Math.exp(mean((double[]) a[1]) - mean((double[]) a[0]))));
    assertRefused("ppo-1", a -> mean(zip(a[0], a[1], (c, r) -> Math.log1p(Math.exp(c - r)))));
  }

  @Test
  void theJudgesRewardComesAtTheEnd() {
    assertArrayEquals(
        new double[] {-0.2, 0.1, 4.9},
        (double[]) solution("ppo-2", new double[] {2, -1, 1}, 5.0),
        1e-12);
    assertRefused(
        "ppo-2", a -> Arrays.stream((double[]) a[0]).map(n -> (double) a[1] - n / 10).toArray());
    assertRefused(
        "ppo-2",
        a -> {
          double[] rewards = Arrays.stream((double[]) a[0]).map(n -> -Math.abs(n) / 10).toArray();
          rewards[rewards.length - 1] += (double) a[1];
          return rewards;
        });
  }

  /** The lesson's rewards and values; by hand from the end. */
  @Test
  void advantagesLookAhead() {
    double[] rewards = {0, 0, 5};
    double[] values = {2, 2, 4};
    assertArrayEquals(
        new double[] {0.95 * 2.95, 2 + 0.95, 1},
        (double[]) solution("ppo-3", rewards, values),
        1e-12);
    assertRefused("ppo-3", a -> zip(a[0], a[1], (r, v) -> r - v));
  }

  @Test
  void theObjectiveIsFlatWhereTheLessonsChartIs() {
    double[][] cases = {
      {1.5, 1, 1.2}, {1.5, -1, -1.5}, {0.5, 1, 0.5}, {0.5, -1, -0.8}, {1.1, 2, 2.2}
    };
    for (double[] one : cases) {
      double[] logRatio = {Math.log(one[0])};
      assertEquals(one[2], (double) solution("ppo-4", logRatio, new double[] {one[1]}), 1e-12);
    }
    assertRefused("ppo-4", a -> mean(zip(a[0], a[1], (r, v) -> Math.exp(r) * v)));
    assertRefused(
        "ppo-4",
        a -> mean(zip(a[0], a[1], (r, v) -> Math.max(0.8, Math.min(1.2, Math.exp(r))) * v)));
  }

  @Test
  void aGroupIsComparedWithItself() {
    double[] lesson = (double[]) solution("ppo-5", new double[] {1, 0, 0, 1, 0, 0, 0, 0});
    assertEquals(Math.sqrt(3), lesson[0], 1e-12);
    assertEquals(-1 / Math.sqrt(3), lesson[1], 1e-12);
    assertArrayEquals(
        new double[8], (double[]) solution("ppo-5", new double[] {1, 1, 1, 1, 1, 1, 1, 1}));
    assertRefused(
        "ppo-5",
        a -> {
          double mean = mean((double[]) a[0]);
          return Arrays.stream((double[]) a[0]).map(r -> r - mean).toArray();
        });
  }

  /** Whoever divides by zero must hear of it in nearly every check. */
  @Test
  void mostChecksHaveAGroupOfWhichAllAreAlike() {
    Function<Object[], Object> careless =
        a -> {
          double[] rewards = (double[]) a[0];
          double mean = mean(rewards);
          double deviation =
              Math.sqrt(Arrays.stream(rewards).map(r -> (r - mean) * (r - mean)).sum() / 8);
          return Arrays.stream(rewards).map(r -> (r - mean) / deviation).toArray();
        };
    double refused = refused("ppo-5", careless);
    assertTrue(refused > 0.6, "refused " + refused);
  }
}
