package grounds.finetune;

import static grounds.finetune.ChatTemplateTest.TEMPLATE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.corpus.Conversation;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.tensor.Parameter;
import grounds.training.Trainer;
import grounds.training.TrainingConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PpoTest {

  private static final int CONTEXT = 24;

  /** Answers with some letters a and b, alike. */
  static Gpt speaker() {
    Gpt model = new Gpt(new GptConfig(260, CONTEXT, 16, 1, 2), 1);
    Random random = new Random(1);
    List<Conversation> rows = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      StringBuilder answer = new StringBuilder();
      for (int j = 0; j < 4; j++) {
        answer.append(random.nextBoolean() ? 'a' : 'b');
      }
      rows.add(Conversation.of("q", answer.toString()));
    }
    ConversationData data = ConversationData.of(TEMPLATE, rows, rows.subList(0, 10), CONTEXT);
    try (Trainer trainer =
        new Trainer(model, data.padded(16, 1), TrainingConfig.of(200, 16, 1e-2))) {
      trainer.run();
    }
    return model;
  }

  static Gpt copy(Gpt model) {
    Gpt copy = new Gpt(model.config(), 1);
    for (Parameter parameter : model.parameters().stream().toList()) {
      copy.parameters().get(parameter.name()).load(parameter.values());
    }
    return copy;
  }

  static double[] lettersA(List<Conversation> conversations) {
    return conversations.stream()
        .mapToDouble(c -> c.answer().chars().filter(letter -> letter == 'a').count())
        .toArray();
  }

  static List<String> prompts(int count) {
    return Collections.nCopies(count, "q");
  }

  @Test
  void theRewardRisesAndAPenaltyHoldsItNearTheReference() {
    try (Gpt reference = speaker()) {
      double[] ends = new double[2];
      double[] distances = new double[2];
      for (int i = 0; i < 2; i++) {
        Ppo.Config config = Ppo.Config.of(8).withRates(1e-3, 5e-3).withPenalty(i, Optional.empty());
        try (Gpt policy = copy(reference);
            Gpt value = copy(reference);
            Ppo ppo = new Ppo(policy, value, reference, TEMPLATE, PpoTest::lettersA, config, 1)) {
          Round first = ppo.round(prompts(64));
          assertEquals(0, first.divergence(), 1e-3);
          assertEquals(2, first.reward(), 0.5);
          double firstError = ppo.valueError();
          Round last = first;
          for (int round = 0; round < 25; round++) {
            last = ppo.round(prompts(64));
          }
          assertTrue(ppo.valueError() < firstError, firstError + " " + ppo.valueError());
          ends[i] = last.reward();
          distances[i] = last.divergence();
        }
      }
      String all = Arrays.toString(ends) + Arrays.toString(distances);
      assertTrue(ends[0] > 3 && ends[1] > 2.2, all);
      assertTrue(distances[1] < distances[0] / 2, all);
    }
  }

  @Test
  void thePenaltyFollowsTheDistance() {
    Gpt reference = new Gpt(new GptConfig(260, CONTEXT, 16, 1, 2), 1);
    Ppo.Config config = Ppo.Config.of(3).withPenalty(0.1, Optional.of(2.0));
    try (reference;
        Gpt policy = new Gpt(new GptConfig(260, CONTEXT, 16, 1, 2), 9);
        Gpt same = copy(reference);
        Gpt value = copy(reference);
        Ppo far = new Ppo(policy, value, reference, TEMPLATE, PpoTest::lettersA, config, 1);
        Ppo near = new Ppo(same, value, reference, TEMPLATE, PpoTest::lettersA, config, 1)) {
      near.round(prompts(4));
      assertEquals(0.08, near.penalty(), 1e-9, "no distance: a fifth less");
      Round round = far.round(prompts(16));
      double expected = 0.1 * (1 + Math.max(-0.2, Math.min(0.2, round.divergence() / 2 - 1)));
      assertEquals(expected, far.penalty(), 1e-9);
    }
  }

  /** The sum over all later surprises, discounted by lambda, as the paper writes it. */
  @Test
  void advantagesAreThePapersSum() {
    Random random = new Random(2);
    double[] rewards = random.doubles(7).toArray();
    double[] values = random.doubles(7).toArray();
    for (double lambda : new double[] {0, 0.7, 1}) {
      double[] expected = new double[7];
      for (int t = 0; t < 7; t++) {
        for (int l = t; l < 7; l++) {
          double after = l + 1 < 7 ? values[l + 1] : 0;
          expected[t] += Math.pow(lambda, l - t) * (rewards[l] + after - values[l]);
        }
      }
      assertArrayEquals(expected, Ppo.advantages(rewards, values, lambda), 1e-12);
    }
    // With lambda 1 it is what came less what was expected.
    assertEquals(rewards[5] + rewards[6] - values[5], Ppo.advantages(rewards, values, 1)[5], 1e-12);
  }

  @Test
  void theSlopeIsThatOfTheClippedObjective() {
    double h = 1e-6;
    for (double advantage : new double[] {-2, 0.5}) {
      for (double now : new double[] {-1.5, -1.1, -1, -0.9, -0.5}) {
        double quotient = (objective(now + h, advantage) - objective(now - h, advantage)) / (2 * h);
        assertEquals(-quotient, Actor.slope(now, -1, advantage, 0.2), 1e-6);
      }
    }
  }

  private static double objective(double now, double advantage) {
    double ratio = Math.exp(now + 1);
    double clipped = Math.max(0.8, Math.min(1.2, ratio));
    return Math.min(ratio * advantage, clipped * advantage);
  }

  @Test
  void aRewardThatIsNoNumberIsNamedAndNothingMoves() {
    Gpt reference = new Gpt(new GptConfig(260, CONTEXT, 16, 1, 2), 1);
    try (reference;
        Gpt policy = copy(reference);
        Gpt value = copy(reference);
        Ppo ppo =
            new Ppo(
                policy,
                value,
                reference,
                TEMPLATE,
                conversations -> new double[] {1, Double.NaN},
                Ppo.Config.of(3),
                1)) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> ppo.round(List.of("one", "two")))
              .getMessage();
      assertTrue(message.contains("answer 2 of 2") && message.contains("'two'"), message);
      for (Parameter parameter : reference.parameters().stream().toList()) {
        assertArrayEquals(parameter.values(), policy.parameters().get(parameter.name()).values());
      }
    }
    assertThrows(
        IllegalArgumentException.class, () -> Ppo.Config.of(3).withPenalty(-1, Optional.empty()));
  }
}
