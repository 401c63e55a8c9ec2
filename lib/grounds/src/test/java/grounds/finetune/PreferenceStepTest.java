package grounds.finetune;

import static grounds.finetune.ChatTemplateTest.TEMPLATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import grounds.corpus.BuiltInTasks;
import grounds.corpus.Preference;
import grounds.finetune.PreferenceLoss.Dpo;
import grounds.model.Batch;
import grounds.model.CrossEntropy;
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

class PreferenceStepTest {

  private static final int CONTEXT = 150;
  private static final double BETA = 0.2;

  private static Gpt model(long seed) {
    return new Gpt(new GptConfig(260, CONTEXT, 16, 2, 2), seed);
  }

  private static List<Preference> pairs(int count, long seed) {
    return BuiltInTasks.standard().preferences(BuiltInTasks.Part.TRAINING, count, seed);
  }

  private static PreferenceData data(Gpt reference, int batch) {
    return PreferenceData.of(
        TEMPLATE, pairs(12, 1), pairs(8, 2), reference, new Dpo(BETA), batch, 1);
  }

  private static TrainingStep step(Gpt model, boolean isNative) {
    OptionalDouble none = OptionalDouble.empty();
    return isNative
        ? NativeStep.of(model, AdamW.Config.SMALL, none, ScriptOptions.DEFAULT).orElseThrow()
        : new ReadableStep(model, AdamW.Config.SMALL, none);
  }

  @Test
  void startsAtLn2AndPrefersMoreAndMore() {
    try (Gpt model = model(1)) {
      PreferenceData data = data(model, 4);
      TrainingConfig config = TrainingConfig.of(60, 4, 3e-3).withEvaluation(60, 8);
      PreferenceData.Measure before = data.measure(model);
      assertEquals(Math.log(2), before.loss(), 1e-6);
      assertEquals(0, before.margin(), 1e-4);
      List<Double> losses = new ArrayList<>();
      try (Trainer trainer =
          new Trainer(
              model, data, config, new PreferenceStep(TrainingStep.of(model, config), data))) {
        trainer
            .listen(
                event -> {
                  if (event instanceof grounds.training.TrainingEvent.Stepped stepped) {
                    losses.add(stepped.loss());
                  }
                })
            .run();
      }
      assertEquals(Math.log(2), losses.get(0), 1e-6);
      PreferenceData.Measure after = data.measure(model);
      assertTrue(after.loss() < 0.6, after.toString());
      assertTrue(after.margin() > 1 && after.accuracy() > 0.5, after.toString());
    }
  }

  /** The same step by autograd over the loss as the paper writes it. */
  @Test
  void theGradientIsThatOfThePapersFormula() {
    for (boolean isNative : new boolean[] {false, true}) {
      try (Gpt reference = model(1);
          Gpt model = model(2);
          Gpt other = model(2)) {
        PreferenceData data = data(reference, 3);
        Batch batch = data.batch(0);
        try (TrainingStep step = new PreferenceStep(step(model, isNative), data)) {
          TrainingStep.Result result = step.take(List.of(batch), 0, 1);
          double[] expected = lossAndNorm(other, reference, batch);
          assertEquals(expected[0], result.loss(), 1e-6);
          assertEquals(expected[1], result.gradientNorm(), 1e-5 * expected[1]);
        }
      }
    }
  }

  private static double[] lossAndNorm(Gpt policy, Gpt reference, Batch batch) {
    NDManager manager = policy.parameters().manager();
    try (TensorScope scope = TensorScope.open(manager)) {
      NDManager to = scope.manager();
      NDArray before = sums(reference, batch, to);
      double loss;
      try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
        NDArray ratios = sums(policy, batch, to).sub(before);
        NDArray chosen = ratios.get("0:3");
        NDArray rejected = ratios.get("3:6");
        NDArray beta = to.create((float) BETA);
        NDArray sigma =
            chosen.sub(rejected).mul(beta).neg().exp().add(1); // 1 / sigma(h) is 1 + e^-h
        NDArray mean = sigma.log().mean();
        collector.backward(mean);
        loss = mean.getFloat();
      }
      double square = 0;
      for (Parameter parameter : policy.parameters().trained().toList()) {
        NDArray gradient = parameter.gradient();
        square += gradient.mul(gradient).sum().getFloat();
      }
      return new double[] {loss, Math.sqrt(square)};
    }
  }

  private static NDArray sums(Gpt model, Batch batch, NDManager to) {
    NDArray surprises =
        CrossEntropy.perToken(model.logits(batch.inputs(to), true), batch.targets(to));
    return surprises.mul(batch.mask(to).orElseThrow()).sum(new int[] {1}).neg();
  }

  @Test
  void accumulatedIsTheLargeBatch() {
    for (boolean isNative : new boolean[] {false, true}) {
      try (Gpt reference = model(1);
          Gpt one = model(2);
          Gpt other = model(2)) {
        PreferenceData large = data(reference, 6);
        PreferenceData small = data(reference, 3);
        try (TrainingStep whole = new PreferenceStep(step(one, isNative), large);
            TrainingStep parts = new PreferenceStep(step(other, isNative), small)) {
          TrainingStep.Result expected = whole.take(List.of(large.batch(0)), 0, 1);
          TrainingStep.Result actual = parts.take(List.of(small.batch(0), small.batch(1)), 0, 1);
          assertEquals(expected.loss(), actual.loss(), 1e-6);
          assertEquals(expected.gradientNorm(), actual.gradientNorm(), 1e-4);
        }
      }
    }
  }

  @Test
  void badInputIsNamedBeforeTraining() {
    try (Gpt other = new Gpt(new GptConfig(300, CONTEXT, 16, 1, 2), 1);
        Gpt model = model(1)) {
      String vocabulary =
          assertThrows(IllegalArgumentException.class, () -> data(other, 2)).getMessage();
      assertTrue(vocabulary.contains("260") && vocabulary.contains("300"), vocabulary);
      List<Preference> pairs = new ArrayList<>(pairs(2, 1));
      pairs.add(Preference.of("a", "b", "c".repeat(200)));
      String tooLong =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> PreferenceData.of(TEMPLATE, pairs, pairs(2, 2), model, new Dpo(BETA), 2, 1))
              .getMessage();
      assertTrue(tooLong.contains("Row 3") && tooLong.contains("205 tokens"), tooLong);
      PreferenceData data = data(model, 2);
      try (TrainingStep step = new PreferenceStep(step(model, false), data)) {
        String foreign =
            assertThrows(
                    IllegalArgumentException.class,
                    () -> step.take(List.of(data(model, 2).batch(0)), 0, 1))
                .getMessage();
        assertTrue(foreign.contains("the same data"), foreign);
      }
    }
  }
}
