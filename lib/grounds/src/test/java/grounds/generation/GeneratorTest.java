package grounds.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.evaluation.SequenceLogProbabilities;
import grounds.model.Bigram;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.model.Llama;
import grounds.model.LlamaConfig;
import grounds.model.ValueOnly;
import grounds.tensor.Parameter;
import grounds.tokenizer.BpeTokenizer;
import grounds.tokenizer.BpeTrainer;
import grounds.tokenizer.CharTokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GeneratorTest {

  private static final CharTokenizer ABC = CharTokenizer.of("abcd");

  /** A table that says: after a comes b, after b c, after c d, after d a. */
  private static Bigram alphabet() {
    Bigram model = new Bigram(new Bigram.Config(4, 4), 1);
    float[] table = new float[16];
    for (int i = 0; i < 4; i++) {
      table[i * 4 + (i + 1) % 4] = 20;
    }
    model.parameters().get("table.weight").load(table);
    return model;
  }

  @Test
  void continuesWithWhatTheModelExpects() {
    try (Bigram model = alphabet()) {
      Generator generator = new Generator(model, ABC);
      assertEquals("bcdabcdabc", generator.temperature(0).generate("a", 10));
      assertEquals(
          "dabcda", generator.generate("abc", 6), "e^20 against 1: chance does not matter");
      assertEquals("", generator.generate("abc", 0));
    }
  }

  @Test
  void sameSeedSameTextOtherSeedOtherText() {
    try (Gpt model = new Gpt(new GptConfig(4, 8, 12, 1, 3), 1)) {
      Generator generator = new Generator(model, ABC);
      String text = generator.seed(5).generate("a", 40);
      assertEquals(text, generator.seed(5).generate("a", 40));
      assertNotEquals(text, generator.seed(6).generate("a", 40));
    }
  }

  @Test
  void theWindowSlidesOverALongText() {
    try (Gpt model = new Gpt(new GptConfig(4, 8, 12, 1, 3), 1)) {
      Generator greedy = new Generator(model, ABC).temperature(0);
      String text = "abcdabcd" + greedy.generate("abcdabcd", 20);
      // Each new character follows from the last eight alone.
      String lastEight = text.substring(text.length() - 9, text.length() - 1);
      assertEquals(text.substring(text.length() - 1), greedy.generate(lastEight, 1));
    }
  }

  @Test
  void refusesPromptsThatDoNotFit() {
    try (Bigram model = alphabet()) {
      Generator generator = new Generator(model, ABC);
      String message =
          assertThrows(IllegalArgumentException.class, () -> generator.generate("abcda", 1))
              .getMessage();
      assertTrue(message.contains("1 to 4 tokens") && message.contains("got 5"), message);
      assertThrows(IllegalArgumentException.class, () -> generator.generate("", 1));
      assertThrows(IllegalArgumentException.class, () -> generator.generate("a", -1));
      assertThrows(IllegalArgumentException.class, () -> generator.temperature(-1));
      CharTokenizer other = CharTokenizer.of("abcde");
      message =
          assertThrows(IllegalArgumentException.class, () -> new Generator(model, other))
              .getMessage();
      assertTrue(message.contains("5") && message.contains("4"), message);
    }
  }

  private static Stream<Named<Supplier<LanguageModel>>> models() {
    return Stream.of(
        Named.of("gpt", () -> new Gpt(new GptConfig(4, 16, 12, 2, 3), 1)),
        Named.of("llama", () -> new Llama(new LlamaConfig(4, 16, 12, 2, 2), 1)),
        Named.of("value only", () -> new ValueOnly(new ValueOnly.Config(4, 16, 12), 1)),
        Named.of("bigram", GeneratorTest::alphabet16));
  }

  private static Bigram alphabet16() {
    return new Bigram(new Bigram.Config(4, 16), 1);
  }

  /** Weights are enlarged, so that what is far away matters. */
  private static LanguageModel enlarged(Supplier<LanguageModel> make) {
    LanguageModel model = make.get();
    model.parameters().stream()
        .filter(Parameter::isMatrix)
        .forEach(
            p -> {
              float[] values = p.values();
              for (int i = 0; i < values.length; i++) {
                values[i] *= 10;
              }
              p.load(values);
            });
    return model;
  }

  /** Beyond the context, too, where the window slides. */
  @ParameterizedTest
  @MethodSource("models")
  void withCacheAndWithoutTheSameTokens(Supplier<LanguageModel> make) {
    try (LanguageModel model = enlarged(make)) {
      Generator generator = new Generator(model, ABC).seed(3);
      Continuation cached = generator.complete("abc", 40);
      Continuation plain = generator.cached(false).complete("abc", 40);
      assertArrayEquals(plain.ids(), cached.ids());
      assertArrayEquals(plain.logProbabilities(), cached.logProbabilities(), 1e-4);
    }
  }

  /** Prompts of different lengths, some texts ending before others. */
  @ParameterizedTest
  @MethodSource("models")
  void sideBySideAsOneByOne(Supplier<LanguageModel> make) {
    try (LanguageModel model = enlarged(make)) {
      Generator generator =
          new Generator(model, ABC).temperature(0).stopAt("dd", "aab", "bcb").stopAt(new int[0]);
      List<String> prompts = List.of("abcdab", "b", "cad", "aaaaaaaaaaaaaaaa", "dc");
      List<Continuation> together = generator.completeAll(prompts, 24);
      for (int i = 0; i < prompts.size(); i++) {
        Continuation alone = generator.complete(prompts.get(i), 24);
        assertArrayEquals(alone.ids(), together.get(i).ids(), prompts.get(i));
        assertEquals(alone.text(), together.get(i).text());
        assertEquals(alone.reason(), together.get(i).reason());
      }
      assertEquals(List.of(), generator.completeAll(List.of(), 3));
    }
  }

  @Test
  void eachTextOfABatchHasItsOwnChance() {
    try (Gpt model = new Gpt(new GptConfig(4, 16, 12, 1, 3), 1)) {
      Generator generator = new Generator(model, ABC);
      List<Continuation> texts = generator.completeAll(List.of("a", "a", "a"), 12);
      assertEquals(generator.generate("a", 12), texts.get(0).text());
      assertEquals(3, texts.stream().map(Continuation::text).distinct().count());
    }
  }

  @Test
  void stopsAtStringsAndTokens() {
    try (Bigram model = alphabet()) {
      Generator generator = new Generator(model, ABC).temperature(0);
      Continuation stopped = generator.stopAt("da", "xyz", "cda").complete("a", 10);
      assertEquals("b", stopped.text(), "the stop string that begins first");
      assertEquals(Continuation.Reason.STOP_STRING, stopped.reason());
      assertArrayEquals(new int[] {1, 2, 3, 0}, stopped.ids());

      Continuation atToken = generator.stopAt(3).complete("a", 10);
      assertEquals("bc", atToken.text());
      assertEquals(Continuation.Reason.STOP_TOKEN, atToken.reason());
      assertArrayEquals(new int[] {1, 2, 3}, atToken.ids());

      Continuation never = generator.stopAt("abd").complete("a", 6);
      assertEquals("bcdabc", never.text());
      assertEquals(Continuation.Reason.LENGTH, never.reason());
      assertEquals(0, never.logProbability(), 1e-6, "e^20 against 1");

      assertThrows(IllegalArgumentException.class, () -> generator.stopAt(""));
      String message =
          assertThrows(IllegalArgumentException.class, () -> generator.stopAt(4)).getMessage();
      assertTrue(message.contains("0 to 3") && message.contains("got 4"), message);
    }
  }

  /** What may begin a stop string is held back until it is clear. */
  @Test
  void streamsWhatWillNotBeTakenBack() {
    try (Bigram model = alphabet()) {
      Generator generator = new Generator(model, ABC).temperature(0);
      List<String> pieces = new ArrayList<>();
      Continuation text = generator.stopAt("cdb").complete("a", 8, pieces::add);
      assertEquals(List.of("b", "cda", "b", "cda"), pieces);
      assertEquals("bcdabcda", text.text());
      pieces.clear();
      generator.stopAt("cdab").complete("a", 8, pieces::add);
      assertEquals(List.of("b"), pieces);
      pieces.clear();
      generator.stopAt("cdabx").complete("a", 4, pieces::add);
      assertEquals(List.of("b", "cda"), pieces, "at the end nothing is held back");
    }
  }

  /** Tokens that are bytes: a character of three comes when its last byte does. */
  @Test
  void streamsWholeCharacters() {
    BpeTokenizer bytes = new BpeTrainer(257).train("aaaa");
    int[] euro = bytes.encode("€");
    assertEquals(3, euro.length);
    try (Bigram model = new Bigram(new Bigram.Config(bytes.vocabularySize(), 8), 1)) {
      float[] table = new float[bytes.vocabularySize() * bytes.vocabularySize()];
      for (int i = 0; i < 3; i++) {
        table[euro[i] * bytes.vocabularySize() + euro[(i + 1) % 3]] = 50;
      }
      model.parameters().get("table.weight").load(table);
      List<String> pieces = new ArrayList<>();
      Continuation text = new Generator(model, bytes).temperature(0).complete("€", 7, pieces::add);
      assertEquals(List.of("€", "€", "\uFFFD"), pieces);
      assertEquals("€€\uFFFD", text.text());
      Generator stopping = new Generator(model, bytes).temperature(0).stopAt("€€");
      assertEquals(6, stopping.complete("€", 20).ids().length);
    }
  }

  @Test
  void logProbabilitiesAreTheModelsOwn() {
    try (Gpt model = new Gpt(new GptConfig(4, 16, 12, 1, 3), 1)) {
      Continuation text =
          new Generator(model, ABC).sampler(Sampler.of(new TopK(2))).complete("ab", 10);
      int[] whole = ABC.encode("ab" + text.text());
      double[] expected = SequenceLogProbabilities.perToken(model, whole);
      assertArrayEquals(
          Arrays.copyOfRange(expected, 1, expected.length), text.logProbabilities(), 1e-5);
      assertEquals(Arrays.stream(text.logProbabilities()).sum(), text.logProbability(), 1e-12);
    }
  }

  @Test
  void refusesWhatDoesNotFitIfAskedTo() {
    try (Gpt model = new Gpt(new GptConfig(4, 8, 12, 1, 3), 1)) {
      Generator refusing = new Generator(model, ABC).overflow(Overflow.REFUSE);
      assertEquals(5, refusing.generate("abc", 5).length());
      String message =
          assertThrows(IllegalArgumentException.class, () -> refusing.generate("abc", 6))
              .getMessage();
      assertTrue(message.contains("at most 5") && message.contains("got 6"), message);
    }
  }

  @Test
  void aSamplerMustChooseAToken() {
    try (Gpt model = new Gpt(new GptConfig(4, 8, 12, 1, 3), 1)) {
      Generator wrong = new Generator(model, ABC).sampler((logits, text, random) -> 4);
      assertThrows(IllegalArgumentException.class, () -> wrong.generate("a", 1));
      Generator none =
          new Generator(model, ABC)
              .sampler(Sampler.of((logits, text) -> Arrays.fill(logits, Float.NEGATIVE_INFINITY)));
      String message =
          assertThrows(IllegalArgumentException.class, () -> none.generate("a", 1)).getMessage();
      assertTrue(message.contains("removed every token"), message);
    }
  }

  @Test
  void scoresAreTheModels() {
    try (Bigram model = alphabet()) {
      assertArrayEquals(new float[] {0, 0, 20, 0}, new Generator(model, ABC).scores("ab"));
    }
  }

  @Test
  void anInterruptStopsIt() {
    try (Bigram model = alphabet()) {
      Thread.currentThread().interrupt();
      assertThrows(CancellationException.class, () -> new Generator(model, ABC).generate("a", 10));
      assertTrue(Thread.interrupted());
      assertFalse(Thread.currentThread().isInterrupted());
    }
  }
}
