package grounds.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BpeTrainerTest {

  @TempDir Path folder;

  private static String merges(BpeTokenizer tokenizer) {
    return tokenizer.merges().stream()
        .map(m -> tokenizer.token(m.left()) + "+" + tokenizer.token(m.right()))
        .collect(Collectors.joining(" "));
  }

  private static String tokens(BpeTokenizer tokenizer, String text) {
    return Arrays.stream(tokenizer.encode(text))
        .mapToObj(tokenizer::token)
        .collect(Collectors.joining("|"));
  }

  // https://en.wikipedia.org/wiki/Byte-pair_encoding: XdXac with X=ZY, Y=ab, Z=aa
  @Test
  void threeMergesGiveTheResultOfTheEncyclopedia() {
    BpeTokenizer tokenizer =
        new BpeTrainer(259).preTokenizer(PreTokenizer.NONE).train("aaabdaaabac");
    assertEquals("aaab|d|aaab|a|c", tokens(tokenizer, "aaabdaaabac"));
    assertArrayEquals(new int[] {258, 'd', 258, 'a', 'c'}, tokenizer.encode("aaabdaaabac"));
    // (aa, a) and (a, b) both occur twice: the greater pair of byte strings is first.
    assertEquals("a+a aa+a aaa+b", merges(tokenizer));
  }

  // Four words in a pattern as in Sennrich et al. 2016, algorithm 1, counted by hand: es 9, est 9,
  // then lo 7, then low 7.
  @Test
  void frequenciesOfWordsCount() {
    PieceCounts pieces = new PieceCounts();
    Map.of("low", 5, "lower", 2, "newest", 6, "widest", 3)
        .forEach((word, count) -> pieces.add(word.getBytes(StandardCharsets.UTF_8), count));
    List<String> seen = new ArrayList<>();
    BpeTokenizer tokenizer =
        new BpeTrainer(260)
            .onMerge(m -> seen.add(m.number() + " " + m.left() + m.right() + " " + m.count()))
            .train(pieces);
    assertEquals(List.of("1 st 9", "2 est 9", "3 ow 7", "4 low 7"), seen);
    assertEquals("s+t e+st o+w l+ow", merges(tokenizer));
  }

  @Test
  void amongEqualsTheGreaterPairOfUnsignedBytesIsFirst() {
    // Signed, 0xC3 would come before 'a'; as text, "é" has more characters to compare.
    assertEquals(
        "\\xC3+\\xA9", merges(new BpeTrainer(257).train("ab\u00E9ab\u00E9".substring(0, 3))));
    assertEquals("b+c", merges(new BpeTrainer(257).train("abc")));
    // The left token decides first: (b, a) before (a, z).
    assertEquals("b+a", merges(new BpeTrainer(257).train("baz")));
  }

  @ParameterizedTest
  @EnumSource(PreTokenizer.class)
  void equalsTheDefinition(PreTokenizer preTokenizer) {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 60; round++) {
      int letters = 1 + random.nextInt(4);
      String alphabet = "ab \u00E9".substring(0, letters);
      String text =
          random
              .ints(1 + random.nextInt(400), 0, letters)
              .mapToObj(i -> alphabet.substring(i, i + 1))
              .collect(Collectors.joining());
      int size = 256 + random.nextInt(60);
      List<byte[]> pieces =
          preTokenizer.split(text).stream()
              .map(piece -> piece.getBytes(StandardCharsets.UTF_8))
              .toList();
      List<NaiveBpe.Pair> expected = NaiveBpe.train(pieces, size);
      BpeTokenizer tokenizer = new BpeTrainer(size).preTokenizer(preTokenizer).train(text);
      String where = "seed " + seed + ", round " + round + ", text <" + text + ">";
      assertEquals(
          expected.stream()
              .map(p -> Vocabulary.show(p.left()) + "+" + Vocabulary.show(p.right()))
              .collect(Collectors.joining(" ")),
          merges(tokenizer),
          where);
      for (byte[] piece : pieces) {
        assertEquals(
            NaiveBpe.encode(piece, expected).stream()
                .map(Vocabulary::show)
                .collect(Collectors.joining("|")),
            tokens(tokenizer, new String(piece, StandardCharsets.UTF_8)),
            where);
      }
    }
  }

  @Test
  void oneTokenForBytesThatTwoMergesMake() {
    // abc is made of (ab, c) in one word and of (a, bc) in another, where bc was merged first.
    PieceCounts pieces = new PieceCounts();
    pieces.add("xbc".getBytes(StandardCharsets.UTF_8), 10);
    pieces.add("abd".getBytes(StandardCharsets.UTF_8), 9);
    pieces.add("abc".getBytes(StandardCharsets.UTF_8), 8);
    BpeTokenizer tokenizer = new BpeTrainer(300).train(pieces);
    assertEquals(
        tokenizer.vocabularySize(),
        IntStream.range(0, tokenizer.vocabularySize())
            .mapToObj(tokenizer::token)
            .distinct()
            .count());
  }

  @Test
  void aTextTooShortGivesASmallerVocabulary() {
    BpeTokenizer tokenizer = new BpeTrainer(10_000).train("so so");
    assertEquals("s+o \u0020+so", merges(tokenizer));
    assertEquals(258, tokenizer.vocabularySize());
  }

  @Test
  void specialTokensComeLastAndAreNotLearnedFrom() {
    String text = "ab<|end|>ab<|end|>ab<|end|>";
    BpeTokenizer tokenizer = new BpeTrainer(259).specialTokens("<|end|>", "<|pad|>").train(text);
    assertEquals("a+b", merges(tokenizer));
    assertEquals(Map.of("<|end|>", 257, "<|pad|>", 258), tokenizer.specialTokens());
    assertArrayEquals(
        new int[] {256, 257, 256, 257, 256, 257}, tokenizer.encode(text, SpecialText.allowed()));
  }

  @Test
  void filesThreadsAndBlocksChangeNothing() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    StringBuilder text = new StringBuilder();
    while (text.length() < 60_000) {
      int letters = 1 + random.nextInt(9);
      random.ints(letters, 'a', 'h').forEach(text::appendCodePoint);
      text.append(random.nextInt(9) == 0 ? ".\n" : random.nextInt(30) == 0 ? "<| end |>" : " ");
    }
    Path file = folder.resolve("text.txt");
    Files.writeString(file, text);
    BpeTrainer trainer = new BpeTrainer(600).specialTokens("<| end |>");
    String expected = merges(trainer.train(text.toString()));
    for (int threads : new int[] {1, 2, 5}) {
      for (int block : new int[] {64, 1000, 1 << 20}) {
        assertEquals(
            expected,
            merges(trainer.threads(threads).train(file, block)),
            "seed " + seed + ", threads " + threads + ", block " + block);
      }
    }
  }

  /** A text that cannot be cut is one part, however long it is. */
  @Test
  void whereNothingIsSureToEndNothingIsCut() throws Exception {
    Path file = Files.writeString(folder.resolve("text.txt"), "überall".repeat(1000));
    for (PreTokenizer preTokenizer : PreTokenizer.values()) {
      BpeTrainer trainer = new BpeTrainer(260).preTokenizer(preTokenizer).threads(4);
      assertEquals(1, trainer.counter().parts(file, 4, 64).size());
      assertEquals(merges(trainer.train(Files.readString(file))), merges(trainer.train(file, 64)));
    }
  }

  @Test
  void badInputIsNamed() {
    String size =
        assertThrows(
                IllegalArgumentException.class,
                () -> new BpeTrainer(257).specialTokens("<a>", "<b>"))
            .getMessage();
    assertTrue(size.contains("2 special tokens") && size.contains("258 or more, got 257"), size);
    assertThrows(IllegalArgumentException.class, () -> new BpeTrainer(255));
    assertThrows(IllegalArgumentException.class, () -> new BpeTrainer((1 << 20) + 1));
    assertThrows(IllegalArgumentException.class, () -> new BpeTrainer(300).specialTokens("a", "a"));
    assertThrows(IllegalArgumentException.class, () -> new BpeTrainer(300).threads(0));
    String empty =
        assertThrows(IllegalArgumentException.class, () -> new BpeTrainer(300).train(""))
            .getMessage();
    assertTrue(empty.contains("no text to learn from"), empty);
    Path none = folder.resolve("none.txt");
    String missing =
        assertThrows(UncheckedIOException.class, () -> new BpeTrainer(300).train(none))
            .getMessage();
    assertTrue(missing.contains(none.toString()), missing);
    assertThrows(IllegalArgumentException.class, () -> new PieceCounts().add(new byte[0], 1));
    assertThrows(IllegalArgumentException.class, () -> new PieceCounts().add(new byte[1], 0));
  }

  @Test
  void anInterruptStopsTheTraining() {
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancellationException.class, () -> new BpeTrainer(300).train("to be or not"));
    } finally {
      assertTrue(Thread.interrupted());
    }
    assertFalse(Thread.currentThread().isInterrupted());
  }
}
