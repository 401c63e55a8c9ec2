package grounds.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The three ways of the encoder against the definition, on vocabularies that are made to be bad.
 */
class BpeEncoderTest {

  private static List<byte[]> withBytes(Set<String> tokens) {
    List<byte[]> all = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      all.add(new byte[] {(byte) b});
    }
    tokens.forEach(token -> all.add(token.getBytes(StandardCharsets.ISO_8859_1)));
    return all;
  }

  private static String text(Random random, int length, int letters) {
    StringBuilder text = new StringBuilder();
    while (text.length() < length) {
      if (random.nextInt(3) == 0) { // a run: where windows are hardest to fit together
        text.append(
            Character.toString('a' + random.nextInt(letters)).repeat(1 + random.nextInt(40)));
      } else {
        text.append((char) ('a' + random.nextInt(letters)));
      }
    }
    return text.substring(0, length);
  }

  /** Merges in any order, also of tokens that later merges make: no training gives these. */
  private static BpeTokenizer anyMerges(Random random, int letters, List<NaiveBpe.Pair> merges) {
    Set<String> tokens = new LinkedHashSet<>();
    List<String> all = new ArrayList<>();
    for (int i = 0; i < letters; i++) {
      all.add(Character.toString('a' + i));
    }
    List<String[]> pairs = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      String left = all.get(random.nextInt(all.size()));
      String right = all.get(random.nextInt(all.size()));
      if (left.length() + right.length() <= 12) {
        pairs.add(new String[] {left, right});
        if (tokens.add(left + right)) {
          all.add(left + right);
        }
      }
    }
    java.util.Collections.shuffle(pairs, random);
    List<byte[]> vocabulary = withBytes(tokens);
    List<String> names =
        vocabulary.stream().map(t -> new String(t, StandardCharsets.ISO_8859_1)).toList();
    List<BpeTokenizer.Pair> ids = new ArrayList<>();
    for (String[] pair : pairs) {
      ids.add(new BpeTokenizer.Pair(names.indexOf(pair[0]), names.indexOf(pair[1])));
      merges.add(
          new NaiveBpe.Pair(
              pair[0].getBytes(StandardCharsets.ISO_8859_1),
              pair[1].getBytes(StandardCharsets.ISO_8859_1)));
    }
    return new BpeTokenizer("any", PreTokenizer.NONE, vocabulary, ids, false, Map.of());
  }

  private static String encode(BpeEncoder encoder, BpeTokenizer tokenizer, String text) {
    IntList out = new IntList();
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    encoder.encode(bytes, 0, bytes.length, out);
    return Arrays.stream(out.toArray()).mapToObj(tokenizer::token).collect(Collectors.joining("|"));
  }

  @Test
  void equalsTheDefinitionAtEveryLength() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 400; round++) {
      int letters = 1 + random.nextInt(3);
      List<NaiveBpe.Pair> merges = new ArrayList<>();
      BpeTokenizer tokenizer = anyMerges(random, letters, merges);
      // A window far below the real one, so that a text of some hundred bytes has many seams.
      BpeEncoder encoder = tokenizer.encoder(16);
      for (int length : new int[] {1, 2, 8, 9, 15, 16, 17, 40, 49, 64, 65, 150, 700}) {
        String text = text(random, length, letters);
        String expected =
            NaiveBpe.encode(text.getBytes(StandardCharsets.ISO_8859_1), merges).stream()
                .map(Vocabulary::show)
                .collect(Collectors.joining("|"));
        String where = "seed " + seed + ", round " + round + ", text " + text;
        assertEquals(expected, encode(encoder, tokenizer, text), where);
        assertEquals(expected, encode(encoder, tokenizer, text), "remembered: " + where);
      }
    }
  }

  @Test
  void ranksDecideWhichEverTwoTokensMakeAToken() {
    // Tokens by rank; "abc" can be made of (a, bc) and of (ab, c).
    List<byte[]> tokens = withBytes(new LinkedHashSet<>(List.of("abc", "bc", "ab", "aa", "aaa")));
    BpeTokenizer tokenizer = BpeTokenizer.ofRanks("ranks", PreTokenizer.NONE, tokens, Map.of());
    assertEquals("abc", encode(tokenizer.encoder(16), tokenizer, "abc"));
    assertEquals("ab|d|bc|aa|aa", encode(tokenizer.encoder(16), tokenizer, "abdbcaaaa"));
  }

  @Test
  void aPieceThatIsATokenIsThatTokenWhereRanksDecide() {
    // No two tokens make "xyz": only as a whole piece is it found.
    List<byte[]> tokens = withBytes(new LinkedHashSet<>(List.of("xyz")));
    BpeTokenizer ranks = BpeTokenizer.ofRanks("ranks", PreTokenizer.GPT2, tokens, Map.of());
    assertEquals("xyz", encode(ranks.encoder(16), ranks, "xyz"));
    assertEquals("x|y|z|x", encode(ranks.encoder(16), ranks, "xyzx"));
    BpeTokenizer merges =
        new BpeTokenizer("merges", PreTokenizer.GPT2, tokens, List.of(), false, Map.of());
    assertEquals("x|y|z", encode(merges.encoder(16), merges, "xyz"));
  }

  @Test
  void longPiecesOfTheRealVocabulariesEqualOneMergeOfAllOfThem() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (BpeTokenizer tokenizer : List.of(BpeTokenizer.gpt2(), BpeTokenizer.cl100k())) {
      for (String unit : List.of("a", " ", "\n", "=", "\uD83D\uDE00", "\u4E2D", "ab", "random")) {
        String text =
            unit.equals("random")
                ? random
                    .ints(40_000, 'a', 'z' + 1)
                    .mapToObj(Character::toString)
                    .collect(Collectors.joining())
                : unit.repeat(20_000);
        byte[] bytes = Utf8.bytes(text);
        BpeEncoder whole = tokenizer.encoder(bytes.length);
        whole.merge(bytes, 0, bytes.length);
        BpeEncoder windows = tokenizer.encoder(64);
        IntList out = new IntList();
        windows.encodeInWindows(bytes, 0, bytes.length, out);
        assertEquals(whole.count(), out.size(), unit + ", seed " + seed);
        for (int i = 0; i < out.size(); i++) {
          assertEquals(whole.id(i), out.get(i), unit + " at " + i + ", seed " + seed);
        }
      }
    }
  }
}
