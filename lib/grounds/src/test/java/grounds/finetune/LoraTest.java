package grounds.finetune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.checkpoint.Checkpoint;
import grounds.checkpoint.SafeTensors;
import grounds.evaluation.Perplexity;
import grounds.model.Batch;
import grounds.model.Bigram;
import grounds.model.DecoderModel;
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
import grounds.training.Trainer;
import grounds.training.TrainingConfig;
import grounds.training.TrainingStep;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.SplittableRandom;
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

  /** Were both matrices of an adapter zero, as the weights of a model to fill are, none learned. */
  @Test
  void aModelFromAFileOrOfMergedWeightsLearnsToo() {
    Path file = folder.resolve("base.safetensors");
    try (Gpt base = new Gpt(GPT, 1)) {
      Checkpoint.write(file, base);
    }
    try (LanguageModel loaded = Checkpoint.load(file)) {
      Lora lora = Lora.attach(loaded, new LowRank(2, 4), Lora.ALL);
      assertAdaptersLearn(loaded);
      try (LanguageModel merged = lora.mergedModel()) {
        Lora.attach(merged, new LowRank(2, 4), Lora.ALL);
        assertAdaptersLearn(merged);
      }
    }
  }

  private static void assertAdaptersLearn(LanguageModel model) {
    train(model, true, 20);
    model
        .parameters()
        .trained()
        .forEach(p -> assertFalse(Arrays.equals(new float[(int) p.size()], p.values()), p.name()));
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
        assertTrue(lora.trainedShare() > 0);
        lora.unmerge();
        assertArrayEquals(adapted, logits(model), "bit for bit");
        base(model).forEach((name, values) -> assertArrayEquals(weights.get(name), values, name));
        assertThrows(IllegalStateException.class, lora::unmerge);
        lora.merge();
        Parameter up = model.parameters().get("blocks.0.feedForward.expand.adapter.up.weight");
        up.load(filled(up.values().length, 0.1f));
        String message = assertThrows(IllegalStateException.class, lora::unmerge).getMessage();
        assertTrue(message.contains("changed while it was merged"), message);
        up.load(filled(up.values().length, 0));
        lora.unmerge();
        assertArrayEquals(adapted, logits(model));
      }
    }
  }

  private static float[] filled(int length, float value) {
    float[] values = new float[length];
    Arrays.fill(values, value);
    return values;
  }

  @Test
  void trainingIsRefusedWhileMergedAndGoesOnAfterwards() {
    for (boolean isNative : new boolean[] {false, true}) {
      try (Gpt model = new Gpt(GPT, 1);
          Gpt same = new Gpt(GPT, 1)) {
        Lora lora = Lora.attach(model, new LowRank(2, 4), Lora.ALL);
        Lora.attach(same, new LowRank(2, 4), Lora.ALL);
        try (TrainingStep step = step(model, isNative);
            TrainingStep uninterrupted = step(same, isNative)) {
          step.take(List.of(BATCH), 1e-2, 0);
          lora.merge();
          float[] merged = logits(model);
          String message =
              assertThrows(IllegalStateException.class, () -> step.take(List.of(BATCH), 1e-2, 1))
                  .getMessage();
          assertTrue(message.contains("merged adapters"), message);
          message =
              assertThrows(IllegalArgumentException.class, () -> step(model, isNative))
                  .getMessage();
          assertTrue(message.contains("merged adapters"), message);
          assertArrayEquals(merged, logits(model), "nothing moved");
          lora.unmerge();
          step.take(List.of(BATCH), 1e-2, 1);
          uninterrupted.take(List.of(BATCH), 1e-2, 0);
          uninterrupted.take(List.of(BATCH), 1e-2, 1);
          assertArrayEquals(logits(same), logits(model));
        }
      }
    }
  }

  @Test
  void lowersTheLossOnAText() {
    int[] ids = ExtendedModels.TOKENIZER.encode(ExtendedModels.TEXT);
    for (DecoderModel model : ExtendedModels.pretrained()) {
      try (model) {
        Lora.attach(model, new LowRank(4, 8), Lora.ALL);
        double before = Perplexity.of(model, ids).loss();
        try (Trainer trainer = new Trainer(model, ids, ids, TrainingConfig.of(150, 8, 1e-2))) {
          trainer.run();
        }
        double after = Perplexity.of(model, ids).loss();
        assertTrue(after < 0.9 * before, before + " to " + after);
      }
    }
  }

  /**
   * What adapters count for is in no weight, so a run with another alpha would pass for the same.
   */
  @Test
  void aRunGoesOnOnlyWithItsOwnAlpha() {
    int[] ids = new Random(1).ints(300, 0, GPT.vocabularySize()).toArray();
    TrainingConfig config = TrainingConfig.of(4, 2, 1e-2).withEvaluation(2, 4);
    Path run = folder.resolve("run");
    for (double alpha : new double[] {4, 8, 4}) {
      try (Gpt model = new Gpt(GPT, 1)) {
        Lora.attach(model, new LowRank(2, alpha), Lora.ALL);
        try (Trainer trainer = new Trainer(model, ids, ids, config)) {
          if (alpha == 4) {
            trainer.resumeFrom(run).run();
          } else {
            String message =
                assertThrows(IllegalArgumentException.class, () -> trainer.resumeFrom(run))
                    .getMessage();
            assertTrue(message.contains("alpha=4.0") && message.contains("alpha=8.0"), message);
          }
        }
      }
    }
  }

  /**
   * By the chain rule W' = W + s B A has dL/dB = s dL/dW' A^T and dL/dA = s B^T dL/dW', where
   * dL/dW' is that of a model which has W' as its weight.
   */
  @Test
  void gradientsAreThoseOfTheFormula() {
    LowRank shape = new LowRank(3, 5);
    for (DecoderModel model :
        List.of(new Gpt(GPT, 1), new Llama(new LlamaConfig(11, 8, 16, 2, 2), 1))) {
      try (model) {
        Lora lora = Lora.attach(model, shape, Lora.ALL);
        SplittableRandom random = new SplittableRandom(1);
        model.parameters().trained().forEach(p -> p.load(random(random, (int) p.size())));
        Map<String, float[]> adapters = ExtendedModels.gradients(model, BATCH);
        try (LanguageModel plain = lora.mergedModel()) {
          Map<String, float[]> weights = ExtendedModels.gradients(plain, BATCH);
          for (String up :
              adapters.keySet().stream().filter(n -> n.endsWith(".up.weight")).toList()) {
            String layer = up.replace(".adapter.up.weight", "");
            String down = layer + ".adapter.down.weight";
            float[] a = model.parameters().get(down).values();
            float[] b = model.parameters().get(up).values();
            float[] w = weights.get(layer + ".weight");
            int inputs = a.length / 3;
            int outputs = b.length / 3;
            double[] byA = new double[a.length];
            double[] byB = new double[b.length];
            for (int o = 0; o < outputs; o++) {
              for (int i = 0; i < inputs; i++) {
                for (int r = 0; r < 3; r++) {
                  byA[r * inputs + i] += 5.0 / 3 * b[o * 3 + r] * w[o * inputs + i];
                  byB[o * 3 + r] += 5.0 / 3 * w[o * inputs + i] * a[r * inputs + i];
                }
              }
            }
            assertNear(byA, adapters.get(down), down);
            assertNear(byB, adapters.get(up), up);
          }
        }
      }
    }
  }

  private static float[] random(SplittableRandom random, int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) (0.2 * random.nextGaussian());
    }
    return values;
  }

  /** Equal to some float32 roundings of sums of about a hundred products. */
  private static void assertNear(double[] expected, float[] actual, String name) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    assertTrue(largest > 1e-4, name + " has a gradient");
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], 1e-5 * Math.max(largest, 0.1), name);
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
      assertTrue(
          message.contains(files[1] + " holds an adapter for a base model with hash"), message);
      assertTrue(
          message.matches("(?s).*hash [0-9a-f]{64}, got [0-9a-f]{64}\\. Load the.*"), message);
      assertFalse(other.adapter().isPresent(), "unchanged");
      String none =
          assertThrows(IllegalArgumentException.class, () -> Lora.load(other, base)).getMessage();
      assertTrue(none.contains("holds no adapter"), none);
    }
  }

  @Test
  void aFileNamesTheBaseThatTheAdaptersStandBesideWhenItIsWritten() {
    Path file = folder.resolve("adapter.safetensors");
    Path run = folder.resolve("run.safetensors");
    try (Gpt first = new Gpt(GPT, 2);
        Gpt resumed = new Gpt(GPT, 3);
        Gpt base = new Gpt(GPT, 2)) {
      Lora.attach(first, new LowRank(2, 4), Lora.ALL);
      train(first, true, 5);
      Checkpoint.write(run, first);
      Lora lora = Lora.attach(resumed, new LowRank(2, 4), Lora.ALL);
      try (Checkpoint checkpoint = Checkpoint.open(run)) {
        checkpoint.restore(resumed);
      }
      lora.save(file);
      Lora.load(base, file);
      assertArrayEquals(logits(first), logits(base));
    }
  }

  private static String refusal(LanguageModel base, Path file) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Lora.load(base, file)).getMessage();
    assertTrue(message.startsWith(file.toString()), message);
    assertFalse(base.adapter().isPresent(), "unchanged");
    assertEquals(base.parameters().count(), base.parameters().trainedCount(), "nothing frozen");
    return message;
  }

  @Test
  void aFileForAnotherModelIsRefusedBeforeAnythingChanges() {
    Path file = folder.resolve("adapter.safetensors");
    LlamaConfig llama = new LlamaConfig(11, 8, 16, 2, 2);
    try (Llama model = new Llama(llama, 1);
        Llama same = new Llama(llama, 1);
        Gpt gpt = new Gpt(GPT, 1);
        Llama wider = new Llama(new LlamaConfig(11, 8, 32, 2, 2), 1);
        Llama shallow = new Llama(new LlamaConfig(11, 8, 16, 1, 2), 1)) {
      Lora lora = Lora.attach(model, new LowRank(2, 3), Lora.ATTENTION);
      train(model, true, 10);
      lora.save(file);
      try (SafeTensors tensors = SafeTensors.open(file)) {
        assertEquals("2", tensors.metadata().get("rank"));
        assertEquals("3.0", tensors.metadata().get("alpha"));
        assertTrue(
            tensors.metadata().get("layers").startsWith("blocks.0.attention.query,"),
            tensors.metadata().toString());
        assertTrue(tensors.names().stream().allMatch(name -> name.contains(".adapter.")));
      }
      String family = refusal(gpt, file);
      assertTrue(family.contains("of the family Llama, got Gpt"), family);
      String shapes = refusal(wider, file);
      assertTrue(
          shapes.contains("attention.query.adapter.down.weight: wanted [2, 32], got [2, 16]"),
          shapes);
      String layers = refusal(shallow, file);
      assertTrue(layers.contains("blocks.1.attention.query is no layer"), layers);

      Lora loaded = Lora.load(same, file);
      assertArrayEquals(logits(model), logits(same));
      assertEquals(lora.trainedShare(), loaded.trainedShare());
      assertEquals(lora.trained(), Lora.of(same).trained());
      String twice =
          assertThrows(IllegalStateException.class, () -> Lora.load(same, file)).getMessage();
      assertTrue(twice.contains("without adapters"), twice);
    }
  }

  @Test
  void aDamagedFileIsRefusedBeforeAnythingChanges() {
    Path good = folder.resolve("good.safetensors");
    try (Gpt model = new Gpt(GPT, 1);
        Gpt same = new Gpt(GPT, 1)) {
      Lora.attach(model, new LowRank(2, 3), name -> name.endsWith("1.attention.output")).save(good);
      try (SafeTensors tensors = SafeTensors.open(good)) {
        String down = "blocks.1.attention.output.adapter.down.weight";
        Map<String, SafeTensors.Source> half =
            Map.of(down, new SafeTensors.Source(tensors.shape(down), () -> tensors.floats(down)));
        Path file = folder.resolve("half.safetensors");
        SafeTensors.write(file, half, tensors.metadata());
        String missing = refusal(same, file);
        assertTrue(missing.contains("up.weight: wanted [16, 2], got none"), missing);
        Map<String, String> texts = new HashMap<>(tensors.metadata());
        texts.put("rank", "two");
        SafeTensors.write(file, half, texts);
        String rank = refusal(same, file);
        assertTrue(rank.contains("no readable rank") && rank.contains("rank=two"), rank);
      }
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
      assertTrue(
          rank.contains(
              "rank of at most the smaller side of blocks.0.attention.queryKeyValue (48, 16), got"
                  + " 17. Take a smaller rank"),
          rank);
      assertFalse(model.adapter().isPresent());
      String without =
          assertThrows(IllegalArgumentException.class, () -> Lora.of(model)).getMessage();
      assertTrue(without.contains("a Gpt without. Call Lora.attach"), without);
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
