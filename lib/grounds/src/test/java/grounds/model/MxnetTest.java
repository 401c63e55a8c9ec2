package grounds.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import grounds.model.layer.LowRank;
import grounds.tensor.Parameters;
import grounds.tensor.TensorScope;
import grounds.training.AdamW;
import grounds.training.ReadableStep;
import grounds.training.TrainingStep;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The readable path gives on MXNet what it gives on PyTorch. */
@EnabledOnOs(
    value = OS.LINUX,
    architectures = "amd64",
    disabledReason = "MXNet 1.9.1 has native code for Linux on x86-64 only in this build")
class MxnetTest {

  private static final Batch BATCH =
      Batch.of(new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 3, 5, 7, 9, 2}, 8, 0, 8);

  private static final GptConfig CONFIG =
      new GptConfig(11, 8, 12, 2, 3).withBias(true).withTiedHead(false);

  private static Parameters parameters(String engine) {
    return new Parameters(Engine.getEngine(engine).newBaseManager(Device.cpu()), 1);
  }

  private static float[] logits(LanguageModel model) {
    try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
      NDArray logits = model.logits(BATCH.inputs(scope.manager()), false);
      return logits.toFloatArray();
    }
  }

  private static void assertLearnsAlike(LanguageModel pytorch, LanguageModel mxnet) {
    assertStepsAlike(pytorch, mxnet, List.of(BATCH, BATCH));
    try (ReadableStep step = new ReadableStep(mxnet, AdamW.Config.SMALL, OptionalDouble.of(0.5))) {
      double last = step.take(List.of(BATCH), 1e-3, 10).loss();
      assertTrue(last < Math.log(11) - 0.05, "it did not learn: " + last);
    }
  }

  private static void assertStepsAlike(
      LanguageModel pytorch, LanguageModel mxnet, List<Batch> batches) {
    assertEquals("MXNet", mxnet.parameters().manager().getEngine().getEngineName());
    // Two libraries of matrix kernels: float32 rounding, grown by the layers.
    assertArrayEquals(logits(pytorch), logits(mxnet), 1e-5f);
    try (ReadableStep one = new ReadableStep(pytorch, AdamW.Config.SMALL, OptionalDouble.of(0.5));
        ReadableStep other = new ReadableStep(mxnet, AdamW.Config.SMALL, OptionalDouble.of(0.5))) {
      for (int i = 0; i < 10; i++) {
        TrainingStep.Result expected = one.take(batches, 1e-3, i);
        TrainingStep.Result actual = other.take(batches, 1e-3, i);
        assertEquals(expected.loss(), actual.loss(), 1e-4);
        // Not the loss alone: AdamW would hide a gradient of half the size.
        assertEquals(expected.gradientNorm(), actual.gradientNorm(), 1e-3);
      }
    }
  }

  @Test
  void gptLearnsAlike() {
    try (Gpt pytorch = new Gpt(CONFIG, parameters("PyTorch"));
        Gpt mxnet = new Gpt(CONFIG, parameters("MXNet"))) {
      assertLearnsAlike(pytorch, mxnet);
    }
  }

  @Test
  void valueOnlyLearnsAlike() {
    ValueOnly.Config config = new ValueOnly.Config(11, 8, 12);
    try (ValueOnly pytorch = new ValueOnly(config, parameters("PyTorch"));
        ValueOnly mxnet = new ValueOnly(config, parameters("MXNet"))) {
      assertLearnsAlike(pytorch, mxnet);
    }
  }

  @Test
  void adaptersAndFrozenWeightsStepAlike() {
    try (Gpt pytorch = new Gpt(CONFIG, parameters("PyTorch"));
        Gpt mxnet = new Gpt(CONFIG, parameters("MXNet"))) {
      for (Gpt model : List.of(pytorch, mxnet)) {
        model.adapt(new LowRank(4, 8), name -> true);
      }
      float[] head = mxnet.parameters().get("head.weight").values();
      float[] before = logits(mxnet);
      assertStepsAlike(pytorch, mxnet, List.of(BATCH, BATCH));
      assertArrayEquals(head, mxnet.parameters().get("head.weight").values());
      assertFalse(Arrays.equals(before, logits(mxnet)));
    }
  }

  @Test
  void aMaskCountsAlike() {
    boolean[] mask = new boolean[16];
    mask[3] = true;
    mask[12] = true;
    try (Gpt pytorch = new Gpt(CONFIG, parameters("PyTorch"));
        Gpt mxnet = new Gpt(CONFIG, parameters("MXNet"))) {
      assertStepsAlike(pytorch, mxnet, List.of(BATCH.withMask(mask), BATCH));
    }
  }

  @Test
  void llamaLearnsAlike() {
    LlamaConfig config = new LlamaConfig(11, 8, 16, 2, 4).withKeyValueHeads(2);
    try (Llama pytorch = new Llama(config, parameters("PyTorch"));
        Llama mxnet = new Llama(config, parameters("MXNet"))) {
      assertLearnsAlike(pytorch, mxnet);
    }
  }
}
