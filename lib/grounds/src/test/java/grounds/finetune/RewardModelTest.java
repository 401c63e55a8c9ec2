package grounds.finetune;

import static grounds.finetune.ChatTemplateTest.BYTES;
import static grounds.finetune.ChatTemplateTest.TEMPLATE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import grounds.corpus.Conversation;
import grounds.corpus.Preference;
import grounds.model.Batch;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.script.ScriptOptions;
import grounds.tensor.Parameter;
import grounds.tensor.TensorScope;
import grounds.training.AdamW;
import grounds.training.NativeStep;
import grounds.training.ReadableStep;
import grounds.training.Trainer;
import grounds.training.TrainingConfig;
import grounds.training.TrainingStep;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class RewardModelTest {

  private static Gpt model(long seed) {
    return new Gpt(new GptConfig(260, 40, 16, 2, 2), seed);
  }

  /** Short answers are better than long ones. */
  private static List<Preference> pairs(int count) {
    List<Preference> pairs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String letter = Character.toString('a' + i % 20);
      pairs.add(Preference.of(letter.repeat(1 + i % 5), letter, letter.repeat(2 + i % 4)));
    }
    return pairs;
  }

  private static float[] logits(Gpt model, Conversation conversation) {
    int[] ids = TEMPLATE.render(conversation).ids();
    long[] all = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      all[i] = ids[i];
    }
    try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
      return model
          .logits(scope.manager().create(all, new Shape(1, all.length)), false)
          .get(new NDIndex("0, -1"))
          .toFloatArray();
    }
  }

  @Test
  void theRewardIsADifferenceOfLogitsAfterTheEnd() {
    try (Gpt model = model(1)) {
      List<Conversation> conversations =
          List.of(Conversation.of("a", "b"), Conversation.of("question", "answer"));
      double[] expected = new double[2];
      for (int i = 0; i < 2; i++) {
        float[] logits = logits(model, conversations.get(i));
        expected[i] = logits['+'] - logits['-'];
      }
      assertArrayEquals(expected, new RewardModel(model, TEMPLATE).rewards(conversations), 1e-5);
      assertEquals("+", BYTES.decode('+'));
    }
  }

  @Test
  void learnsWhatIsPreferred() {
    try (Gpt model = model(1)) {
      RewardModel rewards = new RewardModel(model, TEMPLATE);
      TrainingConfig config = TrainingConfig.of(100, 8, 5e-3).withEvaluation(100, 20);
      try (Trainer trainer =
          new Trainer(
              model,
              rewards.data(pairs(60), pairs(20), 8, 1),
              config,
              new RewardStep(TrainingStep.of(model, config)))) {
        assertTrue(trainer.run().validationLoss() < 0.3);
      }
      assertTrue(rewards.accuracy(pairs(60)) > 0.9);
    }
  }

  /** The gradient by autograd, from the logits themselves. */
  @Test
  void theGradientIsThatOfThePairwiseLoss() {
    for (boolean isNative : new boolean[] {false, true}) {
      try (Gpt model = model(2);
          Gpt other = model(2)) {
        OptionalDouble none = OptionalDouble.empty();
        Batch batch = new RewardModel(model, TEMPLATE).data(pairs(6), pairs(6), 3, 1).batch(0);
        assertEquals(12, batch.size());
        try (TrainingStep step =
            new RewardStep(
                isNative
                    ? NativeStep.of(model, AdamW.Config.SMALL, none, ScriptOptions.DEFAULT)
                        .orElseThrow()
                    : new ReadableStep(model, AdamW.Config.SMALL, none))) {
          TrainingStep.Result result = step.take(List.of(batch), 0, 1);
          double[] expected = lossAndNorm(other, batch);
          assertEquals(expected[0], result.loss(), 1e-6);
          assertEquals(expected[1], result.gradientNorm(), 1e-4 * expected[1]);
        }
      }
    }
  }

  private static double[] lossAndNorm(Gpt model, Batch batch) {
    NDManager manager = model.parameters().manager();
    try (TensorScope scope = TensorScope.open(manager)) {
      NDManager to = scope.manager();
      double loss;
      try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
        NDArray logits = model.logits(batch.inputs(to), true);
        NDArray gap = to.create(0f);
        NDArray sum = to.create(0f);
        for (int pair = 0; pair < 3; pair++) {
          gap = reward(logits, batch, pair).sub(reward(logits, batch, 3 + pair));
          sum = sum.add(gap.neg().exp().add(1).log());
        }
        NDArray mean = sum.div(to.create(3f));
        collector.backward(mean);
        loss = mean.getFloat();
      }
      double square = 0;
      for (Parameter parameter : model.parameters().trained().toList()) {
        NDArray gradient = parameter.gradient();
        square += gradient.mul(gradient).sum().getFloat();
      }
      return new double[] {loss, Math.sqrt(square)};
    }
  }

  private static NDArray reward(NDArray logits, Batch batch, int row) {
    int at = 0;
    while (!batch.counts(row * batch.time() + at)) {
      at++;
    }
    return logits
        .get(new NDIndex("%d, %d, %d".formatted(row, at, (int) '+')))
        .sub(logits.get(new NDIndex("%d, %d, %d".formatted(row, at, (int) '-'))));
  }

  @Test
  void badInputIsNamed() {
    try (Gpt model = model(1);
        Gpt other = new Gpt(new GptConfig(300, 40, 16, 1, 2), 1)) {
      assertThrows(IllegalArgumentException.class, () -> new RewardModel(other, TEMPLATE));
      List<Preference> pairs = new ArrayList<>(pairs(2));
      pairs.add(Preference.of("a", "b", "c".repeat(36)));
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> new RewardModel(model, TEMPLATE).data(pairs, pairs, 2, 1))
              .getMessage();
      assertTrue(message.contains("Row 3"), message);
    }
  }

  @Test
  void aConversationThatLeavesNoRoomForTheVerdictIsNamed() {
    try (Gpt model = model(1)) {
      RewardModel reward = new RewardModel(model, TEMPLATE);
      int around = TEMPLATE.render(Conversation.of("q", "a")).length() - 1;
      Conversation fits = Conversation.of("q", "a".repeat(40 - around));
      Conversation more = Conversation.of("q", "a".repeat(41 - around));
      assertEquals(1, reward.rewards(List.of(fits)).length);
      String message =
          assertThrows(IllegalArgumentException.class, () -> reward.rewards(List.of(fits, more)))
              .getMessage();
      assertTrue(message.startsWith("Row 2 of the judged conversations"), message);
    }
  }
}
