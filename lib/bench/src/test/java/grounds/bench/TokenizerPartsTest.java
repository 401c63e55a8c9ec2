package grounds.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.tokenizer.BpeTokenizer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TokenizerPartsTest {

  private static final TokenizerParts PARTS = new TokenizerParts();

  @BeforeAll
  static void makeTexts() {
    PARTS.makeTexts();
  }

  @Test
  void everyPartWorksOnAMegabyte() {
    String text = PARTS.decode();
    assertTrue(text.length() >= 1_000_000, "length " + text.length());
    assertEquals(text, BpeTokenizer.gpt2().decode(PARTS.encodeCommonWords()));
    for (int[] ids : new int[][] {PARTS.encodeNewWords(), PARTS.encodeOneWord()}) {
      assertTrue(ids.length > 300_000, "tokens " + ids.length);
    }
    assertTrue(BpeTokenizer.gpt2().decode(PARTS.encodeOneDigit()).matches("7{1000000}"));
  }

  @Test
  void wordsAreCommonOrNew() {
    assertTrue(PARTS.countPieces().size() < 3_000, "words " + PARTS.countPieces().size());
    assertEquals(2_000, PARTS.trainFromCounts().vocabularySize());
  }
}
