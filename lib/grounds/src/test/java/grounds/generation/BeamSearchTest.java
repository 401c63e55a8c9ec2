package grounds.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import grounds.checkpoint.PublishedWeights;
import grounds.evaluation.SequenceLogProbabilities;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.tokenizer.CharTokenizer;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BeamSearchTest {

  private static final Path FIXTURES = Path.of("../../data/fixtures");
  private static final CharTokenizer LETTERS =
      CharTokenizer.of(
          IntStream.range(0x100, 0x164)
              .mapToObj(Character::toString)
              .collect(Collectors.joining()));
  private static final CharTokenizer ABC = CharTokenizer.of("abcd");

  private record Case(
      String model, int beams, int[] stop, double penalty, int[][] texts, double[] scores) {}

  @Test
  void findsWhatTransformersFinds() throws IOException {
    Case[] cases;
    try (Reader reader =
        Files.newBufferedReader(Path.of("src/test/resources/reference/beams.json"))) {
      cases = new Gson().fromJson(reader, Case[].class);
    }
    for (String name : List.of("tiny-gpt2", "tiny-llama")) {
      try (LanguageModel model = PublishedWeights.load(FIXTURES.resolve(name))) {
        for (Case wanted : cases) {
          if (wanted.model.equals(name)) {
            assertFinds(wanted, model);
          }
        }
      }
    }
  }

  private static void assertFinds(Case wanted, LanguageModel model) {
    BeamSearch search =
        new BeamSearch(model, LETTERS, wanted.beams)
            .lengthPenalty(wanted.penalty)
            .stopAt(wanted.stop);
    List<Continuation> found = search.search(new int[] {15, 92, 21, 86}, 12);
    String what = new Gson().toJson(wanted);
    for (int i = 0; i < wanted.texts.length; i++) {
      assertArrayEquals(wanted.texts[i], found.get(i).ids(), what);
      assertEquals(wanted.scores[i], search.score(found.get(i)), 1e-4, what);
    }
  }

  /** As many beams as there are texts: nothing can be missed. */
  @Test
  void withEnoughBeamsItFindsTheBest() {
    try (Gpt model = new Gpt(new GptConfig(4, 8, 12, 1, 3), 1)) {
      double best = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < 64; i++) {
        int[] text = {0, i / 16, i / 4 % 4, i % 4};
        double sum = Arrays.stream(SequenceLogProbabilities.perToken(model, text)).sum();
        best = Math.max(best, sum);
      }
      List<Continuation> found = new BeamSearch(model, ABC, 64).search("a", 3);
      assertEquals(64, found.size());
      assertEquals(best, found.get(0).logProbability(), 1e-5);
    }
  }

  @Test
  void oneBeamIsGreedy() {
    try (Gpt model = new Gpt(new GptConfig(4, 16, 12, 2, 3), 4)) {
      assertArrayEquals(
          new Generator(model, ABC).temperature(0).complete("ab", 12).ids(),
          new BeamSearch(model, ABC, 1).search("ab", 12).get(0).ids());
    }
  }

  @Test
  void refusesWhatCannotBe() {
    try (Gpt model = new Gpt(new GptConfig(4, 8, 12, 1, 3), 1)) {
      assertThrows(IllegalArgumentException.class, () -> new BeamSearch(model, ABC, 0));
      assertThrows(IllegalArgumentException.class, () -> new BeamSearch(model, LETTERS, 1));
      BeamSearch search = new BeamSearch(model, ABC, 2);
      assertThrows(IllegalArgumentException.class, () -> search.stopAt(-1));
      assertThrows(IllegalArgumentException.class, () -> search.lengthPenalty(Double.NaN));
      assertThrows(IllegalArgumentException.class, () -> search.search("", 2));
      String message =
          assertThrows(IllegalArgumentException.class, () -> search.search("abc", 6)).getMessage();
      assertTrue(message.contains("at most 5"), message);
      assertEquals("", search.search("abc", 0).get(0).text());
      Thread.currentThread().interrupt();
      assertThrows(CancellationException.class, () -> search.search("a", 2));
      assertTrue(Thread.interrupted());
    }
  }
}
