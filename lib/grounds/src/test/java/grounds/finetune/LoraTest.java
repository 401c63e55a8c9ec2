package grounds.finetune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.checkpoint.Checkpoint;
import grounds.model.Batch;
import grounds.model.Bigram;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.model.Llama;
import grounds.model.LlamaConfig;
import grounds.model.layer.LowRank;
import grounds.model.script.ScriptOptions;
import grounds.tensor.Parameter;
import grounds.tensor.TensorScope;
import grounds.training.AdamW;
import grounds.training.NativeStep;
import grounds.training.ReadableStep;
import grounds.training.TrainingStep;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoraTest {

  private static final GptConfig GPT = new GptConfig(11, 8, 16, 2, 2).withBias(true);
  private static final Batch BATCH =
      Batch.ofWindows(new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9}, new int[] {9, 8, 7, 6, 5, 4, 3, 2, 1});

  @TempDir Path folder;

  private static float[] logits(LanguageModel model) {
    try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
      return model.logits(BATCH.inputs(scope.manager()), false).toFloatArray();
    }
  }

  private static TrainingStep step(LanguageModel model, boolean isNative) {
    OptionalDouble none = OptionalDouble.empty();
    return isNative
        ? NativeStep.of(model, AdamW.Config.SMALL, none, ScriptOptions.DEFAULT).orElseThrow()
        : new ReadableStep(model, AdamW.Config.SMALL, none);
  }

  /** Trains the adapters, and gives the losses. */
  private static double[] train(LanguageModel model, boolean isNative, int steps) {
    double[] losses = new double[steps];
    try (TrainingStep step = step(model, isNative)) {
      for (int i = 0; i < steps; i++) {
        losses[i] = step.take(List.of(BATCH), 1e-2, i).loss();
      }
    }
    return losses;
  }

  private static Map<String, float[]> base(LanguageModel model) {
    return model.parameters().stream()
        .filter(p -> !p.name().contains(".adapter."))
        .collect(Collectors.toMap(Parameter::name, Parameter::values));
  }

  @Test
  void startsAsItsBaseAndTrainsTheAdaptersAlone() {
    for (boolean isNative : new boolean[] {false, true}) {
      try (Gpt model = new Gpt(GPT, 1)) {
        float[] before = logits(model);
        Lora lora = Lora.attach(model, new LowRank(2, 4), Lora.ALL);
        assertArrayEquals(before, logits(model), "equal, bit for bit");
        // (16 + 48 + 16 + 16 + 16 + 64 + 64 + 16) values of rank 2 in each of two blocks.
        assertEquals(2 * 2 * 256, lora.trained());
        assertEquals(1024.0 / model.parameters().count(), lora.trainedShare());
        Map<String, float[]> weights = base(model);
        double[] losses = train(model, isNative, 200);
        assertTrue(losses[199] < 0.95 * losses[0], losses[0] + " to " + losses[199]);
        base(model).forEach((name, values) -> assertArrayEquals(weights.get(name), values, name));
        try (TrainingStep step = step(model, isNative)) {
          assertTrue(
              step.optimizerState().keySet().stream().allMatch(name -> name.contains(".adapter.")),
              "frozen weights take no memory of the optimizer");
        }
      }
    }
  }

  @Test
  void mergedItComputesTheSameAndUnmergedItIsAsBefore() {
    for (LanguageModel model :
        List.of(new Gpt(GPT, 1), new Llama(new LlamaConfig(11, 8, 16, 2, 2), 1))) {
      try (model) {
        Lora lora = Lora.attach(model, new LowRank(3, 5), Lora.ALL);
        train(model, true, 20);
        float[] adapted = logits(model);
        Map<String, float[]> weights = base(model);
        try (LanguageModel plain = lora.mergedModel()) {
          assertArrayEquals(adapted, logits(plain), 1e-5f);
          assertEquals(weights.keySet(), base(plain).keySet());
        }
        lora.merge();
        assertArrayEquals(adapted, logits(model), 1e-5f);
        try (LanguageModel plain = lora.mergedModel()) {
          assertArrayEquals(logits(model), logits(plain), 1e-6f);
        }
        assertThrows(IllegalStateException.class, lora::merge);
        assertThrows(
            IllegalStateException.class, () -> lora.save(folder.resolve("merged.safetensors")));
        lora.unmerge();
        assertArrayEquals(adapted, logits(model), "bit for bit");
        base(model).forEach((name, values) -> assertArrayEquals(weights.get(name), values, name));
        assertThrows(IllegalStateException.class, lora::unmerge);
        lora.merge();
        train(model, true, 1);
        String message = assertThrows(IllegalStateException.class, lora::unmerge).getMessage();
        assertTrue(message.contains("trained while it was merged"), message);
      }
    }
  }

  @Test
  void aFileOfAdaptersAlone() throws Exception {
    Path base = folder.resolve("base.safetensors");
    Path[] files = new Path[3];
    for (int rank : new int[] {1, 2}) {
      try (Gpt model = new Gpt(GPT, 1)) {
        Checkpoint.write(base, model);
        Lora lora = Lora.attach(model, new LowRank(rank, 4), Lora.ATTENTION);
        train(model, true, 10);
        files[rank] = folder.resolve("rank" + rank + ".safetensors");
        lora.save(files[rank]);
        try (LanguageModel again = Checkpoint.load(base)) {
          Lora loaded = Lora.load(again, files[rank]);
          assertArrayEquals(logits(model), logits(again));
          assertEquals(lora.trained(), loaded.trained());
        }
      }
    }
    long values = 2L * (16 + 48 + 16 + 16); // of rank 1
    assertEquals(4 * values, Files.size(files[2]) - Files.size(files[1]), 32);
    try (Gpt other = new Gpt(GPT, 2)) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> Lora.load(other, files[1]))
              .getMessage();
      assertTrue(message.contains("another") || message.contains("hash"), message);
      assertFalse(other.adapter().isPresent(), "unchanged");
      String none =
          assertThrows(IllegalArgumentException.class, () -> Lora.load(other, base)).getMessage();
      assertTrue(none.contains("holds no adapter"), none);
    }
  }

  @Test
  void badInputIsNamed() {
    try (Gpt model = new Gpt(GPT, 1);
        Bigram bigram = new Bigram(new Bigram.Config(11, 8), 1)) {
      String rank =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> Lora.attach(model, new LowRank(17, 4), Lora.ALL))
              .getMessage();
      assertTrue(rank.contains("smaller side") && rank.contains("17"), rank);
      String family =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> Lora.attach(bigram, new LowRank(1, 1), Lora.ALL))
              .getMessage();
      assertTrue(family.contains("Bigram"), family);
      assertThrows(
          IllegalArgumentException.class,
          () -> Lora.attach(model, new LowRank(1, 1), name -> false));
      Lora.attach(model, new LowRank(1, 1), Lora.ALL);
      assertThrows(
          IllegalStateException.class, () -> Lora.attach(model, new LowRank(1, 1), Lora.ALL));
    }
  }
}
