package grounds.finetune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.model.DecoderModel;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PromptTuningTest {

  @Test
  void startsAsItsBaseAfterThePrompt() {
    for (DecoderModel base : ExtendedModels.bases()) {
      try (base) {
        float[] all = ExtendedModels.logits(base, 4, 0, 7, 1, 2, 3);
        PromptTuning model = new PromptTuning(base, 4, 0, 7);
        float[] expected = Arrays.copyOfRange(all, all.length / 2, all.length);
        assertArrayEquals(expected, ExtendedModels.logits(model, 1, 2, 3), "bit for bit");
        assertEquals(3 * 24, model.parameters().trainedCount());
        assertFalse(Arrays.equals(expected, ExtendedModels.logits(base, 1, 2, 3)));
        ExtendedModels.stir(model);
        assertFalse(Arrays.equals(expected, ExtendedModels.logits(model, 1, 2, 3)));
        assertArrayEquals(all, ExtendedModels.logits(base, 4, 0, 7, 1, 2, 3), "as ever");
      }
    }
  }

  @Test
  void takesItsPlacesFromTheContext() {
    for (DecoderModel base : ExtendedModels.bases()) {
      try (base) {
        PromptTuning model = PromptTuning.random(base, 5, 1);
        assertEquals(11, model.config().contextLength());
        int[] longest = IntStream.range(0, 11).toArray();
        assertEquals(
            11 * model.config().vocabularySize(), ExtendedModels.logits(model, longest).length);
        String message =
            assertThrows(
                    IllegalArgumentException.class,
                    () -> ExtendedModels.logits(model, IntStream.range(0, 12).toArray()))
                .getMessage();
        assertTrue(message.contains("1 to 11 tokens (the context length), got 12"), message);
      }
    }
  }

  @Test
  void trainsThePromptAloneGeneratesAndIsMeasured() {
    for (DecoderModel base : ExtendedModels.pretrained()) {
      try (base) {
        PromptTuning model = PromptTuning.random(base, 5, 1);
        // A prompt can tell which of two texts it is, and teach nothing new.
        ExtendedModels.assertTrainsAlone(model, 1e-1, 0.95);
        ExtendedModels.assertIsCausalAndLeaksNothing(model);
        ExtendedModels.assertGenerates(model);
      }
    }
  }

  @Test
  void gradientsAreDifferencesOfTheLoss() {
    for (DecoderModel base : ExtendedModels.bases()) {
      try (base) {
        PromptTuning model = PromptTuning.random(base, 5, 1);
        ExtendedModels.stir(model);
        ExtendedModels.assertGradients(model);
      }
    }
  }

  @Test
  void sameSeedSamePrompt() {
    float[][] prompts = new float[3][];
    for (int i = 0; i < 3; i++) {
      try (DecoderModel base = ExtendedModels.bases().get(0)) {
        PromptTuning.random(base, 5, i == 2 ? 2 : 1);
        prompts[i] = base.parameters().get("prompt.vectors").values();
      }
    }
    assertArrayEquals(prompts[0], prompts[1]);
    assertFalse(Arrays.equals(prompts[0], prompts[2]));
  }

  @Test
  void badInputIsNamedAndChangesNothing() {
    for (DecoderModel base : ExtendedModels.bases()) {
      try (base) {
        int last = ExtendedModels.TOKENIZER.vocabularySize() - 1;
        for (int count : new int[] {0, 16}) {
          String message =
              assertThrows(
                      IllegalArgumentException.class, () -> PromptTuning.random(base, count, 1))
                  .getMessage();
          assertTrue(
              message.contains("1 to 15 vectors") && message.contains("got " + count), message);
        }
        for (int token : new int[] {-1, last + 1}) {
          String message =
              assertThrows(IllegalArgumentException.class, () -> new PromptTuning(base, 0, token))
                  .getMessage();
          assertTrue(message.contains("0 to " + last) && message.contains("got " + token), message);
        }
        assertEquals(base.parameters().count(), base.parameters().trainedCount());
        new PromptTuning(base, 0);
        String message =
            assertThrows(IllegalStateException.class, () -> new PromptTuning(base, 1)).getMessage();
        assertTrue(message.contains("'prompt'"), message);
        assertEquals(24, base.parameters().trainedCount());
      }
    }
  }
}
