package grounds.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import grounds.model.layer.LowRank;
import grounds.model.script.ScriptOptions;
import grounds.model.script.ScriptedModel;
import grounds.tensor.TensorScope;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every reader scores as the model does that sees the whole text. */
class TextReaderTest {

  private static final int VOCABULARY = 11;
  private static final int CONTEXT = 8;

  static Stream<Arguments> models() {
    GptConfig gpt = new GptConfig(VOCABULARY, CONTEXT, 12, 2, 3);
    LlamaConfig llama = new LlamaConfig(VOCABULARY, CONTEXT, 24, 2, 4);
    return Stream.of(
        model("bigram", () -> new Bigram(new Bigram.Config(VOCABULARY, CONTEXT), 1)),
        model("value only", () -> new ValueOnly(new ValueOnly.Config(VOCABULARY, CONTEXT, 12), 1)),
        model("gpt", () -> new Gpt(gpt, 1)),
        model("gpt with biases", () -> new Gpt(gpt.withBias(true).withTiedHead(false), 1)),
        model("gpt with dropout", () -> new Gpt(gpt.withDropout(0.5), 1)),
        model("gpt with adapters", () -> adapted(new Gpt(gpt, 1))),
        model("llama", () -> new Llama(llama, 1)),
        model("llama with shared keys", () -> new Llama(llama.withKeyValueHeads(2), 1)),
        model("llama with one key", () -> new Llama(llama.withKeyValueHeads(1), 1)));
  }

  private static Arguments model(String name, Supplier<LanguageModel> make) {
    return Arguments.of(name, make);
  }

  private static LanguageModel adapted(Gpt gpt) {
    gpt.adapt(new LowRank(2, 4), layer -> true);
    return gpt;
  }

  /** The model with weights so large that no two scores are alike. */
  private static LanguageModel enlarged(Supplier<LanguageModel> make) {
    LanguageModel model = make.get();
    SplittableRandom random = new SplittableRandom(3);
    model.parameters().stream()
        .forEach(
            p -> {
              float[] values = new float[(int) p.array().getShape().size()];
              for (int i = 0; i < values.length; i++) {
                values[i] = (float) (0.5 * random.nextGaussian());
              }
              p.load(values);
            });
    return model;
  }

  private static long[] text(int length, int seed) {
    return new SplittableRandom(seed).longs(length, 0, VOCABULARY).toArray();
  }

  private static NDArray piece(TensorScope scope, long[][] texts, int from, int to) {
    long[] ids =
        Stream.of(texts).flatMapToLong(text -> java.util.Arrays.stream(text, from, to)).toArray();
    return scope.manager().create(ids, new Shape(texts.length, to - from));
  }

  /** What the model scores after the first tokens of the texts, all seen at once. */
  private static float[] scores(LanguageModel model, TensorScope scope, long[][] texts, int end) {
    NDArray logits = model.logits(piece(scope, texts, 0, end), false);
    return logits.get(new NDIndex(":, -1")).toFloatArray();
  }

  private static void assertReads(LanguageModel model, TextReader reader) {
    try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
      long[][] texts = {text(CONTEXT, 1), text(CONTEXT, 2), text(CONTEXT, 3)};
      for (int[] ends : List.of(new int[] {3, 4, 5, 6, 7, 8}, new int[] {1, 2, 8}, new int[] {8})) {
        int at = 0;
        for (int end : ends) {
          NDArray next = reader.next(piece(scope, texts, at, end));
          assertEquals(new Shape(3, VOCABULARY), next.getShape());
          assertArrayEquals(scores(model, scope, texts, end), next.toFloatArray(), 2e-5f);
          at = end;
          assertEquals(at, reader.length());
        }
        reader.forget();
        assertEquals(0, reader.length());
      }
      // Another number of texts, then some of them go on in another order.
      reader.next(piece(scope, texts, 0, 4));
      reader.select(2, 0, 2, 1);
      long[][] chosen = {texts[2].clone(), texts[0].clone(), texts[2].clone(), texts[1].clone()};
      chosen[2][4] = (chosen[0][4] + 1) % VOCABULARY;
      float[] after = reader.next(piece(scope, chosen, 4, 6)).toFloatArray();
      assertArrayEquals(scores(model, scope, chosen, 6), after, 2e-5f);
      reader.select(1);
      long[][] one = {chosen[1]};
      after = reader.next(piece(scope, one, 6, 7)).toFloatArray();
      assertArrayEquals(scores(model, scope, one, 7), after, 2e-5f);

      assertThrows(IllegalArgumentException.class, () -> reader.select(1));
      assertThrows(IllegalArgumentException.class, () -> reader.select());
      String message =
          assertThrows(IllegalArgumentException.class, () -> reader.next(piece(scope, texts, 7, 8)))
              .getMessage();
      assertTrue(message.contains("tokens of 1 texts"), message);
      message =
          assertThrows(IllegalArgumentException.class, () -> reader.next(piece(scope, one, 5, 7)))
              .getMessage();
      assertTrue(message.contains("the context length"), message);
      assertEquals(7, reader.length(), "what does not fit is not read");
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("models")
  void readsPieceByPieceAsAtOnce(String name, Supplier<LanguageModel> make) {
    try (LanguageModel model = enlarged(make);
        TextReader reader = model.reader()) {
      assertReads(model, reader);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("models")
  void theScriptReadsAlike(String name, Supplier<LanguageModel> make) {
    try (LanguageModel model = enlarged(make)) {
      ScriptedModel.of(model, ScriptOptions.DEFAULT)
          .ifPresent(
              scripted -> {
                try (scripted;
                    TextReader reader = scripted.reader()) {
                  assertReads(model, reader);
                }
              });
    }
  }

  @Test
  void memoryStaysFlat() {
    try (LanguageModel model = new Gpt(new GptConfig(VOCABULARY, CONTEXT, 12, 2, 3), 1)) {
      int before = 0;
      long[][] texts = {text(CONTEXT, 1), text(CONTEXT, 2)};
      for (int i = 0; i < 50; i++) {
        if (i == 1) {
          before = model.parameters().manager().getManagedArrays().size(); // the masks are made
        }
        try (TextReader reader = model.reader();
            TensorScope scope = TensorScope.open(model.parameters().manager())) {
          reader.next(piece(scope, texts, 0, 3));
          reader.select(1, 0);
          reader.next(piece(scope, texts, 3, 4));
        }
      }
      assertEquals(before, model.parameters().manager().getManagedArrays().size());
    }
  }

  @Test
  void aReaderOutlivesTheScopesAroundItsCalls() {
    try (LanguageModel model = enlarged(() -> new Gpt(new GptConfig(VOCABULARY, 8, 12, 2, 3), 1));
        TextReader reader = model.reader()) {
      long[][] texts = {text(CONTEXT, 1)};
      for (int at = 0; at < CONTEXT; at++) {
        try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
          float[] scores = reader.next(piece(scope, texts, at, at + 1)).toFloatArray();
          assertArrayEquals(scores(model, scope, texts, at + 1), scores, 2e-5f);
        }
      }
    }
  }
}
