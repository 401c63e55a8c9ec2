package grounds.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.corpus.Corpus;
import grounds.tokenizer.UnigramModel.Expectation;
import grounds.tokenizer.UnigramTokenizer.Piece;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class UnigramTrainerTest {
  private static final String END = "<|endoftext|>";
  private static final String TEXT = Corpus.load("three-tragedies").text();

  @TempDir Path folder;

  // One step of expectation maximisation

  /**
   * "ab" four times; "ab", "a" and "b" with 1/3 each. P(ab) is 1/3 whole and 1/9 in parts: whole
   * three times in four. So 3, 1 and 1 are expected, and the next probabilities are 0.6, 0.2, 0.2.
   */
  @Test
  void aHandWorkedStep() {
    Map<String, Long> words = Map.of("ab", 4L);
    UnigramModel model = new UnigramModel(List.of("a", "b", "ab"), new double[] {7, 7, 7});
    Expectation expected = model.expect(words);
    assertArrayEquals(new double[] {1, 1, 3}, expected.counts(), 1e-12);
    assertEquals(4 * Math.log(4 / 9.0), expected.logLikelihood(), 1e-12);
    assertPieces(Map.of("ab", 0.6, "a", 0.2, "b", 0.2), model.maximize(expected));
  }

  /** A character is kept though it is never expected, and counts half an occurrence. */
  @Test
  void aCharacterKeepsAProbability() {
    UnigramModel model = new UnigramModel(List.of("a", "b"), new double[] {2, 0});
    assertPieces(Map.of("a", 0.8, "b", 0.2), model);
  }

  private static void assertPieces(Map<String, Double> want, UnigramModel model) {
    List<Piece> pieces = model.result();
    assertEquals(want.keySet(), pieces.stream().map(Piece::text).collect(Collectors.toSet()));
    for (Piece piece : pieces) {
      assertEquals(want.get(piece.text()), Math.exp(piece.logProbability()), 1e-8, piece.text());
    }
  }

  @Test
  void countsAreThoseOfAllSegmentations() {
    SplittableRandom random = new SplittableRandom(11);
    List<String> texts =
        List.of("a", "b", "\uD83D\uDE00", "ab", "ba", "aba", "b\uD83D\uDE00", "\uD83D\uDE00a");
    for (int run = 0; run < 50; run++) {
      UnigramModel model = new UnigramModel(texts, random.doubles(texts.size(), 0.5, 5).toArray());
      Map<String, Long> words =
          new TreeMap<>(Map.of("abab", 2L, "bab\uD83D\uDE00ab", 1L, "ababababa", 3L));
      List<Piece> pieces = model.result();
      Expectation expected = model.expect(words);
      for (int i = 0; i < texts.size(); i++) {
        String text = texts.get(i);
        assertEquals(
            sum(words, word -> Segmentations.of(word, pieces).expected(text)),
            expected.counts()[i],
            1e-9);
      }
      assertEquals(
          sum(words, word -> Math.log(Segmentations.of(word, pieces).sum(1))),
          expected.logLikelihood(),
          1e-9);
    }
  }

  private static double sum(Map<String, Long> words, ToDoubleFunction<String> of) {
    return words.entrySet().stream()
        .mapToDouble(e -> e.getValue() * of.applyAsDouble(e.getKey()))
        .sum();
  }

  /** With a fixed set of pieces; the theorem of Dempster, Laird and Rubin. */
  @Test
  void noStepMakesTheWordsLessProbable() throws IOException {
    WordCounter counter = new WordCounter(List.of());
    counter.count(new StringReader(TEXT.substring(0, 100_000)));
    Map<String, Long> words = counter.counts();
    Map<String, Long> characters = new TreeMap<>();
    words.forEach(
        (word, count) ->
            word.codePoints()
                .forEach(c -> characters.merge(Character.toString(c), count, Long::sum)));
    UnigramModel model = UnigramTrainer.seed(words, characters);
    double first = model.expect(words).logLikelihood();
    double before = Double.NEGATIVE_INFINITY;
    for (int step = 0; step < 12; step++) {
      Expectation expected = model.expect(words);
      // What is held above zero for safety takes a few billionths from the rest.
      assertTrue(
          expected.logLikelihood() >= before * (1 + 1e-7) || step == 0,
          () -> "step: " + expected.logLikelihood());
      before = expected.logLikelihood();
      model = model.maximize(expected);
    }
    assertTrue(before > 0.9 * first, "from " + first + " to " + before);
  }

  /** Of "ab" and "cd", both frequent, "cd" is missed less: its parts are likely by themselves. */
  @Test
  void whatIsMissedLeastIsDropped() {
    UnigramModel model =
        new UnigramModel(
            List.of("a", "b", "c", "d", "ab", "cd"), new double[] {1, 1, 40, 40, 20, 20});
    Expectation expected = new Expectation(new double[] {1, 1, 40, 40, 20, 20}, 0);
    assertEquals(
        List.of("a", "ab", "b", "c", "d"),
        model.pruned(5, expected).result().stream().map(Piece::text).sorted().toList());
    // Characters stay, whatever is asked for first.
    assertEquals(
        List.of("a", "b", "c", "d"),
        model.pruned(4, expected).result().stream().map(Piece::text).sorted().toList());
  }

  // Whole trainings

  @Test
  void theVocabularyHasTheWantedSizeAndTheMostProbablePieceFirst() {
    for (int size : new int[] {400, 1000}) {
      UnigramTokenizer tokenizer =
          new UnigramTrainer(size).withSpecialTokens(END).train(TEXT.substring(0, 100_000));
      assertEquals(size, tokenizer.vocabularySize());
      assertEquals(size - 257, tokenizer.pieces().size());
      assertEquals(Map.of(END, 0), tokenizer.specialTokens());
      double[] logProbabilities =
          tokenizer.pieces().stream().mapToDouble(p -> -p.logProbability()).toArray();
      double[] sorted = logProbabilities.clone();
      Arrays.sort(sorted);
      assertArrayEquals(sorted, logProbabilities);
      double sum = Arrays.stream(logProbabilities).map(p -> Math.exp(-p)).sum();
      assertEquals(1, sum, 1e-9);
      assertEquals(TEXT, tokenizer.decode(tokenizer.encode(TEXT)));
    }
  }

  /** The same text, the same size, the same tokenizer: only the pieces differ. */
  @Test
  void noMoreTokensAreNeededThanWithThePiecesOfSentencePiece() {
    // SentencePiece takes each line by itself, with a space before it.
    String text = " " + TEXT.replaceAll("\n+", " ");
    UnigramTokenizer theirs = UnigramTokenizerTest.sentencePiece();
    UnigramTokenizer ours =
        new UnigramTrainer(theirs.vocabularySize())
            .withSpecialTokens("<unk>", "<s>", "</s>")
            .train(text);
    assertEquals(theirs.vocabularySize(), ours.vocabularySize());
    int want = theirs.encode(text).length;
    int got = ours.encode(text).length;
    assertTrue(got <= want, got + " tokens, with SentencePiece's " + want);
    assertTrue(got > 0.8 * want, got + " tokens, with SentencePiece's " + want);
  }

  @Test
  void piecesAreWhatTheTextRepeats() {
    UnigramTokenizer tokenizer = new UnigramTrainer(290).train("the cat and the hat. ".repeat(50));
    assertEquals(
        List.of(" cat", " and", " the", " hat", "."),
        Arrays.stream(tokenizer.encode(" cat and the hat.")).mapToObj(tokenizer::decode).toList());
  }

  @Test
  void aSmallTextGivesASmallerVocabulary() {
    UnigramTokenizer tokenizer = new UnigramTrainer(10_000).train("abab");
    assertEquals(
        List.of("a", "ab", "b"), tokenizer.pieces().stream().map(Piece::text).sorted().toList());
    assertEquals(259, tokenizer.vocabularySize());
  }

  @Test
  void rareCharactersBecomeBytesAndTheirNeighboursDoNotSuffer() {
    String text = "hello ".repeat(1000) + "he\u4E2Dllo";
    UnigramTokenizer most = new UnigramTrainer(300).train(text);
    UnigramTokenizer all = new UnigramTrainer(300).withCharacterCoverage(1).train(text);
    assertFalse(most.pieces().stream().anyMatch(p -> p.text().contains("\u4E2D")));
    assertTrue(all.pieces().stream().anyMatch(p -> p.text().equals("\u4E2D")));
    assertTrue(
        Arrays.stream(most.encode("\u4E2D")).mapToObj(most::token).toList().contains("<0xE4>"));
    assertEquals(text, most.decode(most.encode(text)));
    assertEquals(text, all.decode(all.encode(text)));
  }

  /** Nothing is learnt across a character that will be bytes. */
  @Test
  void wordsAreCutAtCharactersThatAreNotCovered() {
    Map<String, Long> words =
        Map.of("ab\u4E2Dcd\u4E2D", 3L, "\u4E2Dab", 2L, "\u4E2D\u4E2D", 5L, "abcd", 7L);
    assertEquals(
        Map.of("ab", 5L, "cd", 3L, "abcd", 7L),
        UnigramTrainer.within(words, Set.of("a", "b", "c", "d")));
  }

  @Test
  void theSameTextGivesTheSameVocabularyFromAStringAndFromFiles() throws IOException {
    UnigramTrainer trainer = new UnigramTrainer(500).withSpecialTokens(END, "<|end|>");
    String part = TEXT.substring(0, 20_000);
    // Odd lengths, so that pairs, words and special tokens lie across the ends of parts.
    String text = part + "\uD83D\uDE00".repeat(40_001) + END.repeat(20_000) + part + "<|end|>\n";
    UnigramTokenizer fromText = trainer.train(text);
    assertEquals(fromText, trainer.train(text));
    Path file = folder.resolve("text.txt");
    Files.writeString(file, "\uFEFF" + text);
    assertEquals(fromText, trainer.train(file));
    assertEquals(fromText, trainer.train(text.replace(END, "<|end|>")));
    Path one = folder.resolve("one.txt");
    Path two = folder.resolve("two.txt");
    int cut = text.indexOf(END);
    Files.writeString(one, text.substring(0, cut));
    Files.writeString(two, text.substring(cut));
    assertEquals(fromText, trainer.train(one, two));
    assertFalse(fromText.pieces().stream().anyMatch(p -> p.text().contains("endoftext")));
  }

  /** However the reader parts a text, its words are those of the whole. */
  @Test
  void wordsAreCountedAcrossParts() throws IOException {
    SplittableRandom random = new SplittableRandom(2);
    String[] bits = {"a", " ", "\n", "1", "!", "\u0301", "\uD83D\uDE00", "\uD83D", END, "   ", "b"};
    StringBuilder text = new StringBuilder();
    while (text.length() < 300_000) {
      text.append(bits[random.nextInt(bits.length)].repeat(random.nextInt(60) == 0 ? 2000 : 1));
    }
    Map<String, Long> want = new TreeMap<>();
    for (String part : text.toString().split(java.util.regex.Pattern.quote(END))) {
      for (int from = 0, to; from < part.length(); from = to) {
        to = Words.end(part, from, part.length());
        want.merge(Utf8.wholeCharacters(part.substring(from, to)), 1L, Long::sum);
      }
    }
    WordCounter counter = new WordCounter(List.of(END));
    counter.count(new StringReader(text.toString()));
    assertEquals(want, counter.counts());
  }

  @Test
  void anInterruptStopsIt() {
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancellationException.class, () -> new UnigramTrainer(1000).train(TEXT));
    } finally {
      assertTrue(Thread.interrupted(), "the flag stays for whoever asks next");
    }
  }

  // Bad input

  @Test
  void whatCannotBeIsRefused() {
    assertMessage("Wanted a vocabulary of 257 or more", () -> new UnigramTrainer(256));
    assertMessage(
        "Wanted a vocabulary of 258 or more (1 special",
        () -> new UnigramTrainer(257).withSpecialTokens(END));
    assertMessage("(0, 1], got 0.0", () -> new UnigramTrainer(300).withCharacterCoverage(0));
    assertMessage("got NaN", () -> new UnigramTrainer(300).withCharacterCoverage(Double.NaN));
    assertMessage("is there twice", () -> new UnigramTrainer(300).withSpecialTokens(END, END));
    assertMessage("the text is empty", () -> new UnigramTrainer(300).train(""));
    assertMessage("the text is empty", () -> new UnigramTrainer(300).train(new Path[0]));
    assertMessage(
        "needs a vocabulary of 282 or more (0 special tokens, 256 bytes, 26 characters); got 270",
        () -> new UnigramTrainer(270).train("abcdefghijklmnopqrstuvwxyz"));
  }

  @Test
  void filesThatCannotBeReadAreNamed() throws IOException {
    Path missing = folder.resolve("missing.txt");
    Path latin1 = folder.resolve("latin1.txt");
    Files.write(latin1, new byte[] {'a', (byte) 0xE9, 'b'});
    for (Path file : List.of(missing, latin1)) {
      String message =
          assertThrows(UncheckedIOException.class, () -> new UnigramTrainer(300).train(file))
              .getMessage();
      assertTrue(message.contains(file.toString()), message);
    }
  }

  private static void assertMessage(String part, Executable executable) {
    String message = assertThrows(IllegalArgumentException.class, executable).getMessage();
    assertTrue(message.contains(part), () -> "no <" + part + "> in: " + message);
  }
}
