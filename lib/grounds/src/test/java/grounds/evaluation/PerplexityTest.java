package grounds.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.model.Bigram;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.tokenizer.CharTokenizer;
import grounds.tokenizer.SpecialText;
import grounds.tokenizer.TokenFile;
import grounds.tokenizer.TokenSequence;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PerplexityTest {

  /** A table whose probabilities are known: after 0 comes 1 with 3/4; after 1 all are alike. */
  private static Bigram known() {
    Bigram model = new Bigram(new Bigram.Config(2, 2), 1);
    float[] table = {(float) Math.log(0.25), (float) Math.log(0.75), 0, 0};
    model.parameters().get("table.weight").load(table);
    return model;
  }

  @Test
  void isTheInverseGeometricMeanOfTheProbabilities() {
    try (Bigram model = known()) {
      Perplexity perplexity = Perplexity.of(model, new int[] {0, 1, 1, 0, 0});
      // 0->1: 3/4, 1->1: 1/2, 1->0: 1/2, 0->0: 1/4
      assertEquals(Math.pow(0.75 * 0.5 * 0.5 * 0.25, -0.25), perplexity.value(), 1e-6);
      assertEquals(4, perplexity.tokens());
    }
  }

  @Test
  void windowsLieSideBySideAndTheRestIsLeftOut() {
    try (Bigram model = known()) {
      assertEquals(4, Perplexity.of(model, new int[] {0, 1, 1, 0, 0, 1}).tokens());
      assertEquals(2, Perplexity.of(model, new int[] {0, 1, 1, 0, 0, 1}, 1).tokens());
      // Two of five windows, spread: the first and the third, tokens 0-2 and 4-6.
      Perplexity two = Perplexity.of(model, new int[] {0, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0}, 2);
      assertEquals(Math.pow(0.75 * 0.5 * 0.5 * 0.5, -0.25), two.value(), 1e-6);
    }
  }

  @Test
  void withFullContextCountsLastPositionsOnly() {
    try (Bigram model = known()) {
      Perplexity perplexity = Perplexity.withFullContext(model, new int[] {0, 1, 1, 0, 0});
      // The first token is context only: 1->1, 1->0, 0->0 remain.
      assertEquals(Math.pow(0.5 * 0.5 * 0.25, -1.0 / 3), perplexity.value(), 1e-6);
      assertEquals(3, perplexity.tokens());
    }
  }

  @Test
  void batchesMakeNoDifference() {
    try (Gpt model = new Gpt(new GptConfig(11, 8, 12, 1, 3), 1)) {
      int[] text = new int[9000];
      for (int i = 0; i < text.length; i++) {
        text[i] = i * i % 11;
      }
      double whole = Perplexity.of(model, text).loss();
      double first = Perplexity.of(model, java.util.Arrays.copyOf(text, 8 * 512 + 1)).loss();
      double rest =
          Perplexity.of(model, java.util.Arrays.copyOfRange(text, 8 * 512, text.length)).loss();
      int windows = (text.length - 1) / 8;
      double mean = (first * 512 + rest * (windows - 512)) / windows;
      assertEquals(mean, whole, 1e-6);
    }
  }

  @Test
  void aTokenFileHasThePerplexityOfItsIds(@TempDir Path folder) {
    CharTokenizer tokenizer = CharTokenizer.ofVocabulary("abcdefghijk");
    int[] text = new int[2000];
    for (int i = 0; i < text.length; i++) {
      text[i] = i * i % 11;
    }
    int[] part = java.util.Arrays.copyOfRange(text, 100, 1900);
    Path file = folder.resolve("text.tokens");
    try (Gpt model = new Gpt(new GptConfig(11, 8, 12, 1, 3), 1);
        TokenFile tokens =
            TokenFile.writeText(file, tokenizer, tokenizer.decode(text), SpecialText.refused())) {
      TokenSequence slice = tokens.slice(100, 1900);
      assertEquals(Perplexity.of(model, part), Perplexity.of(model, slice));
      assertEquals(Perplexity.of(model, part, 7), Perplexity.of(model, slice, 7));
      assertEquals(
          Perplexity.withFullContext(model, part), Perplexity.withFullContext(model, slice));
      assertEquals(
          Perplexity.withFullContext(model, part, 7), Perplexity.withFullContext(model, slice, 7));
    }
  }

  @Test
  void windowsAreSpreadOverATextLongerThanAnIntCounts() {
    List<Long> starts = new ArrayList<>();
    TokenSequence tokens =
        new TokenSequence() {
          @Override
          public long length() {
            return 9_000_000_001L;
          }

          @Override
          public int[] read(long start, int count) {
            starts.add(start);
            return new int[count];
          }
        };
    try (Bigram model = known()) {
      // 4,500,000,000 windows of 2 lie side by side.
      Perplexity.of(model, tokens, 4);
      assertEquals(List.of(0L, 2_250_000_000L, 4_500_000_000L, 6_750_000_000L), starts);
      starts.clear();
      // Places 0 to 8,999,999,998: the fourth part of 8,999,999,999 is 2,249,999,999.75.
      Perplexity.withFullContext(model, tokens, 4);
      assertEquals(List.of(0L, 2_249_999_999L, 4_499_999_999L, 6_749_999_999L), starts);
    }
  }

  @Test
  void refusesAShortTextAndStopsWhenInterrupted() {
    try (Bigram model = known()) {
      assertThrows(IllegalArgumentException.class, () -> Perplexity.of(model, new int[] {0, 1}));
      assertThrows(
          IllegalArgumentException.class, () -> Perplexity.of(model, new int[] {0, 1, 0}, 0));
      Thread.currentThread().interrupt();
      assertThrows(CancellationException.class, () -> Perplexity.of(model, new int[] {0, 1, 0}));
      assertTrue(Thread.interrupted());
    }
  }
}
