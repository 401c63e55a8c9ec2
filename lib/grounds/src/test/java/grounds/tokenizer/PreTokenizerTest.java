package grounds.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PreTokenizerTest {

  @Test
  void gpt2KeepsTheSpaceBeforeAWordAndPartsContractions() {
    assertEquals(
        List.of(
            "I", "'ve", " met", " 3", "rd", "-", "class", " dogs", "!!", "  ", " ok", "'", "S",
            "\n", "\n", "x"),
        PreTokenizer.GPT2.split("I've met 3rd-class dogs!!   ok'S\n\nx"));
  }

  @Test
  void cl100kGroupsDigitsAndKeepsLineEndsWithSigns() {
    assertEquals(
        List.of(
            "I", "'VE", " met", " ", "123", "45", "rd", "-class", " dogs", "!!\n\n", "  ", " ok",
            "\n\n", "x"),
        PreTokenizer.CL100K.split("I'VE met 12345rd-class dogs!!\n\n   ok\n\nx"));
  }

  @ParameterizedTest
  @EnumSource(PreTokenizer.class)
  void equalsThePatternOnRandomText(PreTokenizer preTokenizer) {
    Pattern pattern =
        Pattern.compile(
            preTokenizer.pattern(), Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNICODE_CASE);
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 20_000; round++) {
      String text = RandomText.of(random, 1 + random.nextInt(25));
      List<String> expected = new ArrayList<>();
      Matcher matcher = pattern.matcher(Utf8.wholeCharacters(text));
      while (matcher.find()) {
        expected.add(matcher.group());
      }
      assertEquals(
          expected,
          preTokenizer.split(text),
          () -> "seed %d: %s".formatted(seed, RandomText.escaped(text)));
    }
  }

  @ParameterizedTest
  @EnumSource(PreTokenizer.class)
  void aTextMayBeCutWhereACutIsSaid(PreTokenizer preTokenizer) {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int cuts = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] text = Utf8.bytes(RandomText.of(random, 2 + random.nextInt(25)));
      int cut = preTokenizer.cut(text, 0, text.length);
      if (cut == PreTokenizer.NO_CUT) {
        continue;
      }
      cuts++;
      List<Integer> ends = ends(preTokenizer, text, 0, text.length);
      List<Integer> parts = ends(preTokenizer, text, 0, cut);
      parts.addAll(ends(preTokenizer, text, cut, text.length));
      assertEquals(ends, parts, () -> "seed " + seed);
    }
    assertTrue(cuts > 1000 || preTokenizer == PreTokenizer.NONE, cuts + " cuts");
  }

  private static List<Integer> ends(PreTokenizer preTokenizer, byte[] text, int from, int to) {
    List<Integer> ends = new ArrayList<>();
    for (int start = from; start < to; ) {
      start = preTokenizer.end(text, start, to);
      ends.add(start);
    }
    return ends;
  }

  @ParameterizedTest
  @EnumSource(PreTokenizer.class)
  void everyByteArrayIsCutIntoPieces(PreTokenizer preTokenizer) {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 20_000; round++) {
      byte[] text = new byte[1 + random.nextInt(12)];
      random.nextBytes(text);
      List<Integer> ends = ends(preTokenizer, text, 0, text.length);
      for (int i = 0, before = 0; i < ends.size(); before = ends.get(i++)) {
        assertTrue(ends.get(i) > before, () -> "seed " + seed);
      }
      assertEquals(text.length, ends.get(ends.size() - 1), () -> "seed " + seed);
    }
  }
}
