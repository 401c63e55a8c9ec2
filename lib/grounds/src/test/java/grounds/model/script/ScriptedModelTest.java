package grounds.model.script;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import grounds.model.Bigram;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.model.LanguageModelContract;
import grounds.model.Llama;
import grounds.model.LlamaConfig;
import grounds.model.TextReader;
import grounds.model.ValueOnly;
import grounds.model.layer.LowRank;
import grounds.tensor.Parameter;
import grounds.tensor.Parameters;
import grounds.tensor.Precision;
import grounds.tensor.ProductKernel;
import grounds.tensor.TensorScope;
import grounds.training.AdamW;
import grounds.training.NativeStep;
import grounds.training.TrainingStep;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.function.LongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ScriptedModelTest {

  private static final GptConfig GPT = new GptConfig(11, 8, 12, 2, 3);
  private static final LlamaConfig LLAMA = new LlamaConfig(11, 8, 16, 2, 4);

  private static ScriptedModel scripted(LanguageModel model) {
    return ScriptedModel.of(model, ScriptOptions.DEFAULT).orElseThrow();
  }

  /** A scripted model owns no weights: those it was made of are closed after each test. */
  abstract static class Contract extends LanguageModelContract {

    private final Map<LanguageModel, LanguageModel> readable = new IdentityHashMap<>();

    abstract LanguageModel readable(long seed);

    @Override
    protected LanguageModel create(long seed) {
      LanguageModel model = readable(seed);
      ScriptedModel scripted = scripted(model);
      readable.put(scripted, model);
      return scripted;
    }

    /** Moves the weights that both share. */
    @Override
    protected TrainingStep step(LanguageModel model) {
      return NativeStep.of(
              readable.get(model), AdamW.Config.SMALL, OptionalDouble.of(1), ScriptOptions.DEFAULT)
          .orElseThrow();
    }

    @AfterEach
    void close() {
      readable.values().forEach(LanguageModel::close);
    }
  }

  @Nested
  class OfGpt extends Contract {
    @Override
    LanguageModel readable(long seed) {
      return new Gpt(GPT, seed);
    }
  }

  @Nested
  class OfLlama extends Contract {
    @Override
    LanguageModel readable(long seed) {
      return new Llama(LLAMA.withKeyValueHeads(2), seed);
    }
  }

  static List<Arguments> models() {
    ScriptOptions plain = ScriptOptions.DEFAULT;
    return List.of(
        of("gpt", seed -> new Gpt(GPT, seed), plain),
        of("gptBias", seed -> new Gpt(GPT.withBias(true), seed), plain),
        of("gptTanhGelu", seed -> new Gpt(GPT.withTanhGelu(true), seed), plain),
        of("gptUntied", seed -> new Gpt(GPT.withTiedHead(false), seed), plain),
        of("gptDropout", seed -> new Gpt(GPT.withDropout(0.5), seed), plain),
        of("gptOneHead", seed -> new Gpt(new GptConfig(11, 8, 12, 1, 1), seed), plain),
        of("gptLargeVocabulary", seed -> new Gpt(new GptConfig(9000, 8, 12, 2, 3), seed), plain),
        of("gptAdapters", ScriptedModelTest::adaptedGpt, plain),
        of(
            "gptOneDnn",
            seed -> new Gpt(GPT.withBias(true), seed),
            plain.withProducts(ProductKernel.ONEDNN)),
        of("valueOnly", seed -> new ValueOnly(new ValueOnly.Config(11, 8, 12), seed), plain),
        of("llama", seed -> new Llama(LLAMA, seed), plain),
        of("llamaGrouped", seed -> new Llama(LLAMA.withKeyValueHeads(2), seed), plain),
        of("llamaOneKey", seed -> new Llama(LLAMA.withKeyValueHeads(1), seed), plain),
        of("llamaTied", seed -> new Llama(LLAMA.withTiedHead(true), seed), plain),
        of("llamaBase", seed -> new Llama(LLAMA.withRotaryBase(50), seed), plain),
        of(
            "llamaLargeVocabulary",
            seed -> new Llama(new LlamaConfig(9000, 8, 16, 2, 4).withKeyValueHeads(2), seed),
            plain),
        of("llamaAdapters", ScriptedModelTest::adaptedLlama, plain));
  }

  private static Arguments of(
      String name, LongFunction<LanguageModel> make, ScriptOptions options) {
    return Arguments.of(name, make, options);
  }

  private static LanguageModel adaptedGpt(long seed) {
    Gpt model = new Gpt(GPT.withBias(true), seed);
    model.adapt(new LowRank(2, 3), name -> !name.equals("blocks.1.attention.output"));
    return model;
  }

  private static LanguageModel adaptedLlama(long seed) {
    Llama model = new Llama(LLAMA.withKeyValueHeads(2), seed);
    model.adapt(new LowRank(2, 3), name -> true);
    return model;
  }

  /** The model with weights far from zero, norms far from one and adapters that do something. */
  private static LanguageModel make(LongFunction<LanguageModel> make) {
    LanguageModel model = make.apply(1);
    SplittableRandom random = new SplittableRandom(4);
    model.parameters().stream().forEach(p -> p.load(drawn(p, random)));
    return model;
  }

  private static float[] drawn(Parameter p, SplittableRandom random) {
    float[] values = p.values();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (values[i] + (p.isMatrix() ? 0.2 : 0.1) * random.nextGaussian());
    }
    return values;
  }

  private static long[] ids(LanguageModel model, int count, int seed) {
    return new SplittableRandom(seed)
        .ints(count, 0, model.config().vocabularySize())
        .asLongStream()
        .toArray();
  }

  /** How far apart the largest and the smallest value are: that there is something to compare. */
  private static float spread(float[] values) {
    float smallest = Float.POSITIVE_INFINITY;
    float largest = Float.NEGATIVE_INFINITY;
    for (float value : values) {
      smallest = Math.min(smallest, value);
      largest = Math.max(largest, value);
    }
    return largest - smallest;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("models")
  void scoresAndSurprisesEqualTheReadableModels(
      String name, LongFunction<LanguageModel> make, ScriptOptions options) {
    try (LanguageModel readable = make(make);
        ScriptedModel scripted = ScriptedModel.of(readable, options).orElseThrow();
        TensorScope scope = TensorScope.open(readable.parameters().manager())) {
      for (int time : new int[] {8, 5, 1}) { // also shorter than the context
        Shape shape = new Shape(3, time);
        NDArray ids = scope.manager().create(ids(readable, 3 * time, time), shape);
        NDArray targets = scope.manager().create(ids(readable, 3 * time, 9), shape);
        NDArray logits = readable.logits(ids, false);
        assertEquals(logits.getShape(), scripted.logits(ids, false).getShape());
        assertTrue(spread(logits.toFloatArray()) > 1);
        assertArrayEquals(logits.toFloatArray(), scripted.logits(ids, false).toFloatArray(), 1e-5f);
        NDArray surprises = readable.surprises(ids, targets);
        assertEquals(surprises.getShape(), scripted.surprises(ids, targets).getShape());
        assertArrayEquals(
            surprises.toFloatArray(), scripted.surprises(ids, targets).toFloatArray(), 1e-5f);
      }
      assertEquals(readable.adapter(), scripted.adapter());
      assertEquals(readable.config(), scripted.config());
    }
  }

  /** Above 512 rows a large vocabulary's head works in parts, the last of them shorter. */
  @Test
  void aLargeVocabularysHeadInPartsEqualsTheReadableOne() {
    try (LanguageModel readable = make(seed -> new Gpt(new GptConfig(8200, 8, 12, 1, 3), seed));
        ScriptedModel scripted = scripted(readable);
        TensorScope scope = TensorScope.open(readable.parameters().manager())) {
      Shape shape = new Shape(65, 8);
      NDArray ids = scope.manager().create(ids(readable, 520, 1), shape);
      NDArray targets = scope.manager().create(ids(readable, 520, 2), shape);
      assertArrayEquals(
          readable.surprises(ids, targets).toFloatArray(),
          scripted.surprises(ids, targets).toFloatArray(),
          1e-5f);
    }
  }

  /** The texts' tokens from one place to another. */
  private static NDArray piece(TensorScope scope, long[][] texts, int from, int to) {
    long[][] piece = new long[texts.length][];
    for (int row = 0; row < texts.length; row++) {
      piece[row] = Arrays.copyOfRange(texts[row], from, to);
    }
    return scope
        .manager()
        .create(
            Arrays.stream(piece).flatMapToLong(Arrays::stream).toArray(),
            new Shape(texts.length, to - from));
  }

  /** What the readable model scores after the first tokens, [texts x vocabularySize]. */
  private static float[] last(
      LanguageModel readable, TensorScope scope, long[][] texts, int tokens) {
    NDArray logits = readable.logits(piece(scope, texts, 0, tokens), false);
    float[] all = logits.toFloatArray();
    int vocabulary = readable.config().vocabularySize();
    float[] last = new float[texts.length * vocabulary];
    for (int row = 0; row < texts.length; row++) {
      int from = (row * tokens + tokens - 1) * vocabulary;
      System.arraycopy(all, from, last, row * vocabulary, vocabulary);
    }
    return last;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("models")
  void generationWithKeptKeysEqualsReadingTheWholeText(
      String name, LongFunction<LanguageModel> make, ScriptOptions options) {
    try (LanguageModel readable = make(make);
        ScriptedModel scripted = ScriptedModel.of(readable, options).orElseThrow();
        TextReader reader = scripted.reader();
        TensorScope scope = TensorScope.open(readable.parameters().manager())) {
      long[][] texts = {ids(readable, 8, 1), ids(readable, 8, 2)};
      // The places at which a piece ends: a prompt and then one each, a prompt in two pieces, ...
      for (int[] ends :
          List.of(
              new int[] {3, 4, 5, 6, 7, 8},
              new int[] {3, 5, 6, 7, 8},
              new int[] {1, 2, 3, 4, 5, 6, 7, 8},
              new int[] {1, 8},
              new int[] {8})) {
        reader.forget();
        int at = 0;
        for (int end : ends) {
          NDArray next = reader.next(piece(scope, texts, at, end));
          float[] expected = last(readable, scope, texts, end);
          assertEquals(new Shape(2, readable.config().vocabularySize()), next.getShape());
          assertTrue(spread(expected) > 1);
          assertArrayEquals(
              expected, next.toFloatArray(), 1e-5f, at + " to " + end + Arrays.toString(ends));
          at = end;
        }
      }
    }
  }

  @Test
  void bfloat16ReadsNearFloat32() {
    ScriptOptions narrow = ScriptOptions.DEFAULT.withPrecision(Precision.BFLOAT16);
    for (LongFunction<LanguageModel> make :
        List.<LongFunction<LanguageModel>>of(
            seed -> new Gpt(GPT.withBias(true), seed), seed -> new Llama(LLAMA, seed))) {
      try (LanguageModel readable = make(make);
          ScriptedModel scripted = ScriptedModel.of(readable, narrow).orElseThrow();
          TextReader reader = scripted.reader();
          TensorScope scope = TensorScope.open(readable.parameters().manager())) {
        long[][] texts = {ids(readable, 8, 1), ids(readable, 8, 2)};
        int at = 0;
        for (int end : new int[] {5, 6, 7, 8}) {
          float[] next = reader.next(piece(scope, texts, at, end)).toFloatArray();
          float[] expected = last(readable, scope, texts, end);
          // A product of bfloat16 numbers is off by 1/128 at most, and the errors add up by chance.
          assertArrayEquals(expected, next, 0.06f * spread(expected));
          assertFalse(Arrays.equals(expected, next), "bfloat16 must not be float32");
          at = end;
        }
        // One text at a time: the weights as they are laid out for a single row.
        reader.select(1);
        reader.forget();
        long[][] one = {texts[1]};
        reader.next(piece(scope, one, 0, 1));
        float[] next = reader.next(piece(scope, one, 1, 2)).toFloatArray();
        float[] expected = last(readable, scope, one, 2);
        assertArrayEquals(expected, next, 0.06f * spread(expected));
      }
    }
  }

  @Test
  void aReaderThatForgetsBeginsAnew() {
    try (LanguageModel readable = make(seed -> new Llama(LLAMA, seed));
        ScriptedModel scripted = scripted(readable);
        TextReader reader = scripted.reader();
        TensorScope scope = TensorScope.open(readable.parameters().manager())) {
      long[][] old = {ids(readable, 8, 1), ids(readable, 8, 2), ids(readable, 8, 3)};
      assertEquals(3, reader.next(piece(scope, old, 0, 7)).getShape().get(0));
      long[][] fresh = {ids(readable, 8, 4)};
      reader.forget();
      reader.next(piece(scope, fresh, 0, 2));
      NDArray next = reader.next(piece(scope, fresh, 2, 3));
      assertArrayEquals(last(readable, scope, fresh, 3), next.toFloatArray(), 1e-5f);
      reader.forget();
      long[][] two = {old[2], fresh[0]};
      next = reader.next(piece(scope, two, 0, 4));
      assertArrayEquals(last(readable, scope, two, 4), next.toFloatArray(), 1e-5f);
    }
  }

  @Test
  void aReaderWhoseRoomWasTakenSaysSo() {
    try (LanguageModel readable = make(seed -> new Gpt(GPT, seed));
        ScriptedModel scripted = scripted(readable);
        TextReader one = scripted.reader();
        TextReader other = scripted.reader();
        TensorScope scope = TensorScope.open(readable.parameters().manager())) {
      long[][] text = {ids(readable, 8, 1)};
      one.next(piece(scope, text, 0, 3));
      other.next(piece(scope, text, 0, 2));
      NDArray more = piece(scope, text, 3, 4);
      for (Runnable call : List.<Runnable>of(() -> one.next(more), () -> one.select(0, 0))) {
        String message = assertThrows(IllegalStateException.class, call::run).getMessage();
        assertTrue(message.contains("Another reader of this model has begun"), message);
      }
      one.forget();
      float[] expected = last(readable, scope, text, 4);
      assertArrayEquals(expected, one.next(piece(scope, text, 0, 4)).toFloatArray(), 1e-5f);
    }
  }

  @Test
  void weightsThatChangeAreSeen() {
    try (LanguageModel readable = make(seed -> new Gpt(GPT, seed));
        ScriptedModel scripted = scripted(readable);
        TensorScope scope = TensorScope.open(readable.parameters().manager())) {
      NDArray ids = scope.manager().create(ids(readable, 8, 1), new Shape(1, 8));
      float[] before = scripted.logits(ids, false).toFloatArray();
      Parameter weight = readable.parameters().get("blocks.1.attention.output.weight");
      weight.load(drawn(weight, new SplittableRandom(8)));
      float[] after = scripted.logits(ids, false).toFloatArray();
      assertFalse(Arrays.equals(before, after));
      assertArrayEquals(readable.logits(ids, false).toFloatArray(), after, 1e-5f);
    }
  }

  @Test
  void trainingItIsRefused() {
    try (Gpt readable = new Gpt(GPT, 1);
        ScriptedModel scripted = scripted(readable);
        TensorScope scope = TensorScope.open(readable.parameters().manager())) {
      NDArray ids = scope.manager().create(ids(readable, 8, 1), new Shape(1, 8));
      String message =
          assertThrows(IllegalArgumentException.class, () -> scripted.logits(ids, true))
              .getMessage();
      assertTrue(message.contains("Train the model it was made of"), message);
    }
  }

  @Test
  void moreTokensThanTheContextAreRefused() {
    try (Gpt readable = new Gpt(GPT, 1);
        ScriptedModel scripted = scripted(readable);
        TextReader reader = scripted.reader();
        TensorScope scope = TensorScope.open(readable.parameters().manager())) {
      NDArray nine = scope.manager().create(ids(readable, 9, 1), new Shape(1, 9));
      NDArray three = scope.manager().create(ids(readable, 3, 1), new Shape(1, 3));
      NDArray two = scope.manager().create(ids(readable, 2, 1), new Shape(1, 2));
      reader.next(three);
      reader.next(three);
      assertEquals(6, reader.length());
      for (Runnable call :
          List.<Runnable>of(
              () -> scripted.surprises(nine, nine),
              () -> reader.next(nine),
              () -> reader.next(three))) {
        String message = assertThrows(IllegalArgumentException.class, call::run).getMessage();
        assertTrue(message.contains("context length"), message);
      }
      reader.next(two); // the last two places
      assertEquals(8, reader.length());
      assertThrows(IllegalArgumentException.class, () -> scripted.surprises(two, three));
    }
  }

  @Test
  void closingItLeavesTheWeightsOpen() {
    try (Gpt readable = new Gpt(GPT, 1);
        TensorScope scope = TensorScope.open(readable.parameters().manager())) {
      NDArray ids = scope.manager().create(ids(readable, 8, 1), new Shape(1, 8));
      float[] before = readable.logits(ids, false).toFloatArray();
      ScriptedModel scripted = scripted(readable);
      assertEquals(readable.parameters(), scripted.parameters());
      TextReader reader = scripted.reader();
      reader.next(ids);
      reader.close();
      scripted.close();
      assertArrayEquals(before, readable.logits(ids, false).toFloatArray());
      try (ScriptedModel again = scripted(readable)) {
        assertArrayEquals(before, again.logits(ids, false).toFloatArray(), 1e-5f);
      }
    }
  }

  @Test
  void twoOfOneModelKeepTheirOwnTexts() {
    try (LanguageModel readable = make(seed -> new Gpt(GPT, seed));
        ScriptedModel oneModel = scripted(readable);
        ScriptedModel otherModel = scripted(readable);
        TextReader one = oneModel.reader();
        TextReader other = otherModel.reader();
        TensorScope scope = TensorScope.open(readable.parameters().manager())) {
      long[][] first = {ids(readable, 8, 1)};
      long[][] second = {ids(readable, 8, 2)};
      one.next(piece(scope, first, 0, 3));
      other.next(piece(scope, second, 0, 3));
      assertArrayEquals(
          last(readable, scope, first, 4),
          one.next(piece(scope, first, 3, 4)).toFloatArray(),
          1e-5f);
    }
  }

  @Test
  void memoryStaysFlat() {
    try (LanguageModel readable = make(seed -> new Llama(LLAMA, seed));
        ScriptedModel scripted = scripted(readable)) {
      NDManager manager = readable.parameters().manager();
      int before = manager.getManagedArrays().size();
      long[][] texts = {ids(readable, 8, 1), ids(readable, 8, 2)};
      for (int i = 0; i < 100; i++) {
        try (TensorScope scope = TensorScope.open(manager)) {
          NDArray ids = piece(scope, texts, 0, 8);
          scripted.logits(ids, false);
          scripted.surprises(ids, ids);
          TextReader reader = scripted.reader();
          reader.next(piece(scope, texts, 0, 3));
          reader.next(piece(scope, texts, 3, 4));
        }
      }
      assertEquals(before, manager.getManagedArrays().size());
    }
  }

  @Test
  void aFamilyWithoutAScriptHasNone() {
    try (Bigram bigram = new Bigram(new Bigram.Config(11, 8), 1)) {
      assertEquals(Optional.empty(), ScriptedModel.of(bigram, ScriptOptions.DEFAULT));
    }
  }

  @Test
  @EnabledOnOs(
      value = OS.LINUX,
      architectures = "amd64",
      disabledReason = "MXNet 1.9.1 has native code for Linux on x86-64 only in this build")
  void anEngineWithoutScriptsHasNone() {
    NDManager mxnet = Engine.getEngine("MXNet").newBaseManager(Device.cpu());
    try (Gpt gpt = new Gpt(GPT, new Parameters(mxnet, 1))) {
      assertEquals(Optional.empty(), ScriptedModel.of(gpt, ScriptOptions.DEFAULT));
    }
  }
}
