package grounds.finetune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.checkpoint.Checkpoint;
import grounds.model.DecoderModel;
import grounds.tensor.Parameter;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BottleneckAdapterTest {

  @TempDir Path folder;

  @Test
  void startsAsItsBaseBitForBitAndThenLeavesIt() {
    for (DecoderModel base : ExtendedModels.bases()) {
      try (base) {
        float[] before = ExtendedModels.logits(base, 1, 2, 3);
        long count = base.parameters().count();
        BottleneckAdapter model = new BottleneckAdapter(base, 5);
        assertArrayEquals(before, ExtendedModels.logits(model, 1, 2, 3));
        // Two in each of two blocks: 2md + d + m values (section 2.1 of the paper).
        long added = 2 * 2 * (2 * 5 * 24 + 24 + 5);
        assertEquals(added, model.parameters().trainedCount());
        assertEquals(count + added, model.parameters().count());
        assertEquals(16, model.config().contextLength());
        ExtendedModels.stir(model);
        assertFalse(Arrays.equals(before, ExtendedModels.logits(model, 1, 2, 3)));
        assertArrayEquals(
            before, ExtendedModels.logits(base, 1, 2, 3), "the base computes as ever");
      }
    }
  }

  /** An upper bias alone adds to the stream what a bias of the layer before it would. */
  @Test
  void isPutBehindBothPartsOfABlock() {
    DecoderModel base = ExtendedModels.bases().get(0);
    try (base) {
      BottleneckAdapter model = new BottleneckAdapter(base, 5);
      for (String part : new String[] {"attention", "feedForward"}) {
        String layer = part.equals("attention") ? "attention.output" : "feedForward.contract";
        Parameter up = base.parameters().get("bottlenecks.1." + part + ".up.bias");
        Parameter bias = base.parameters().get("blocks.1." + layer + ".bias");
        float[] zeros = new float[24];
        float[] shift = new float[24];
        for (int i = 0; i < shift.length; i++) {
          shift[i] = 0.1f * i;
        }
        up.load(shift);
        float[] actual = ExtendedModels.logits(model, 1, 2, 3);
        up.load(zeros);
        assertArrayEquals(zeros, bias.values());
        bias.load(shift);
        assertArrayEquals(ExtendedModels.logits(base, 1, 2, 3), actual, 1e-5f, part);
        bias.load(zeros);
      }
    }
  }

  @Test
  void trainsTheBottlenecksAloneGeneratesAndIsMeasured() {
    for (DecoderModel base : ExtendedModels.pretrained()) {
      try (base) {
        BottleneckAdapter model = new BottleneckAdapter(base, 8);
        ExtendedModels.assertTrainsAlone(model, 1e-2, 0.9);
        ExtendedModels.assertIsCausalAndLeaksNothing(model);
        ExtendedModels.assertGenerates(model);
      }
    }
  }

  @Test
  void aModelFromAFileLearnsInBothMatrices() {
    Path file = folder.resolve("base.safetensors");
    for (DecoderModel base : ExtendedModels.bases()) {
      try (base) {
        Checkpoint.write(file, base);
      }
      try (DecoderModel loaded = (DecoderModel) Checkpoint.load(file)) {
        // Every trained matrix moves; were both of a pair zero, neither had a gradient.
        ExtendedModels.assertTrainsAlone(new BottleneckAdapter(loaded, 8), 1e-2, 1);
      }
    }
  }

  @Test
  void gradientsAreDifferencesOfTheLoss() {
    for (DecoderModel base : ExtendedModels.bases()) {
      try (base) {
        BottleneckAdapter model = new BottleneckAdapter(base, 5);
        ExtendedModels.stir(model);
        ExtendedModels.assertGradients(model);
      }
    }
  }

  @Test
  void aCheckpointGoesIntoTheSameModelAndIntoNoOther() {
    Path file = folder.resolve("model.safetensors");
    for (DecoderModel base : ExtendedModels.bases()) {
      try (base) {
        BottleneckAdapter model = new BottleneckAdapter(base, 5);
        ExtendedModels.stir(model);
        float[] expected = ExtendedModels.logits(model, 1, 2, 3);
        Checkpoint.write(file, model);
        model.parameters().trained().forEach(p -> p.load(new float[(int) p.size()]));
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
          checkpoint.restore(model);
          assertArrayEquals(expected, ExtendedModels.logits(model, 1, 2, 3));
          String message =
              assertThrows(IllegalArgumentException.class, () -> checkpoint.restore(base))
                  .getMessage();
          assertTrue(message.contains("BottleneckAdapter"), message);
        }
      }
    }
  }

  @Test
  void badInputIsNamedAndChangesNothing() {
    for (DecoderModel base : ExtendedModels.bases()) {
      try (base) {
        long count = base.parameters().count();
        for (int width : new int[] {0, 25}) {
          String message =
              assertThrows(IllegalArgumentException.class, () -> new BottleneckAdapter(base, width))
                  .getMessage();
          assertTrue(
              message.contains("1 to 24 channels") && message.contains("got " + width), message);
        }
        assertEquals(count, base.parameters().trainedCount());
        BottleneckAdapter model = new BottleneckAdapter(base, 5);
        long trained = model.parameters().trainedCount();
        String message =
            assertThrows(IllegalStateException.class, () -> new BottleneckAdapter(base, 5))
                .getMessage();
        assertTrue(message.contains("'bottlenecks'"), message);
        assertEquals(trained, model.parameters().trainedCount());
      }
    }
  }
}
