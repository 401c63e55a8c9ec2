package grounds.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import grounds.model.Batch;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.model.Llama;
import grounds.model.LlamaConfig;
import grounds.model.layer.LowRank;
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
      assertSameWeights(large, small);
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

  /** Every third target from the given one. */
  private static boolean[] everyThird(int targets, int first) {
    boolean[] mask = new boolean[targets];
    for (int i = first; i < targets; i += 3) {
      mask[i] = true;
    }
    return mask;
  }

  @Test
  void unevenMaskedMicroBatchesEqualOneLargeBatch() {
    GptConfig config = new GptConfig(11, 8, 12, 2, 3);
    try (Gpt large = new Gpt(config, 1);
        Gpt small = new Gpt(config, 1);
        ReadableStep one = new ReadableStep(large, AdamW.Config.SMALL, OptionalDouble.of(0.5));
        ReadableStep many = new ReadableStep(small, AdamW.Config.SMALL, OptionalDouble.of(0.5))) {
      boolean[] counted = everyThird(32, 1);
      Arrays.fill(counted, 0, 8, true);
      Arrays.fill(counted, 24, 32, false);
      for (int i = 0; i < 20; i++) {
        Batch whole = Batch.of(TEXT, 8, i, 10 + i, 20 + i, 30 + i).withMask(counted);
        // 8 counted targets of 8, and 5 of 24: the parts differ in size and in share.
        Batch first = Batch.of(TEXT, 8, i);
        Batch rest =
            Batch.of(TEXT, 8, 10 + i, 20 + i, 30 + i).withMask(Arrays.copyOfRange(counted, 8, 32));
        TrainingStep.Result expected = one.take(List.of(whole), 1e-3, 1);
        TrainingStep.Result actual = many.take(List.of(first, rest), 1e-3, 1);
        assertEquals(expected.loss(), actual.loss(), 2e-6);
        assertEquals(expected.gradientNorm(), actual.gradientNorm(), 2e-5);
      }
      assertSameWeights(large, small);
    }
  }

  private static void assertSameWeights(Gpt expected, Gpt actual) {
    for (int i = 0; i < TrainerTest.weights(expected).size(); i++) {
      assertArrayEquals(
          TrainerTest.weights(expected).get(i), TrainerTest.weights(actual).get(i), 2e-5f);
    }
  }

  @Test
  void aTargetThatDoesNotCountChangesNothing() {
    try (Gpt one = new Gpt(new GptConfig(11, 8, 12, 2, 3), 1);
        Gpt other = new Gpt(new GptConfig(11, 8, 12, 2, 3), 1);
        ReadableStep step = new ReadableStep(one, AdamW.Config.SMALL, OptionalDouble.of(1));
        ReadableStep same = new ReadableStep(other, AdamW.Config.SMALL, OptionalDouble.of(1))) {
      Batch batch = Batch.of(TEXT, 8, 0, 20).withMask(everyThird(16, 2));
      long[] targets = batch.targets().clone();
      for (int i = 0; i < targets.length; i++) {
        targets[i] = batch.counts(i) ? targets[i] : (targets[i] + 5) % 11;
      }
      Batch changed = new Batch(2, 8, batch.inputs(), targets, batch.mask(), batch.weights());
      assertEquals(step.take(List.of(batch), 1e-3, 1), same.take(List.of(changed), 1e-3, 1));
      for (int i = 0; i < TrainerTest.weights(one).size(); i++) {
        assertArrayEquals(TrainerTest.weights(one).get(i), TrainerTest.weights(other).get(i));
      }
      Batch counted = Batch.of(TEXT, 8, 0, 20);
      targets = counted.targets().clone();
      targets[2] = (targets[2] + 5) % 11;
      assertNotEquals(
          step.take(List.of(counted), 0, 1).loss(),
          step.take(List.of(new Batch(2, 8, counted.inputs(), targets)), 0, 1).loss());
    }
  }

  @Test
  void frozenWeightsStayAndHaveNoState() {
    try (Gpt model = new Gpt(new GptConfig(11, 8, 12, 2, 3), 1)) {
      model.parameters().get("finalNorm.weight").array().setRequiresGradient(false);
      float[] frozen = model.parameters().get("finalNorm.weight").values();
      float[] trained = model.parameters().get("tokenEmbedding.weight").values();
      try (ReadableStep step = new ReadableStep(model, AdamW.Config.SMALL, OptionalDouble.of(1))) {
        for (int i = 0; i < 5; i++) {
          step.take(List.of(Batch.of(TEXT, 8, 0), Batch.of(TEXT, 8, 9)), 1e-2, i);
        }
        assertFalse(step.optimizerState().containsKey("finalNorm.weight.mean"));
        assertTrue(step.optimizerState().containsKey("tokenEmbedding.weight.mean"));
      }
      assertArrayEquals(frozen, model.parameters().get("finalNorm.weight").values());
      assertFalse(Arrays.equals(trained, model.parameters().get("tokenEmbedding.weight").values()));
    }
  }

  @Test
  void aStepWithNothingToTrainOrAModelFrozenUnderItIsRefused() {
    try (Gpt model = new Gpt(new GptConfig(11, 8, 12, 2, 3), 1);
        ReadableStep early = new ReadableStep(model, AdamW.Config.SMALL, OptionalDouble.of(1))) {
      model.parameters().freeze();
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> new ReadableStep(model, AdamW.Config.SMALL, OptionalDouble.of(1)))
              .getMessage();
      assertTrue(message.contains("all frozen"), message);
      message =
          assertThrows(
                  IllegalStateException.class,
                  () -> early.take(List.of(Batch.of(TEXT, 8, 0)), 1e-3, 1))
              .getMessage();
      assertTrue(message.contains("before you make the training step"), message);
    }
  }

  @Test
  void memoryStaysFlatWithAdaptersAndAMask() {
    try (Gpt model = new Gpt(new GptConfig(11, 8, 12, 2, 3).withDropout(0.1), 1)) {
      model.adapt(new LowRank(2, 4), name -> true);
      NDManager manager = model.parameters().manager();
      try (ReadableStep step = new ReadableStep(model, AdamW.Config.SMALL, OptionalDouble.of(1))) {
        List<Batch> batches =
            List.of(Batch.of(TEXT, 8, 0, 20).withMask(everyThird(16, 0)), Batch.of(TEXT, 8, 3));
        step.take(batches, 1e-3, 1);
        int before = manager.getManagedArrays().size();
        for (int i = 0; i < 50; i++) {
          step.take(batches, 1e-3, i);
        }
        assertEquals(before, manager.getManagedArrays().size());
      }
    }
  }

  @Test
  void adaptersAloneLearnABatch() {
    try (Gpt model = new Gpt(new GptConfig(11, 8, 12, 2, 3), 1)) {
      model.adapt(new LowRank(4, 8), name -> true);
      try (ReadableStep step = new ReadableStep(model, AdamW.Config.SMALL, OptionalDouble.of(1))) {
        List<Batch> batch = List.of(Batch.of(TEXT, 8, 0, 20));
        double first = step.take(batch, 1e-2, 1).loss();
        double last = first;
        for (int i = 0; i < 200; i++) {
          last = step.take(batch, 1e-2, 1).loss();
        }
        assertTrue(last < first - 0.05, "loss went from " + first + " to " + last);
      }
    }
  }
}
