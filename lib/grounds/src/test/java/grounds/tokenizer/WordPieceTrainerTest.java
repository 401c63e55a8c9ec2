package grounds.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.tokenizer.WordPieceTrainer.Merge;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class WordPieceTrainerTest {
  private static final String HUGS =
      "hug ".repeat(10)
          + "pug ".repeat(5)
          + "pun ".repeat(12)
          + "bun ".repeat(4)
          + "hugs ".repeat(5);

  /**
   * Worked by hand. At first ##u is in every pair, and each scores n / (n * 36) = 1/36, but (##g,
   * ##s) 5 / (20 * 5) = 1/20. Then all score 1/36 and (p, ##u) comes most often; and so on.
   */
  private static final List<Merge> HUGS_MERGES =
      List.of(
          new Merge("##g", "##s", "##gs", 5, 20, 5),
          new Merge("p", "##u", "pu", 17, 17, 36),
          new Merge("h", "##u", "hu", 15, 15, 19),
          new Merge("b", "##u", "bu", 4, 4, 4),
          new Merge("hu", "##gs", "hugs", 5, 15, 5),
          new Merge("hu", "##g", "hug", 10, 10, 15),
          new Merge("bu", "##n", "bun", 4, 4, 16),
          new Merge("pu", "##n", "pun", 12, 17, 12),
          new Merge("pu", "##g", "pug", 5, 5, 5));

  @Test
  void theWorkedExample() {
    List<Merge> merges = new ArrayList<>();
    WordPieceTokenizer tokenizer = WordPieceTrainer.of(100, true).train(HUGS, merges::add);
    assertEquals(HUGS_MERGES, merges);
    assertEquals(
        List.of(
            "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "##g", "##n", "##s", "##u", "b", "h", "p",
            "##gs", "pu", "hu", "bu", "hugs", "hug", "bun", "pun", "pug"),
        tokenizer.vocabulary());
    assertEquals(1 / 20.0, merges.get(0).score(), 1e-15);
    assertEquals(tokenizer, WordPieceTrainer.of(100, true).train(HUGS));
  }

  @Test
  void theVocabularySizeEndsTheMerges() {
    WordPieceTokenizer tokenizer = WordPieceTrainer.of(14, true).train(HUGS);
    assertEquals(14, tokenizer.vocabularySize());
    assertEquals("pu", tokenizer.token(13));
    assertEquals(12, WordPieceTrainer.of(12, true).train(HUGS).vocabularySize());
  }

  @Test
  void aPairBelowTheMinimumFrequencyIsNotMerged() {
    List<Merge> merges = new ArrayList<>();
    WordPieceTrainer.of(100, true).withMinimumFrequency(6).train(HUGS, merges::add);
    assertEquals(new Merge("##u", "##g", "##ug", 20, 36, 20), merges.get(0));
    assertTrue(merges.stream().allMatch(merge -> merge.count() >= 6), merges.toString());
  }

  // Against a slow one that counts everything again before each merge

  @Test
  void everyMergeIsTheOneThatCountingAgainFinds() {
    Random random = new Random(7);
    int merges = 0;
    for (int corpus = 0; corpus < 300; corpus++) {
      int minimumFrequency = 1 + random.nextInt(3);
      String text = randomText(random);
      List<Merge> want = slowMerges(text, minimumFrequency);
      List<Merge> got = new ArrayList<>();
      WordPieceTrainer.of(100_000, false)
          .withMinimumFrequency(minimumFrequency)
          .train(text, got::add);
      assertEquals(want, got, text);
      merges += got.size();
      assertEquals(got.size(), got.stream().map(Merge::joined).distinct().count(), text);
    }
    assertTrue(merges > 3_000, "only " + merges + " merges were compared");
  }

  private static String randomText(Random random) {
    int letters = 1 + random.nextInt(4);
    StringBuilder text = new StringBuilder();
    int words = 1 + random.nextInt(40);
    for (int word = 0; word < words; word++) {
      int length = 1 + random.nextInt(9);
      for (int i = 0; i < length; i++) {
        // The last one is two chars long.
        int letter = random.nextInt(letters);
        text.appendCodePoint(letter == 3 ? 0x1F600 : 'a' + letter);
      }
      text.append(' ');
    }
    return text.toString();
  }

  private record SlowPair(String left, String right) {}

  private static List<Merge> slowMerges(String text, int minimumFrequency) {
    List<List<String>> words = new ArrayList<>();
    for (String word : text.split(" ")) {
      List<String> tokens = new ArrayList<>();
      word.codePoints()
          .forEach(c -> tokens.add((tokens.isEmpty() ? "" : "##") + Character.toString(c)));
      words.add(tokens);
    }
    List<Merge> merges = new ArrayList<>();
    while (true) {
      Map<String, Long> counts = new HashMap<>();
      Map<SlowPair, Long> pairs = new HashMap<>();
      for (List<String> word : words) {
        for (int i = 0; i < word.size(); i++) {
          counts.merge(word.get(i), 1L, Long::sum);
          if (i > 0) {
            pairs.merge(new SlowPair(word.get(i - 1), word.get(i)), 1L, Long::sum);
          }
        }
      }
      List<Merge> candidates = new ArrayList<>();
      pairs.forEach(
          (pair, count) -> {
            if (count >= minimumFrequency) {
              candidates.add(
                  new Merge(
                      pair.left,
                      pair.right,
                      pair.left + pair.right.substring(2),
                      count,
                      counts.get(pair.left),
                      counts.get(pair.right)));
            }
          });
      if (candidates.isEmpty()) {
        return merges;
      }
      Merge best =
          candidates.stream()
              .min(
                  ((Comparator<Merge>) (a, b) -> crosswise(b, a).compareTo(crosswise(a, b)))
                      .thenComparing(Comparator.comparingLong(Merge::count).reversed())
                      .thenComparing(Merge::left)
                      .thenComparing(Merge::right))
              .orElseThrow();
      merges.add(best);
      for (List<String> word : words) {
        for (int i = 0; i + 1 < word.size(); i++) {
          if (word.get(i).equals(best.left()) && word.get(i + 1).equals(best.right())) {
            word.set(i, best.joined());
            word.remove(i + 1);
          }
        }
      }
    }
  }

  private static BigInteger crosswise(Merge a, Merge b) {
    return BigInteger.valueOf(a.count())
        .multiply(BigInteger.valueOf(b.leftCount()))
        .multiply(BigInteger.valueOf(b.rightCount()));
  }

  @Test
  void scoresThatNoDoubleTellsApartAreToldApart() {
    // p / (n * n) against p / ((n + 1) * (n - 1)): as doubles both are 2.5e-9, a tie that a and b
    // would win.
    long n = 200_000_000;
    long p = 100_000_000;
    Map<String, Long> words = new HashMap<>();
    words.putAll(Map.of("ab", p, "a", n - p, "zb", n - p, "z", 5 * p));
    words.putAll(Map.of("cd", p, "c", n + 1 - p, "yd", n - 1 - p, "y", 5 * p));
    WordPieceMerges merges = new WordPieceMerges(words, 1);
    Merge first = merges.next();
    assertEquals(new Merge("c", "##d", "cd", p, n + 1, n - 1), first);
    Merge second = merges.next();
    assertEquals(new Merge("a", "##b", "ab", p, n, n), second);
    assertEquals(first.score(), second.score(), "the case is too easy");
  }

  @Test
  void aTextTooLargeForExactScoresIsRefused() {
    assertMessage(
        "at most 3,037,000,499 characters",
        () -> new WordPieceMerges(Map.of("ab", 1_600_000_000L), 1));
  }

  // What is counted

  @Test
  void wordsAreCutAsTheTokenizerCutsThem() {
    WordPieceTokenizer uncased = WordPieceTrainer.of(100, true).train("\u00C9a, \u4E2D\u6587");
    assertEquals(
        List.of("##a", ",", "e", "\u4E2D", "\u6587", "ea"),
        uncased.vocabulary().subList(5, uncased.vocabularySize()));
    WordPieceTokenizer cased = WordPieceTrainer.of(100, false).train("Aa a[SEP]");
    assertEquals(
        List.of("##E", "##P", "##a", "A", "S", "[", "]", "a"), cased.vocabulary().subList(5, 13));
  }

  @Test
  void wordsThatEncodingNeverLooksUpDoNotCount() {
    WordPieceTokenizer tokenizer =
        WordPieceTrainer.of(100, true).train("a".repeat(101) + " bb " + "c".repeat(100));
    assertTrue(tokenizer.vocabulary().containsAll(List.of("b", "c")));
    assertTrue(tokenizer.vocabulary().stream().noneMatch(token -> token.contains("a")));
  }

  @Test
  void everyWordOfTheTextIsKnownAfterwards() {
    String text = "the hugs of the pug , \uD83D\uDE00\uD83D\uDE01 caf\u00E9";
    WordPieceTokenizer tokenizer = WordPieceTrainer.of(45, false).train(text);
    assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
  }

  @Test
  void filesGiveWhatTheirTextGives(@TempDir Path folder) throws IOException {
    Path first = Files.writeString(folder.resolve("1.txt"), "hug hug\r\nhugs pug");
    Path second = Files.writeString(folder.resolve("2.txt"), "pun bun\n\nbuns\n");
    WordPieceTrainer trainer = WordPieceTrainer.of(30, true);
    assertEquals(
        trainer.train("hug hug hugs pug pun bun buns"), trainer.train(List.of(first, second)));
    Path absent = folder.resolve("absent.txt");
    assertTrue(
        assertThrows(UncheckedIOException.class, () -> trainer.train(List.of(first, absent)))
            .getMessage()
            .contains(absent.toString()));
  }

  @Test
  void ownSpecialTokensComeFirstAndAreSpecial() {
    WordPieceTokenizer tokenizer =
        WordPieceTrainer.of(100, true).withSpecialTokens("<|user|>", "[UNK]").train("hug");
    assertEquals(List.of("<|user|>", "[UNK]"), tokenizer.vocabulary().subList(0, 2));
    assertEquals(Map.of("<|user|>", 0, "[UNK]", 1), tokenizer.specialTokens());
  }

  // What is refused

  @Test
  void badSettingsAreRefused() {
    assertMessage("got 0 and 1", () -> WordPieceTrainer.of(0, true));
    assertMessage("got 9 and 0", () -> WordPieceTrainer.of(9, true).withMinimumFrequency(0));
    WordPieceTrainer trainer = WordPieceTrainer.of(9, true);
    assertMessage("[UNK] among them; got [[PAD]]", () -> trainer.withSpecialTokens("[PAD]"));
    assertMessage("different", () -> trainer.withSpecialTokens("[UNK]", "[A]", "[A]"));
    assertMessage("got \"hug\". Write [hug]", () -> trainer.withSpecialTokens("[UNK]", "hug"));
    assertMessage("got \"\"", () -> trainer.withSpecialTokens("[UNK]", ""));
  }

  @Test
  void aVocabularySmallerThanTheAlphabetIsRefused() {
    assertMessage(
        "11 tokens has no room for 5 special tokens and the 7 characters of the text",
        () -> WordPieceTrainer.of(11, true).train(HUGS));
    assertMessage("Ask for 12 or more", () -> WordPieceTrainer.of(11, true).train(HUGS));
  }

  @Test
  void aTextWithoutWordsIsRefused() {
    for (String text : List.of("", " \n\t", "\u0000", "a".repeat(101))) {
      assertMessage("it has none", () -> WordPieceTrainer.of(100, true).train(text));
    }
    assertMessage("it has none", () -> WordPieceTrainer.of(100, true).train(List.of()));
  }

  @Test
  void anInterruptEndsTheTraining() {
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancellationException.class, () -> WordPieceTrainer.of(100, true).train(HUGS));
    } finally {
      assertTrue(Thread.interrupted(), "the interrupt is still to be seen by the caller");
    }
  }

  private static void assertMessage(String part, Executable executable) {
    String message = assertThrows(IllegalArgumentException.class, executable).getMessage();
    assertTrue(message.contains(part), () -> "no <" + part + "> in: " + message);
  }
}
