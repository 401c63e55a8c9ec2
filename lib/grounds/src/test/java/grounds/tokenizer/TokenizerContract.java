package grounds.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What every tokenizer promises, as tests. A test class of your own tokenizer implements this,
 * gives the two methods, and inherits the tests.
 */
public interface TokenizerContract {

  /** The tokenizer under test. */
  Tokenizer tokenizer();

  /** Texts it must be able to encode: at least one, none of them empty. */
  List<String> texts();

  @Test
  default void decodeUndoesEncode() {
    assertFalse(texts().isEmpty(), "texts() must give at least one text");
    for (String text : texts()) {
      assertFalse(text.isEmpty(), "texts() must not give an empty text");
      assertEquals(text, tokenizer().decode(tokenizer().encode(text)));
    }
  }

  @Test
  default void idsAreBelowTheVocabularySize() {
    for (String text : texts()) {
      int[] ids = tokenizer().encode(text);
      assertTrue(ids.length > 0, "no ids for \"" + text + "\"");
      for (int id : ids) {
        assertTrue(
            id >= 0 && id < tokenizer().vocabularySize(),
            id + " is not below " + tokenizer().vocabularySize());
      }
    }
  }

  @Test
  default void theEmptyTextHasNoIds() {
    assertEquals(0, tokenizer().encode("").length);
    assertEquals("", tokenizer().decode());
  }

  @Test
  default void theSameTextHasTheSameIdsInAnArrayOfTheCallersOwn() {
    for (String text : texts()) {
      int[] first = tokenizer().encode(text);
      int[] second = tokenizer().encode(text);
      assertNotSame(first, second);
      assertArrayEquals(first, second);
      java.util.Arrays.fill(first, -1);
      assertArrayEquals(second, tokenizer().encode(text));
    }
  }

  @Test
  default void everyIdHasAToken() {
    for (int id = 0; id < tokenizer().vocabularySize(); id++) {
      assertNotNull(tokenizer().token(id));
      assertTrue(tokenizer().tokenBytes(id).length > 0, "no bytes for " + id);
    }
  }

  @Test
  default void anIdOutsideTheVocabularyIsNamed() {
    for (int id : new int[] {-1, tokenizer().vocabularySize(), Integer.MAX_VALUE}) {
      for (Exception e :
          List.of(
              assertThrows(IllegalArgumentException.class, () -> tokenizer().decode(0, id)),
              assertThrows(IllegalArgumentException.class, () -> tokenizer().token(id)),
              assertThrows(IllegalArgumentException.class, () -> tokenizer().tokenBytes(id)))) {
        assertTrue(e.getMessage().contains(Integer.toString(id)), e.getMessage());
      }
    }
  }

  @Test
  default void specialTokensAreTokensAndRefusedInText() {
    tokenizer()
        .specialTokens()
        .forEach(
            (token, id) -> {
              assertTrue(id >= 0 && id < tokenizer().vocabularySize(), token + " has the id " + id);
              String message =
                  assertThrows(IllegalArgumentException.class, () -> tokenizer().encode(token))
                      .getMessage();
              assertTrue(message.contains(token), message);
              assertArrayEquals(
                  new int[] {id}, tokenizer().encode(token, SpecialText.allowed()), token);
            });
  }

  @Test
  default void theVocabularyHashIsAlwaysTheSame() {
    assertTrue(tokenizer().vocabularyHash().matches("[0-9a-f]{64}"));
    assertEquals(tokenizer().vocabularyHash(), tokenizer().vocabularyHash());
  }
}
