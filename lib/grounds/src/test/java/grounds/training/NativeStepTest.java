package grounds.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.training.GradientCollector;
import grounds.model.Batch;
import grounds.model.CrossEntropy;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.model.Llama;
import grounds.model.LlamaConfig;
import grounds.model.ValueOnly;
import grounds.model.layer.LowRank;
import grounds.model.script.DecoderScript;
import grounds.model.script.ScriptOptions;
import grounds.model.script.ScriptOptions.AttentionKernel;
import grounds.tensor.Parameter;
import grounds.tensor.Precision;
import grounds.tensor.ProductKernel;
import grounds.tensor.Seeds;
import grounds.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class NativeStepTest {

  private static final int[] TEXT = TrainerTest.text(100, 3);
  private static final GptConfig GPT = new GptConfig(11, 8, 12, 2, 3);
  private static final LlamaConfig LLAMA = new LlamaConfig(11, 8, 24, 2, 4).withKeyValueHeads(2);

  static List<Arguments> dials() {
    ScriptOptions plain = ScriptOptions.DEFAULT;
    return List.of(
        dial("plain", gpt(GPT), plain),
        dial("bias", gpt(GPT.withBias(true)), plain),
        dial("tanhGelu", gpt(GPT.withTanhGelu(true)), plain),
        dial("untied", gpt(GPT.withTiedHead(false)), plain),
        dial("dropout", gpt(GPT.withDropout(0.2)), plain),
        dial("checkpointing", gpt(GPT.withDropout(0.2)), plain.withCheckpointing(true)),
        dial("autograd", gpt(GPT), plain.withAttention(AttentionKernel.ANY_DEVICE)),
        dial("onednn", gpt(GPT.withBias(true)), plain.withProducts(ProductKernel.ONEDNN)),
        dial("largeVocabulary", gpt(new GptConfig(9000, 8, 12, 2, 3)), plain),
        dial("adapters", gpt(GPT.withBias(true).withDropout(0.2), true), plain),
        dial("valueOnly", seed -> new ValueOnly(new ValueOnly.Config(11, 8, 12), seed), plain),
        dial("llama", llama(LLAMA), plain),
        dial("llamaAdapters", seed -> adapted(new Llama(LLAMA, seed)), plain),
        dial("llamaDropout", llama(LLAMA.withDropout(0.2)), plain.withCheckpointing(true)),
        dial(
            "llamaTied",
            llama(LLAMA.withTiedHead(true)),
            plain.withAttention(AttentionKernel.ANY_DEVICE)));
  }

  private static Arguments dial(
      String name, Function<Long, LanguageModel> model, ScriptOptions options) {
    return Arguments.of(name, model, options);
  }

  private static Function<Long, LanguageModel> gpt(GptConfig config) {
    return seed -> new Gpt(config, seed);
  }

  private static Function<Long, LanguageModel> gpt(GptConfig config, boolean adapted) {
    return seed -> {
      Gpt model = new Gpt(config, seed);
      if (adapted) {
        model.adapt(new LowRank(2, 3), name -> !name.equals("blocks.1.attention.output"));
        randomize(model);
      }
      return model;
    };
  }

  private static LanguageModel adapted(Llama model) {
    model.adapt(new LowRank(2, 3), name -> true);
    randomize(model);
    return model;
  }

  /** The second matrix of an adapter starts at zero, and the first then has no gradient. */
  private static void randomize(LanguageModel model) {
    SplittableRandom random = new SplittableRandom(4);
    model
        .parameters()
        .trained()
        .forEach(
            p -> {
              float[] values = p.values();
              for (int i = 0; i < values.length; i++) {
                values[i] = (float) (0.1 * random.nextGaussian());
              }
              p.load(values);
            });
  }

  private static Function<Long, LanguageModel> llama(LlamaConfig config) {
    return seed -> new Llama(config, seed);
  }

  private static NativeStep step(
      LanguageModel model, OptionalDouble maxGradientNorm, ScriptOptions options) {
    return NativeStep.of(model, AdamW.Config.SMALL, maxGradientNorm, options).orElseThrow();
  }

  /** What autograd finds on the readable path. */
  private static Map<String, float[]> readableGradients(
      LanguageModel model, Batch batch, long seed) {
    Map<String, float[]> gradients = new LinkedHashMap<>();
    Engine engine = model.parameters().manager().getEngine();
    try (TensorScope scope = TensorScope.open(model.parameters().manager());
        GradientCollector collector = engine.newGradientCollector()) {
      model.parameters().trained().forEach(p -> p.zeroGradient());
      engine.setRandomSeed((int) Seeds.derive(seed, 0));
      NDArray logits = model.logits(batch.inputs(scope.manager()), true);
      collector.backward(CrossEntropy.mean(logits, batch, scope.manager()));
      model
          .parameters()
          .trained()
          .forEach(p -> gradients.put(p.name(), p.gradient().toFloatArray()));
    }
    return gradients;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("dials")
  void gradientsEqualTheReadablePaths(
      String name, Function<Long, LanguageModel> make, ScriptOptions options) {
    Batch whole = Batch.of(TEXT, 8, 3, 20, 41);
    boolean[] mask = new boolean[24];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = i % 3 != 1;
    }
    assertGradients(make, options, whole);
    assertGradients(make, options, whole.withMask(mask));
    assertGradients(make, options, Batch.of(TEXT, 5, 3, 20)); // shorter than the context
  }

  private static void assertGradients(
      Function<Long, LanguageModel> make, ScriptOptions options, Batch batch) {
    try (LanguageModel model = make.apply(1L);
        NativeStep step = step(model, OptionalDouble.empty(), options)) {
      // Large enough weights that every gradient is far from zero.
      model.parameters().stream().forEach(NativeStepTest::enlarge);
      Map<String, float[]> expected = readableGradients(model, batch, 5);
      step.take(List.of(batch), 0, 5);
      expected.forEach(
          (parameter, values) -> {
            float[] actual = step.gradients().get(parameter).toFloatArray();
            float scale = 0;
            for (float value : values) {
              scale = Math.max(scale, Math.abs(value));
            }
            assertTrue(scale > 1e-4, parameter + " has a gradient");
            for (int i = 0; i < values.length; i++) {
              // What differs is the order of float32 sums, so large ones by some last places.
              assertEquals(
                  values[i],
                  actual[i],
                  Math.max(1e-6, 16 * Math.ulp(scale)),
                  parameter + "[" + i + "]");
            }
          });
    }
  }

  private static void enlarge(Parameter p) {
    float factor = p.isMatrix() && !p.name().contains(".adapter.") ? 10 : 1;
    float[] values = p.values();
    for (int i = 0; i < values.length; i++) {
      values[i] = factor * values[i] + (p.isMatrix() ? 0 : 0.1f * (i % 3));
    }
    p.load(values);
  }

  /** Leaves out another number of targets at each step. */
  private static boolean[] mask(int step) {
    boolean[] mask = new boolean[16];
    Arrays.fill(mask, step % 7, 16, true);
    return mask;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("dials")
  void twoHundredStepsStayWithTheReadablePath(
      String name, Function<Long, LanguageModel> make, ScriptOptions options) {
    try (LanguageModel readable = make.apply(1L);
        LanguageModel scripted = make.apply(1L);
        ReadableStep one = new ReadableStep(readable, AdamW.Config.SMALL, OptionalDouble.of(0.5));
        NativeStep two = step(scripted, OptionalDouble.of(0.5), options)) {
      for (int i = 0; i < 200; i++) {
        List<Batch> batches =
            List.of(
                Batch.of(TEXT, 8, i % 90, 10).withMask(mask(i)),
                Batch.of(TEXT, 8, 20, (i + 30) % 90));
        TrainingStep.Result expected = one.take(batches, 1e-3, i);
        TrainingStep.Result actual = two.take(batches, 1e-3, i);
        assertEquals(expected.loss(), actual.loss(), 1e-5, "loss of step " + i);
        double norm = expected.gradientNorm();
        // AdamW moves weights with next to no gradient by the sign of its rounding.
        assertEquals(norm, actual.gradientNorm(), 2e-4 * Math.max(1, norm), "norm of step " + i);
      }
      for (int i = 0; i < TrainerTest.weights(readable).size(); i++) {
        assertArrayEquals(
            TrainerTest.weights(readable).get(i), TrainerTest.weights(scripted).get(i), 1e-4f);
      }
    }
  }

  @Test
  void sameSeedSameWeightsBitForBit() {
    List<List<float[]>> runs = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      try (Gpt model = new Gpt(GPT.withDropout(0.2), 1);
          NativeStep step = step(model, OptionalDouble.of(0.5), ScriptOptions.DEFAULT)) {
        for (int i = 0; i < 30; i++) {
          step.take(List.of(Batch.of(TEXT, 8, i, 2 * i), Batch.of(TEXT, 8, 3, 7)), 1e-3, i);
        }
        runs.add(TrainerTest.weights(model));
      }
    }
    TrainerTest.assertSameWeights(runs.get(0), runs.get(1));
  }

  @Test
  void checkpointingChangesNoBit() {
    List<List<float[]>> runs = new ArrayList<>();
    for (boolean checkpointing : new boolean[] {false, true}) {
      try (Gpt model = new Gpt(GPT.withDropout(0.2), 1);
          NativeStep step =
              step(
                  model,
                  OptionalDouble.of(0.5),
                  ScriptOptions.DEFAULT.withCheckpointing(checkpointing))) {
        for (int i = 0; i < 30; i++) {
          step.take(List.of(Batch.of(TEXT, 8, i, 2 * i)), 1e-3, i);
        }
        runs.add(TrainerTest.weights(model));
      }
    }
    TrainerTest.assertSameWeights(runs.get(0), runs.get(1));
  }

  @Test
  void anotherSeedDropsOtherValues() {
    try (Gpt model = new Gpt(GPT.withDropout(0.2), 1);
        NativeStep step = step(model, OptionalDouble.empty(), ScriptOptions.DEFAULT)) {
      Batch batch = Batch.of(TEXT, 8, 3, 20);
      double one = step.take(List.of(batch), 0, 1).loss();
      double two = step.take(List.of(batch), 0, 2).loss();
      assertNotEquals(one, two);
      assertEquals(one, step.take(List.of(batch), 0, 1).loss());
    }
  }

  /** bfloat16 has 8 significant bits, a relative rounding of 1/256 a product. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("families")
  void bfloat16StaysNearFloat32(String name, Function<Long, LanguageModel> make) {
    Batch batch = Batch.of(TEXT, 8, 3, 20, 41);
    ScriptOptions narrow = ScriptOptions.DEFAULT.withPrecision(Precision.BFLOAT16);
    try (LanguageModel one = make.apply(1L);
        LanguageModel two = make.apply(1L);
        NativeStep wide = step(one, OptionalDouble.empty(), ScriptOptions.DEFAULT);
        NativeStep half = step(two, OptionalDouble.empty(), narrow)) {
      double expected = wide.take(List.of(batch), 0, 5).loss();
      assertEquals(expected, half.take(List.of(batch), 0, 5).loss(), 0.01);
      boolean differs = false;
      for (String parameter : wide.gradients().keySet()) {
        float[] exact = wide.gradients().get(parameter).toFloatArray();
        float[] rounded = half.gradients().get(parameter).toFloatArray();
        float scale = 0;
        for (float value : exact) {
          scale = Math.max(scale, Math.abs(value));
        }
        differs |= !Arrays.equals(exact, rounded);
        assertArrayEquals(exact, rounded, 0.05f * scale, parameter);
      }
      assertTrue(differs, "bfloat16 must not be float32");
      // Small steps are not lost: the weights themselves are float32.
      double before = half.take(List.of(batch), 1e-3, 5).loss();
      for (int i = 0; i < 100; i++) {
        half.take(List.of(batch), 1e-3, 5);
      }
      assertTrue(half.take(List.of(batch), 1e-3, 5).loss() < 0.7 * before);
    }
  }

  /** On a GPU a vocabulary that its kernels do not like is filled up, which must change nothing. */
  @ParameterizedTest
  @ValueSource(ints = {11, 9003})
  void aVocabularyFilledUpForAGpuHasTheSameGradients(int vocabulary) {
    GptConfig config = new GptConfig(vocabulary, 8, 12, 2, 3);
    Batch batch = Batch.of(TEXT, 8, 3, 20, 41);
    ScriptOptions narrow = ScriptOptions.DEFAULT.withPrecision(Precision.BFLOAT16);
    ScriptOptions anyDevice = narrow.withAttention(AttentionKernel.ANY_DEVICE);
    try (Gpt one = new Gpt(config, 1);
        Gpt two = new Gpt(config, 1);
        NativeStep cpu = step(one, OptionalDouble.empty(), narrow);
        NativeStep gpu = step(two, OptionalDouble.empty(), anyDevice)) {
      assertFalse(training(one, narrow).contains("constant_pad_nd"));
      assertTrue(training(two, anyDevice).contains("constant_pad_nd"));
      assertEquals(
          cpu.take(List.of(batch), 0, 5).loss(), gpu.take(List.of(batch), 0, 5).loss(), 1e-3);
      for (String parameter : cpu.gradients().keySet()) {
        float[] expected = cpu.gradients().get(parameter).toFloatArray();
        float[] filled = gpu.gradients().get(parameter).toFloatArray();
        float scale = 0;
        for (float value : expected) {
          scale = Math.max(scale, Math.abs(value));
        }
        // Attention is differentiated in another way: a rounding to bfloat16 may fall otherwise.
        assertArrayEquals(expected, filled, 0.02f * scale, parameter);
      }
    }
  }

  private static String training(LanguageModel model, ScriptOptions options) {
    List<String> names = model.parameters().stream().map(Parameter::name).toList();
    DecoderScript.Update update = new DecoderScript.Update(0.9, 0.95, 1e-8, 0.1, 1);
    return DecoderScript.of(model, options)
        .orElseThrow()
        .training(names, names, List.of(), update)
        .text();
  }

  static List<Arguments> families() {
    return List.of(
        Arguments.of("gpt", gpt(GPT.withBias(true))),
        Arguments.of("gpt with dropout", gpt(GPT.withDropout(0.1))),
        Arguments.of("llama", llama(LLAMA)));
  }

  @Test
  void aStepThatIsNotFiniteIsNotApplied() {
    try (Gpt model = new Gpt(GPT, 1);
        NativeStep step = step(model, OptionalDouble.of(1), ScriptOptions.DEFAULT)) {
      List<Batch> batches = List.of(Batch.of(TEXT, 8, 0));
      step.take(batches, 1e-3, 1);
      float[] good = model.parameters().get("tokenEmbedding.weight").values();
      float[] broken = good.clone();
      Arrays.fill(broken, Float.NaN);
      List<float[]> before = TrainerTest.weights(model);
      model.parameters().get("tokenEmbedding.weight").load(broken);
      assertFalse(step.take(batches, 1e-3, 1).isFinite());
      model.parameters().get("tokenEmbedding.weight").load(good);
      TrainerTest.assertSameWeights(before, TrainerTest.weights(model));
      step.optimizerState()
          .forEach((name, array) -> assertTrue(Float.isFinite(array.sum().getFloat()), name));
      assertTrue(step.take(batches, 1e-3, 1).isFinite());
    }
  }

  @Test
  void frozenWeightsTakeNoMemoryAndStay() {
    try (Gpt model = new Gpt(GPT, 1)) {
      List<float[]> base = TrainerTest.weights(model);
      model.adapt(new LowRank(2, 4), name -> name.endsWith("queryKeyValue"));
      try (NativeStep step = step(model, OptionalDouble.of(1), ScriptOptions.DEFAULT)) {
        assertEquals(2 * 2 * 2, step.optimizerState().size());
        assertEquals(2 * 2, step.gradients().size());
        double first = step.take(List.of(Batch.of(TEXT, 8, 0, 9)), 1e-2, 1).loss();
        for (int i = 0; i < 50; i++) {
          step.take(List.of(Batch.of(TEXT, 8, 0, 9)), 1e-2, 1);
        }
        assertTrue(step.take(List.of(Batch.of(TEXT, 8, 0, 9)), 1e-2, 1).loss() < first);
      }
      TrainerTest.assertSameWeights(base, TrainerTest.weights(model).subList(0, base.size()));
    }
  }

  /** The script's own backward pass would not notice. */
  @Test
  void whatWasFrozenAfterItWasMadeIsNotTrained() {
    try (Gpt model = new Gpt(GPT, 1);
        NativeStep step = step(model, OptionalDouble.of(1), ScriptOptions.DEFAULT)) {
      List<float[]> before = TrainerTest.weights(model);
      model.parameters().freeze();
      List<Batch> two = List.of(Batch.of(TEXT, 8, 0), Batch.of(TEXT, 8, 3));
      for (List<Batch> batches : List.of(two.subList(0, 1), two)) {
        String message =
            assertThrows(IllegalStateException.class, () -> step.take(batches, 1e-3, 1))
                .getMessage();
        assertTrue(message.contains("frozen after this step was made"), message);
      }
      TrainerTest.assertSameWeights(before, TrainerTest.weights(model));
    }
  }

  @Test
  void nothingToTrainIsAnError() {
    try (Gpt model = new Gpt(GPT, 1)) {
      model.parameters().freeze();
      assertThrows(
          IllegalArgumentException.class,
          () -> step(model, OptionalDouble.of(1), ScriptOptions.DEFAULT));
    }
  }

  @Test
  void aTextLongerThanTheContextIsAnError() {
    try (Gpt model = new Gpt(GPT, 1);
        NativeStep step = step(model, OptionalDouble.of(1), ScriptOptions.DEFAULT)) {
      assertThrows(
          IllegalArgumentException.class, () -> step.take(List.of(Batch.of(TEXT, 9, 0)), 1e-3, 1));
    }
  }

  @Test
  void memoryStaysFlat() {
    try (Gpt model = new Gpt(GPT.withDropout(0.1), 1);
        NativeStep step = step(model, OptionalDouble.of(1), ScriptOptions.DEFAULT)) {
      Batch batch = Batch.of(TEXT, 8, 0, 20);
      step.take(List.of(batch, batch), 1e-3, 1);
      step.evaluator();
      int before = model.parameters().manager().getManagedArrays().size();
      for (int i = 0; i < 50; i++) {
        step.take(List.of(batch), 1e-3, i);
        step.take(List.of(batch, batch), 1e-3, i);
      }
      assertEquals(before, model.parameters().manager().getManagedArrays().size());
    }
  }

  @Test
  void closingLeavesTheModel() {
    try (Gpt model = new Gpt(GPT, 1)) {
      step(model, OptionalDouble.of(1), ScriptOptions.DEFAULT).close();
      try (NativeStep again = step(model, OptionalDouble.of(1), ScriptOptions.DEFAULT)) {
        assertTrue(again.take(List.of(Batch.of(TEXT, 8, 0)), 1e-3, 1).isFinite());
      }
    }
  }

  @Test
  void itsProgramNamesTheLayers() {
    try (Gpt model = new Gpt(GPT, 1);
        NativeStep step = step(model, OptionalDouble.of(1), ScriptOptions.DEFAULT)) {
      String text = step.script().text();
      List<String> lines = text.lines().toList();
      Set<String> origins = new TreeSet<>();
      for (int i = 1; i <= lines.size(); i++) {
        step.script().origin(i).ifPresent(origins::add);
      }
      assertEquals(Set.of("blocks.0", "blocks.1", "embedding", "finalNorm", "head"), origins);
      assertTrue(
          step.computation().startsWith("native step in float32 on cpu"), step.computation());
    }
  }
}
