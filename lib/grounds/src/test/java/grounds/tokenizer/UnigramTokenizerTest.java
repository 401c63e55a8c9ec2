package grounds.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import grounds.Reference;
import grounds.tokenizer.Segmentations.Cut;
import grounds.tokenizer.UnigramTokenizer.Piece;
import grounds.tokenizer.UnigramTokenizer.Segmentation;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnigramTokenizerTest implements TokenizerContract {
  private static final String EMOJI = "\uD83D\uDE00";
  private static final String END = "<|endoftext|>";

  /** Enough ways through "abcabc" to tell them apart; none is equal to another by chance. */
  private static final List<Piece> PIECES =
      List.of(
          new Piece("a", -2.1),
          new Piece("b", -1.7),
          new Piece("c", -2.9),
          new Piece("ab", -2.3),
          new Piece("bc", -3.1),
          new Piece("abc", -4.7),
          new Piece("ca", -3.7),
          new Piece("cabc", -6.1),
          new Piece(" ", -2.5),
          new Piece(" a", -2.7));

  private static final UnigramTokenizer TOKENIZER = UnigramTokenizer.of(PIECES, END, "<pad>");

  @Override
  public Tokenizer tokenizer() {
    return TOKENIZER;
  }

  @Override
  public List<String> texts() {
    return List.of(
        "abc",
        "a cab, ab  ab\n\n ab",
        "\u00E9\u4E2D" + EMOJI,
        " ",
        "     \n",
        "\t\r\nabc\r\n",
        "\u2581a\u2581",
        "<0x41>",
        "\u0000\uFEFF\uFFFD",
        "e\u0301\u0301 \u0301");
  }

  // Outside references

  @Test
  void theBestSegmentationIsThatOfTheTokenizersLibrary() {
    JsonObject json = Reference.json("unigram-viterbi");
    String[] texts = new Gson().fromJson(json.get("pieces"), String[].class);
    double[] scores = new Gson().fromJson(json.get("logProbabilities"), double[].class);
    List<Piece> pieces =
        IntStream.range(0, texts.length).mapToObj(i -> new Piece(texts[i], scores[i])).toList();
    assertReference(json, UnigramTokenizer.of(pieces), "");
  }

  @Test
  void aVocabularyOfSentencePieceIsReadAndGivesItsIds() {
    assertReference(Reference.json("unigram-sentencepiece"), sentencePiece(), " ");
  }

  /** The vocabulary that SentencePiece learnt from the three tragedies. */
  static UnigramTokenizer sentencePiece() {
    return UnigramTokenizer.load(
        Path.of("src/test/resources/reference/unigram-sentencepiece.vocab"));
  }

  private static void assertReference(JsonObject json, UnigramTokenizer tokenizer, String prefix) {
    String[] words = new Gson().fromJson(json.get("words"), String[].class);
    int[][] ids = new Gson().fromJson(json.get("ids"), int[][].class);
    assertTrue(words.length > 100 && ids.length == words.length);
    for (int i = 0; i < words.length; i++) {
      String word = prefix + words[i];
      assertEquals(word.length(), Words.end(word, 0, word.length()), "one word: " + word);
      assertArrayEquals(ids[i], tokenizer.encode(word), word);
      assertEquals(word, tokenizer.decode(ids[i]));
    }
  }

  // Against all segmentations, one by one

  @ParameterizedTest
  @ValueSource(strings = {"a", "abc", "abcabc", "cabcab", "bcabcabca", " abcab", "  ab"})
  void bestAndSumAreThoseOfAllSegmentations(String text) {
    List<String> words = cut(text);
    List<Cut> cuts = new ArrayList<>(List.of(new Cut(List.of(), 0)));
    double logSum = 0;
    for (String word : words) {
      Segmentations segmentations = Segmentations.of(word, PIECES);
      logSum += Math.log(segmentations.sum(1));
      List<Cut> longer = new ArrayList<>();
      for (Cut before : cuts) {
        for (Cut cut : segmentations.all()) {
          List<String> pieces = new ArrayList<>(before.pieces());
          pieces.addAll(cut.pieces());
          longer.add(new Cut(pieces, before.logProbability() + cut.logProbability()));
        }
      }
      cuts = longer;
    }
    cuts.sort(Comparator.comparingDouble(Cut::logProbability).reversed());
    assertEquals(logSum, TOKENIZER.logLikelihood(text), 1e-12);
    Set<List<String>> left = cuts.stream().map(Cut::pieces).collect(Collectors.toSet());
    List<Segmentation> all = TOKENIZER.best(text, 1000);
    assertEquals(cuts.size(), all.size());
    for (int i = 0; i < all.size(); i++) {
      // The same pieces in another order are as probable: the order among those is not asked for.
      int[] ids = ids(all.get(i));
      assertEquals(cuts.get(i).logProbability(), all.get(i).logProbability(), 1e-12);
      assertEquals(cuts.get(i).logProbability(), TOKENIZER.logProbability(ids), 1e-12);
      assertTrue(left.remove(pieces(ids)), "each once");
    }
    for (int n = 1; n <= 5; n++) {
      assertEquals(all.subList(0, Math.min(n, all.size())), TOKENIZER.best(text, n));
    }
    assertArrayEquals(ids(all.get(0)), TOKENIZER.encode(text));
  }

  private static int[] ids(Segmentation segmentation) {
    return segmentation.ids().stream().mapToInt(id -> id).toArray();
  }

  /** Pearson's test: the statistic has the mean df and the deviation sqrt(2 df). */
  @ParameterizedTest
  @ValueSource(doubles = {0, 0.2, 0.5, 1})
  void samplesComeInProportion(double alpha) {
    String text = "abcabc";
    Segmentations segmentations = Segmentations.of(text, PIECES);
    int samples = 100_000;
    SplittableRandom random = new SplittableRandom(7);
    Map<List<String>, Integer> seen = new HashMap<>();
    for (int i = 0; i < samples; i++) {
      seen.merge(pieces(TOKENIZER.sample(text, alpha, random)), 1, Integer::sum);
    }
    double statistic = 0;
    for (Cut cut : segmentations.all()) {
      double expected = samples * segmentations.share(cut, alpha);
      assertTrue(expected > 10, "too few expected to test: " + cut);
      statistic += Math.pow(seen.getOrDefault(cut.pieces(), 0) - expected, 2) / expected;
    }
    int freedom = segmentations.all().size() - 1;
    assertTrue(freedom >= 15, "segmentations: " + (freedom + 1));
    assertEquals(freedom, statistic, 3 * Math.sqrt(2.0 * freedom));
  }

  @Test
  void aLargeAlphaGivesTheBestSegmentationAndTheSameSeedTheSameSample() {
    String text = "abcab cab abc " + EMOJI; // no two segmentations as probable
    assertArrayEquals(TOKENIZER.encode(text), TOKENIZER.sample(text, 1e6, new SplittableRandom(1)));
    assertArrayEquals(
        TOKENIZER.sample(text, 0.3, new SplittableRandom(1)),
        TOKENIZER.sample(text, 0.3, new SplittableRandom(1)));
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 100; i++) {
      assertEquals(text, TOKENIZER.decode(TOKENIZER.sample(text, i / 100.0, random)));
    }
  }

  @Test
  void ofEqualSegmentationsTheLongestLastPieceCounts() {
    UnigramTokenizer tokenizer =
        UnigramTokenizer.of(
            List.of(
                new Piece("a", -1), new Piece("aa", -2), new Piece("aaa", -3), new Piece("b", -4)));
    assertEquals(List.of("a", "aaa"), pieces(tokenizer, tokenizer.encode("aaaa")));
    assertEquals(
        List.of(List.of("a", "aaa"), List.of("aa", "aa"), List.of("a", "a", "aa")),
        tokenizer.best("aaaa", 8).stream()
            .map(s -> pieces(tokenizer, ids(s)))
            .filter(p -> !p.get(p.size() - 1).equals("a"))
            .toList());
  }

  // Words and bytes

  @Test
  void textIsCutIntoWords() {
    assertEquals(List.of("It", "'", "s", " 1990", ",", " don", "'", "t"), cut("It's 1990, don't"));
    assertEquals(List.of("a", "  ", " b", "   "), cut("a   b   "));
    assertEquals(List.of("a", "  ", "\n\r\n", "   ", " b", "\n"), cut("a  \n\r\n    b\n"));
    assertEquals(List.of("\t\t", "x", "_", "1"), cut("\t\tx_1"));
    assertEquals(List.of("e\u0301a", "\u2764\uFE0F" + EMOJI), cut("e\u0301a\u2764\uFE0F" + EMOJI));
    assertEquals(List.of("\u0301", "a"), cut("\u0301a"));
    assertEquals(List.of("a".repeat(1024), "a"), cut("a".repeat(1025)));
    assertEquals(List.of(" ".repeat(1024), " ", " b"), cut(" ".repeat(1026) + "b"));
    assertEquals(
        List.of("!" + EMOJI.repeat(511), EMOJI), cut("!" + EMOJI.repeat(512)), "no half emoji");
  }

  private static List<String> cut(String text) {
    List<String> words = new ArrayList<>();
    for (int from = 0, to; from < text.length(); from = to) {
      to = Words.end(text, from, text.length());
      words.add(text.substring(from, to));
    }
    return words;
  }

  @Test
  void aPieceReachesOverNoEndOfAWord() {
    UnigramTokenizer tokenizer =
        UnigramTokenizer.of(List.of(new Piece("a b", -1), new Piece("a", -9), new Piece(" b", -9)));
    assertEquals(List.of("a", " b"), pieces(tokenizer, tokenizer.encode("a b")));
  }

  @Test
  void aCharacterWithoutAPieceBecomesItsBytes() {
    int[] ids = TOKENIZER.encode("a\u4E2Db");
    assertEquals(
        List.of("a", "<0xE4>", "<0xB8>", "<0xAD>", "b"),
        Arrays.stream(ids).mapToObj(TOKENIZER::token).toList());
    // The lowest is -6.1, and the penalty 10; once for three bytes.
    assertEquals(-2.1 - 16.1 - 1.7, TOKENIZER.logProbability(ids), 1e-12);
    assertEquals(-2.1 - 16.1 - 1.7, TOKENIZER.logLikelihood("a\u4E2Db"), 1e-12);
    assertEquals(0, TOKENIZER.logProbability(0, 1), "special tokens");
    assertEquals("\u2581a", TOKENIZER.token(TOKENIZER.encode(" a")[0]));
    assertArrayEquals(new byte[] {' ', 'a'}, TOKENIZER.tokenBytes(TOKENIZER.encode(" a")[0]));
  }

  /** That longer pieces begin with a character does not make it one. */
  @Test
  void aCharacterWithoutAPieceMayBeginOne() {
    UnigramTokenizer tokenizer =
        UnigramTokenizer.of(List.of(new Piece("ab", -9), new Piece("bc", -1)));
    assertArrayEquals(new int[] {'a', 257}, tokenizer.encode("abc"));
    // "ab" and the byte c, the byte a and "bc", or three bytes; a byte has -9 - 10.
    assertEquals(
        Math.log(Math.exp(-28) + Math.exp(-20) + Math.exp(-57)),
        tokenizer.logLikelihood("abc"),
        1e-12);
    assertEquals(3, tokenizer.best("abc", 10).size());
  }

  @Test
  void everyCharacterOfUnicodeComesBack() {
    StringBuilder text = new StringBuilder();
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
        text.appendCodePoint(c);
      }
    }
    assertEquals(text.toString(), TOKENIZER.decode(TOKENIZER.encode(text.toString())));
  }

  @Test
  void halfACharacterBecomesTheReplacementCharacter() {
    assertEquals("a\uFFFDb", TOKENIZER.decode(TOKENIZER.encode("a\uD83Db")));
    assertEquals("\uFFFD\uFFFD", TOKENIZER.decode(TOKENIZER.encode("\uDE00\uD83D")));
    assertEquals("\uFFFD" + EMOJI, TOKENIZER.decode(TOKENIZER.encode("\uD83D" + EMOJI)));
  }

  @Test
  void randomTextsComeBackAndTheStreamAgreesWithDecode() {
    SplittableRandom random = new SplittableRandom(3);
    int[] alphabet = ("abc \n\r\t!1\u0301\u200D\u4E2D" + EMOJI).codePoints().toArray();
    for (int run = 0; run < 2000; run++) {
      String text =
          random
              .ints(random.nextInt(40), 0, alphabet.length)
              .mapToObj(i -> Character.toString(alphabet[i]))
              .collect(Collectors.joining());
      assertEquals(text, TOKENIZER.decode(TOKENIZER.encode(text)));
      int[] ids = random.ints(random.nextInt(40), 0, TOKENIZER.vocabularySize()).toArray();
      StreamingDecoder stream = new StreamingDecoder(TOKENIZER);
      StringBuilder streamed = new StringBuilder();
      Arrays.stream(ids).forEach(id -> streamed.append(stream.next(id)));
      assertEquals(TOKENIZER.decode(ids), streamed.append(stream.end()).toString());
    }
  }

  /** A second or less each on a quiet machine; what is quadratic would take hours. */
  @Test
  void worstCasesTakeTimeInProportionToTheirLength() {
    int size = 1 << 20;
    List<Piece> pieces = new ArrayList<>(PIECES);
    for (int n = 2; n <= 16; n++) {
      pieces.add(new Piece("a".repeat(n), -n));
      pieces.add(new Piece(" ".repeat(n), -n));
    }
    UnigramTokenizer tokenizer = UnigramTokenizer.of(pieces, END);
    SplittableRandom random = new SplittableRandom(5);
    String letters =
        random
            .ints(size, 'a', 'z' + 1)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    for (String text :
        List.of(
            "a".repeat(size),
            " ".repeat(size),
            "\n".repeat(size),
            EMOJI.repeat(size / 2),
            "\u0301".repeat(size),
            letters)) {
      assertTimeoutPreemptively(
          Duration.ofSeconds(100),
          () -> {
            assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
            String part = text.substring(0, size / 8);
            assertEquals(part, tokenizer.decode(tokenizer.sample(part, 0.5, random)));
            assertTrue(tokenizer.logLikelihood(part) < 0);
            assertEquals(1, tokenizer.best(part, 1).size());
          });
    }
  }

  @Test
  void theLeastProbablePiecesAndTheLargestAlphaAreStillNumbers() {
    UnigramTokenizer tokenizer =
        UnigramTokenizer.of(List.of(new Piece("a", -1e9), new Piece("aa", -1e9)));
    String text = "a".repeat(1024) + "\u4E2D".repeat(1024);
    int[] ids = tokenizer.encode(text);
    assertEquals(512 + 3 * 1024, ids.length);
    assertArrayEquals(ids, tokenizer.sample(text, 1e9, new SplittableRandom(1)));
  }

  @Test
  void anInterruptStopsALongText() {
    String text = "ab ".repeat(5000);
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancellationException.class, () -> TOKENIZER.encode(text));
      assertEquals("ab", TOKENIZER.decode(TOKENIZER.encode("ab")), "a short one is done at once");
    } finally {
      assertTrue(Thread.interrupted(), "the flag stays for whoever asks next");
    }
  }

  // Special tokens

  @Test
  void specialTokensComeOnlyWhereTheyAreAllowed() {
    assertEquals(Map.of(END, 0, "<pad>", 1), TOKENIZER.specialTokens());
    String text = "ab" + END + "ab";
    assertMessage("special token " + END, () -> TOKENIZER.encode(text));
    assertMessage("special token " + END, () -> TOKENIZER.sample(text, 1, new SplittableRandom()));
    assertMessage("special token " + END, () -> TOKENIZER.best(text, 1));
    assertMessage("special token " + END, () -> TOKENIZER.logLikelihood(text));
    int ab = TOKENIZER.encode("ab")[0];
    assertArrayEquals(new int[] {ab, 0, ab}, TOKENIZER.encode(text, SpecialText.allowed(END)));
    assertTrue(Arrays.stream(TOKENIZER.encode(text, SpecialText.plain())).allMatch(id -> id > 1));
    assertEquals(text, TOKENIZER.decode(ab, 0, ab));
    assertEquals(text, TOKENIZER.decode(TOKENIZER.encode(text, SpecialText.plain())));
    assertEquals(END, TOKENIZER.token(0));
  }

  // Bad input

  @Test
  void piecesThatCannotBeAreRefused() {
    assertMessage("at least one character", () -> new Piece("", -1));
    assertMessage("half of one", () -> new Piece("a\uD83D", -1));
    assertMessage("that of 'a' is NaN", () -> new Piece("a", Double.NaN));
    assertMessage("that of 'a' is 0.5", () -> new Piece("a", 0.5));
    assertMessage("that of 'a' is -1.1E9", () -> new Piece("a", -1.1e9));
    assertMessage("that of 'a' is -Infinity", () -> new Piece("a", Double.NEGATIVE_INFINITY));
    assertMessage(
        "'a' is piece 0 and piece 1",
        () -> UnigramTokenizer.of(List.of(new Piece("a", -1), new Piece("a", -2))));
    assertMessage("<x> is there twice", () -> UnigramTokenizer.of(PIECES, "<x>", "<x>"));
    assertMessage("not <0x00>; got ''", () -> UnigramTokenizer.of(PIECES, ""));
    assertMessage("not <0x00>; got '<0x00>'", () -> UnigramTokenizer.of(PIECES, "<0x00>"));
  }

  @Test
  void argumentsOutOfRangeComeWithTheRange() {
    assertMessage("0 to 267; got 268", () -> TOKENIZER.decode(268));
    assertMessage("0 to 267; got -1", () -> TOKENIZER.logProbability(0, -1));
    assertMessage("0 to 267; got 268", () -> TOKENIZER.tokenBytes(268));
    for (double alpha : new double[] {-0.1, Double.NaN, 1.1e9, Double.POSITIVE_INFINITY}) {
      assertMessage("got " + alpha, () -> TOKENIZER.sample("a", alpha, new SplittableRandom()));
    }
    assertMessage("got 0", () -> TOKENIZER.best("a", 0));
  }

  @Test
  void withoutPiecesEverythingIsBytes() {
    UnigramTokenizer bytes = UnigramTokenizer.of(List.of());
    assertArrayEquals(new int[] {'a', ' ', 0xC3, 0xA9}, bytes.encode("a \u00E9"));
    assertEquals(256, bytes.vocabularySize());
  }

  @Test
  void equalOnesAreEqualAndTheTextFormCounts() {
    assertEquals(TOKENIZER, UnigramTokenizer.of(PIECES, END, "<pad>"));
    assertEquals(TOKENIZER.hashCode(), UnigramTokenizer.of(PIECES, END, "<pad>").hashCode());
    assertNotEquals(TOKENIZER, UnigramTokenizer.of(PIECES, END));
    assertNotEquals(TOKENIZER, UnigramTokenizer.of(PIECES.subList(1, 10), END, "<pad>"));
    assertEquals("UnigramTokenizer(2 special tokens, 256 bytes, 10 pieces)", TOKENIZER.toString());
  }

  private static List<String> pieces(int[] ids) {
    return pieces(TOKENIZER, ids);
  }

  private static List<String> pieces(UnigramTokenizer tokenizer, int[] ids) {
    return Arrays.stream(ids).mapToObj(tokenizer::decode).toList();
  }

  private static void assertMessage(String part, Executable executable) {
    String message = assertThrows(IllegalArgumentException.class, executable).getMessage();
    assertTrue(message.contains(part), () -> "no <" + part + "> in: " + message);
  }
}
