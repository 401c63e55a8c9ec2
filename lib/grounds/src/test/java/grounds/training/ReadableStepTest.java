package grounds.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import grounds.model.Batch;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.model.Llama;
import grounds.model.LlamaConfig;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ReadableStepTest {

  private static final int[] TEXT = TrainerTest.text(100, 3);

  @Test
  void accumulatedSmallBatchesEqualOneLargeBatch() {
    GptConfig config = new GptConfig(11, 8, 12, 2, 3);
    try (Gpt large = new Gpt(config, 1);
        Gpt small = new Gpt(config, 1);
        ReadableStep one = new ReadableStep(large, AdamW.Config.SMALL, OptionalDouble.of(0.5));
        ReadableStep many = new ReadableStep(small, AdamW.Config.SMALL, OptionalDouble.of(0.5))) {
      for (int i = 0; i < 20; i++) {
        TrainingStep.Result whole =
            one.take(List.of(Batch.of(TEXT, 8, i, 10 + i, 20 + i, 30 + i)), 1e-3, 1);
        TrainingStep.Result parts =
            many.take(
                List.of(Batch.of(TEXT, 8, i, 10 + i), Batch.of(TEXT, 8, 20 + i, 30 + i)), 1e-3, 1);
        // Float32 sums in another order, a few roundings a step.
        assertEquals(whole.loss(), parts.loss(), 2e-6);
        assertEquals(whole.gradientNorm(), parts.gradientNorm(), 2e-5);
      }
      for (int i = 0; i < TrainerTest.weights(large).size(); i++) {
        assertArrayEquals(
            TrainerTest.weights(large).get(i), TrainerTest.weights(small).get(i), 2e-5f);
      }
    }
  }

  @Test
  void gradientsDoNotAddUpOverSteps() {
    try (Gpt model = new Gpt(new GptConfig(11, 8, 12, 2, 3), 1);
        ReadableStep step = new ReadableStep(model, AdamW.Config.SMALL, OptionalDouble.empty())) {
      Batch batch = Batch.of(TEXT, 8, 0, 20);
      double first = step.take(List.of(batch), 0, 1).gradientNorm();
      double second = step.take(List.of(batch), 0, 1).gradientNorm();
      assertEquals(first, second, 1e-9, "a rate of 0 leaves the weights, so the gradient too");
    }
  }

  @Test
  void aStepThatIsNotFiniteIsNotApplied() {
    try (Gpt model = new Gpt(new GptConfig(11, 8, 12, 2, 3), 1);
        ReadableStep step = new ReadableStep(model, AdamW.Config.SMALL, OptionalDouble.of(1))) {
      float[] good = model.parameters().get("tokenEmbedding.weight").values();
      float[] broken = good.clone();
      Arrays.fill(broken, Float.NaN);
      model.parameters().get("tokenEmbedding.weight").load(broken);
      assertTrue(!step.take(List.of(Batch.of(TEXT, 8, 0)), 1e-3, 1).isFinite());
      model.parameters().get("tokenEmbedding.weight").load(good);
      assertTrue(step.take(List.of(Batch.of(TEXT, 8, 0)), 1e-3, 1).isFinite());
    }
  }

  static Stream<Supplier<LanguageModel>> models() {
    return Stream.of(
        () -> new Gpt(new GptConfig(11, 8, 12, 2, 3).withDropout(0.1), 1),
        () ->
            new Llama(new LlamaConfig(11, 12, 16, 2, 4).withKeyValueHeads(2).withDropout(0.1), 1));
  }

  @ParameterizedTest
  @MethodSource("models")
  void memoryStaysFlat(Supplier<LanguageModel> create) {
    try (LanguageModel model = create.get();
        ReadableStep step = new ReadableStep(model, AdamW.Config.SMALL, OptionalDouble.of(1))) {
      NDManager manager = model.parameters().manager();
      Batch batch = Batch.of(TEXT, 8, 0, 20);
      step.take(List.of(batch), 1e-3, 1);
      int before = manager.getManagedArrays().size();
      for (int i = 0; i < 50; i++) {
        step.take(List.of(batch), 1e-3, i);
      }
      assertEquals(before, manager.getManagedArrays().size());
    }
  }
}
