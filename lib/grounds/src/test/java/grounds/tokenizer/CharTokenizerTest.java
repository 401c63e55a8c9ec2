package grounds.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class CharTokenizerTest implements TokenizerContract {
  private static final String EMOJI = "\uD83D\uDE00"; // U+1F600, two chars and one character

  @Override
  public Tokenizer tokenizer() {
    return CharTokenizer.of("hello world\n" + EMOJI + "\u00E9\uFFFD");
  }

  @Override
  public List<String> texts() {
    return List.of("hello", "low\nroll\uFFFD", EMOJI + "\u00E9" + EMOJI, "\n");
  }

  @Test
  void idsFollowTheOrderOfTheCodePoints() {
    CharTokenizer tokenizer = CharTokenizer.of("banana" + EMOJI + "\n\uFFFD");
    assertEquals("\nabn\uFFFD" + EMOJI, tokenizer.vocabulary());
    assertEquals(6, tokenizer.vocabularySize());
    assertArrayEquals(
        new int[] {2, 1, 3, 1, 3, 1, 5, 0, 4}, tokenizer.encode("banana" + EMOJI + "\n\uFFFD"));
    assertEquals("ban" + EMOJI, tokenizer.decode(2, 1, 3, 5));
    assertEquals(EMOJI, tokenizer.token(5));
  }

  @Test
  void aGivenVocabularyKeepsItsOrderAndComesBack() {
    CharTokenizer tokenizer = CharTokenizer.ofVocabulary("zax" + EMOJI);
    assertArrayEquals(new int[] {0, 3, 2, 1}, tokenizer.encode("z" + EMOJI + "xa"));
    assertEquals("zax" + EMOJI, tokenizer.vocabulary());
    assertEquals(tokenizer, CharTokenizer.ofVocabulary(tokenizer.vocabulary()));
    assertEquals(
        tokenizer.hashCode(), CharTokenizer.ofVocabulary(tokenizer.vocabulary()).hashCode());
    assertNotEquals(tokenizer, CharTokenizer.of(tokenizer.vocabulary()));
  }

  @Test
  void anUnknownCharacterIsNamedWithItsPlaceAndSurroundings() {
    CharTokenizer tokenizer = CharTokenizer.of("abc xyz\n" + EMOJI);
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> tokenizer.encode("abc" + EMOJI + "xyz\ncab \u00E9 zyx"))
            .getMessage();
    for (String part :
        List.of(
            "vocabulary of 9 characters",
            "'\u00E9' (U+00E9)",
            "position 12",
            "xyz\\ncab >>\u00E9<< zyx\"",
            "CharTokenizer.of(text)")) {
      assertTrue(message.contains(part), () -> "no <" + part + "> in: " + message);
    }
  }

  @Test
  void unknownCharactersBeyond16BitsAndControlCharactersAreNamed() {
    CharTokenizer tokenizer = CharTokenizer.of("abc");
    assertMessage("(U+1F600), at position 0", () -> tokenizer.encode(EMOJI));
    assertMessage("U+000D, at position 1", () -> tokenizer.encode("a\rb"));
    assertMessage("a>>\\uD83D<<b", () -> tokenizer.encode("a\uD83Db"));
  }

  @Test
  void anIdOutOfRangeComesWithTheRange() {
    assertMessage("0 to 2; got 3", () -> CharTokenizer.of("abc").decode(0, 1, 3));
  }

  @Test
  void vocabulariesThatCannotBeAreRefused() {
    assertMessage("at least one character", () -> CharTokenizer.of(""));
    assertMessage("at least one character", () -> CharTokenizer.ofVocabulary(""));
    assertMessage("'l' (U+006C) is there at 2 and at 3", () -> CharTokenizer.ofVocabulary("hello"));
    assertMessage(
        "(U+1F600) is there at 0 and at 1", () -> CharTokenizer.ofVocabulary(EMOJI + EMOJI));
    assertMessage("half of a character", () -> CharTokenizer.of("a\uDE00\uD83D"));
  }

  @Test
  void theTextFormShowsTheVocabulary() {
    assertEquals("CharTokenizer(3 characters: \\nab)", CharTokenizer.of("ba\n").toString());
  }

  private static void assertMessage(
      String part, org.junit.jupiter.api.function.Executable executable) {
    String message = assertThrows(IllegalArgumentException.class, executable).getMessage();
    assertTrue(message.contains(part), () -> "no <" + part + "> in: " + message);
  }
}
