package grounds.notebook;

import static grounds.notebook.Answers.assertRefused;
import static grounds.notebook.Answers.refused;
import static grounds.notebook.Answers.solution;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.finetune.PreferenceLoss;
import grounds.finetune.PreferenceLoss.Value;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DpoTasksTest {

  private static double h(double[] policy, double[] reference) {
    return 0.1 * (policy[0] - reference[0] - policy[1] + reference[1]);
  }

  @Test
  void anAnswerIsAsProbableAsAllItsTokens() {
    double[][] logits = {{0, 0, 0, 0}, {Math.log(2), 0, 0, Math.log(4)}};
    assertEquals(
        Math.log(1 / 4.0 * 4 / 8), (double) solution("dpo-1", logits, new int[] {2, 3}), 1e-12);
    assertRefused("dpo-1", a -> (double) solution("dpo-1", a) / ((int[]) a[1]).length);
    assertRefused(
        "dpo-1",
        a ->
            IntStream.range(0, ((int[]) a[1]).length)
                .mapToDouble(t -> ((double[][]) a[0])[t][((int[]) a[1])[t]])
                .sum());
  }

  /** Read backwards, the best model gives the rewards again, but for what all have in common. */
  @Test
  void theBestModelKnowsTheRewards() {
    double[] reference = {0.5, 0.3, 0.2};
    double[] rewards = {0, 1, -0.4};
    double[] best = (double[]) solution("dpo-2", reference, rewards);
    assertEquals(1, Arrays.stream(best).sum(), 1e-12);
    for (int i = 1; i < 3; i++) {
      double implied = Math.log(best[i] / reference[i]) - Math.log(best[0] / reference[0]);
      assertEquals(rewards[i] - rewards[0], 0.5 * implied, 1e-12);
    }
    assertRefused(
        "dpo-2",
        a -> {
          double[] scores = Arrays.stream((double[]) a[1]).map(r -> r / 0.5).toArray();
          return AttentionTasks.softmax(scores);
        });
  }

  @Test
  void lossAndSlopesAreTheLibrarys() {
    Random random = new Random(4);
    for (String id : new String[] {"dpo-3", "dpo-4"}) {
      for (int i = 0; i < 20; i++) {
        Object[] pair = Task.named(id).inputs().apply(random);
        double[] policy = (double[]) pair[0];
        double[] reference = (double[]) pair[1];
        Value value =
            new PreferenceLoss.Dpo(0.1)
                .of(
                    new PreferenceLoss.Pair(
                        policy[0], policy[1], reference[0], reference[1], 5, 5));
        if (id.equals("dpo-3")) {
          assertEquals(value.loss(), (double) solution(id, policy, reference), 1e-9);
        } else {
          assertArrayEquals(
              new double[] {value.byChosen(), value.byRejected()},
              (double[]) solution(id, policy, reference),
              1e-12);
        }
      }
    }
    assertRefused("dpo-3", a -> Math.log1p(Math.exp(h((double[]) a[0], (double[]) a[1]))));
    assertRefused("dpo-3", a -> Math.log1p(Math.exp(-h((double[]) a[0], new double[2]))));
    assertRefused(
        "dpo-4",
        a -> {
          double slope = 0.1 / (1 + Math.exp(-h((double[]) a[0], (double[]) a[1])));
          return new double[] {-slope, slope};
        });
  }

  /** The lesson's own line overflows there; a check in nearly every run shows it. */
  @Test
  void mostChecksHaveALossThatOverflows() {
    double refused =
        refused("dpo-3", a -> Math.log(1 + Math.exp(-h((double[]) a[0], (double[]) a[1]))));
    assertTrue(refused > 0.6, "refused " + refused);
  }
}
