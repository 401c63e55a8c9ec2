package grounds.finetune;

import static grounds.finetune.ChatTemplateTest.TEMPLATE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.tensor.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class GrpoTest {

  @Test
  void theRewardRisesWithoutAModelOfWhatToExpect() {
    try (Gpt reference = PpoTest.speaker()) {
      double[] distances = new double[2];
      for (int i = 0; i < 2; i++) {
        Grpo.Config config = Grpo.Config.of(8).withLearningRate(1e-3).withPenalty(i);
        try (Gpt policy = PpoTest.copy(reference);
            Grpo grpo = new Grpo(policy, reference, TEMPLATE, PpoTest::lettersA, config, 1)) {
          Round first = grpo.round(PpoTest.prompts(8));
          assertEquals(64, first.answers().size());
          assertEquals(0, first.divergence(), 1e-3);
          assertEquals(2, first.reward(), 0.5);
          assertTrue(first.rewardDeviation() > 0.5, first.toString());
          Round last = first;
          for (int round = 0; round < 25; round++) {
            last = grpo.round(PpoTest.prompts(8));
          }
          assertTrue(last.reward() > (i == 0 ? 3 : 2.2), i + ": " + last.reward());
          distances[i] = last.divergence();
        }
      }
      assertTrue(distances[1] < distances[0] / 2, distances[0] + " " + distances[1]);
    }
  }

  @Test
  void advantagesAreWithinTheGroup() {
    double[] rewards = {1, 0, 0, 1, 7, 7, 7, 7, 2, 4, 6, 8};
    double spread = 2.2360679775; // of 2, 4, 6, 8, whose squared distances from 5 have the mean 5
    double[] wanted = {1, -1, -1, 1, 0, 0, 0, 0, -3 / spread, -1 / spread, 1 / spread, 3 / spread};
    assertArrayEquals(wanted, Grpo.advantages(rewards, 4), 1e-6);
  }

  @Test
  void theDistancesSlopeIsItsQuotient() {
    double h = 1e-6;
    for (double now : new double[] {-3, -1, -0.2}) {
      double quotient = (distance(now + h, -1) - distance(now - h, -1)) / (2 * h);
      assertEquals(quotient, Grpo.distanceSlope(now, -1), 1e-8);
      assertTrue(distance(now, -1) >= 0);
    }
  }

  /** Against differences of the loss of a whole minibatch, written down as in the paper. */
  @Test
  void theSlopesAreThoseOfTheWholeLoss() {
    Random random = new Random(3);
    int[] lengths = {1, 4, 7};
    double[] advantages = {1.3, -0.7, 0};
    double[][] now = new double[3][];
    Actor.Sample[] samples = new Actor.Sample[3];
    for (int row = 0; row < 3; row++) {
      double[] old = random.doubles(lengths[row], -3, -0.1).toArray();
      double[] before = random.doubles(lengths[row], -3, -0.1).toArray();
      now[row] = Arrays.stream(old).map(x -> x + random.nextDouble(-0.7, 0.7)).toArray();
      samples[row] = new Actor.Sample(null, null, old, before);
    }
    now[0][0] = samples[0].old()[0] + 0.5;
    now[1][0] = samples[1].old()[0] - 0.5;
    now[1][1] = samples[1].old()[1] + 0.5;
    Grpo.Config config = Grpo.Config.of(8).withPenalty(0.3);
    double h = 1e-6;
    int ended = 0;
    for (int row = 0; row < 3; row++) {
      double[] slopes = Grpo.slopes(now[row], samples[row], advantages[row], config, 3);
      for (int t = 0; t < lengths[row]; t++) {
        double kept = now[row][t];
        now[row][t] = kept + h;
        double above = loss(now, samples, advantages);
        now[row][t] = kept - h;
        double below = loss(now, samples, advantages);
        now[row][t] = kept;
        assertEquals((above - below) / (2 * h), slopes[t], 1e-8, row + ", " + t);
        ended += Actor.ended(kept, samples[row].old()[t], advantages[row], 0.2) ? 1 : 0;
      }
    }
    assertTrue(ended >= 2 && ended < 12, ended + " tokens beyond the clip");
  }

  private static double loss(double[][] now, Actor.Sample[] samples, double[] advantages) {
    double sum = 0;
    for (int row = 0; row < now.length; row++) {
      double ofAnswer = 0;
      for (int t = 0; t < now[row].length; t++) {
        double ratio = Math.exp(now[row][t] - samples[row].old()[t]);
        double clipped = Math.min(Math.max(ratio, 0.8), 1.2);
        ofAnswer +=
            0.3 * distance(now[row][t], samples[row].before()[t])
                - Math.min(ratio * advantages[row], clipped * advantages[row]);
      }
      sum += ofAnswer / now[row].length;
    }
    return sum / now.length;
  }

  private static double distance(double now, double before) {
    return Math.exp(before - now) - (before - now) - 1;
  }

  @Test
  void badInputIsNamedAndNothingMoves() {
    Gpt reference = new Gpt(new GptConfig(260, 24, 16, 1, 2), 1);
    Grpo.Config config = new Grpo.Config(3, 2, 1, 4, 0.2, 0.1, 1e-3);
    try (reference;
        Gpt policy = PpoTest.copy(reference);
        Gpt other = new Gpt(new GptConfig(99, 24, 16, 1, 2), 1);
        Grpo nan =
            new Grpo(
                policy, reference, TEMPLATE, c -> new double[] {1, 0, Double.NaN, 1}, config, 1);
        Grpo few = new Grpo(policy, reference, TEMPLATE, c -> new double[1], config, 1)) {
      String message = message(() -> nan.round(List.of("one", "two")));
      assertTrue(message.contains("answer 3 of 4") && message.contains("'two'"), message);
      message = message(() -> few.round(List.of("one", "two")));
      assertTrue(message.contains("each of 4 answers, got 1"), message);
      for (Parameter parameter : reference.parameters().stream().toList()) {
        assertArrayEquals(parameter.values(), policy.parameters().get(parameter.name()).values());
      }
      message =
          message(() -> new Grpo(policy, other, TEMPLATE, PpoTest::lettersA, config, 1).close());
      assertTrue(message.contains("260 tokens, got one of 99"), message);
    }
    assertTrue(message(() -> new Grpo.Config(3, 1, 1, 4, 0.2, 0.1, 1e-3)).contains("2 or more"));
    assertTrue(message(() -> Grpo.Config.of(3).withPenalty(-1)).contains("penalty of 0 or more"));
  }

  /** Half letters become longer as text; a prompt may leave no room at all. */
  @Test
  void answersAreCutToWhatFitsAndPromptsAreNamed() {
    List<Integer> lengths = new ArrayList<>();
    Reward judge =
        conversations -> {
          conversations.forEach(c -> lengths.add(TEMPLATE.render(c).length()));
          return new double[conversations.size()];
        };
    Grpo.Config config = new Grpo.Config(100, 8, 1, 8, 0.2, 0.1, 1e-3);
    try (Gpt untrained = new Gpt(new GptConfig(260, 24, 16, 1, 2), 1);
        Grpo grpo = new Grpo(untrained, untrained, TEMPLATE, judge, config, 1)) {
      grpo.round(List.of("what", "why"));
      assertEquals(16, lengths.size());
      assertTrue(lengths.stream().allMatch(length -> length <= 24), lengths.toString());
      String message = message(() -> grpo.round(List.of("q", "a prompt of too many letters")));
      assertTrue(message.contains("got 31 in 'a prompt of"), message);
    }
  }

  private static String message(Executable what) {
    return assertThrows(IllegalArgumentException.class, what).getMessage();
  }
}
