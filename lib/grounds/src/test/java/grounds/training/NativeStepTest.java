package grounds.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
import grounds.model.layer.LowRank;
import grounds.model.script.ScriptOptions;
import grounds.model.script.ScriptOptions.AttentionKernel;
import grounds.tensor.Parameter;
import grounds.tensor.ProductKernel;
import grounds.tensor.ProductKernels;
import grounds.tensor.Seeds;
import grounds.tensor.TensorScope;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class NativeStepTest {

  private static final int[] TEXT = TrainerTest.text(100, 3);
  private static final GptConfig GPT = new GptConfig(11, 8, 12, 2, 3);
  private static final LlamaConfig LLAMA = new LlamaConfig(11, 8, 24, 2, 4).withKeyValueHeads(2);

  static List<Arguments> dials() {
    ScriptOptions plain = ScriptOptions.DEFAULT;
    return List.of(
        dial("plain", gpt(GPT), plain),
        dial("bias", gpt(GPT.withBias(true)), plain),
        dial("untied", gpt(GPT.withTiedHead(false)), plain),
        dial("dropout", gpt(GPT.withDropout(0.2)), plain),
        dial("checkpointing", gpt(GPT.withDropout(0.2)), plain.withCheckpointing(true)),
        dial("autograd", gpt(GPT), plain.withAttention(AttentionKernel.ANY_DEVICE)),
        dial(
            "onednn",
            gpt(GPT.withBias(true)),
            plain.withKernels(ProductKernels.all(ProductKernel.ONEDNN))),
        dial("largeVocabulary", gpt(new GptConfig(9000, 8, 12, 2, 3)), plain),
        dial("adapters", gpt(GPT.withBias(true).withDropout(0.2), true), plain),
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
              // Gradients are below 1; what differs is the order of float32 sums.
              assertEquals(
                  values[i], actual[i], 1e-6 * Math.max(1, scale), parameter + "[" + i + "]");
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
}
