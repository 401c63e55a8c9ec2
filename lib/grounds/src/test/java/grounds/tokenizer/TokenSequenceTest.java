package grounds.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class TokenSequenceTest {

  static String identity(TokenSequence sequence) {
    MessageDigest digest = TokenFileHeader.sha256();
    sequence.identify(digest);
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void assertRefused(Executable executable, String part) {
    String message = assertThrows(IllegalArgumentException.class, executable).getMessage();
    assertTrue(message.contains(part), () -> "no <" + part + "> in: " + message);
  }

  @Test
  void anArrayIsReadByWindows() {
    TokenSequence tokens = TokenSequence.of(5, 6, 7, 8);
    assertEquals(4, tokens.length());
    assertArrayEquals(new int[] {6, 7}, tokens.read(1, 2));
    assertArrayEquals(new int[] {5, 6, 7, 8}, tokens.read(0, 4));
    assertEquals(0, tokens.read(4, 0).length);
    tokens.read(0, 4)[0] = 99;
    assertArrayEquals(new int[] {5}, tokens.read(0, 1));
    assertRefused(() -> tokens.read(3, 2), "2 tokens from position 3 on, of a sequence of 4");
    assertRefused(() -> tokens.read(-1, 1), "position -1");
    assertRefused(() -> tokens.read(0, -1), "-1 tokens");
    assertRefused(() -> tokens.read(Long.MAX_VALUE, Integer.MAX_VALUE), "sequence of 4");
  }

  @Test
  void aSliceIsAViewThatKeepsToItsBounds() {
    TokenSequence tokens = TokenSequence.of(5, 6, 7, 8, 9);
    TokenSequence slice = tokens.slice(1, 4);
    assertEquals(3, slice.length());
    assertArrayEquals(new int[] {6, 7, 8}, slice.read(0, 3));
    assertArrayEquals(new int[] {8}, slice.slice(1, 3).read(1, 1));
    assertEquals(0, tokens.slice(5, 5).length());
    assertRefused(() -> slice.read(2, 2), "sequence of 3");
    assertRefused(() -> slice.read(-1, 1), "position -1");
    assertRefused(() -> slice.slice(1, 4), "from 1 up to 4 of a sequence of 3");
    assertRefused(() -> slice.slice(-1, 2), "from -1");
    assertRefused(() -> tokens.slice(3, 2), "from 3 up to 2");
    assertRefused(() -> tokens.slice(0, 6), "sequence of 5");
    assertRefused(() -> tokens.slice(2, Long.MIN_VALUE), "sequence of 5");
  }

  @Test
  void theIdentityIsThatOfTheIds() {
    int[] ids = IntStream.range(0, 200_000).map(i -> i * 31 % 1009).toArray();
    ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * ids.length).putInt(ids.length);
    bytes.asIntBuffer().put(ids);
    assertEquals(
        HexFormat.of().formatHex(TokenFileHeader.sha256().digest(bytes.array())),
        identity(TokenSequence.of(ids)));
    assertEquals(
        identity(TokenSequence.of(Arrays.copyOfRange(ids, 70_000, 150_000))),
        identity(TokenSequence.of(ids).slice(70_000, 150_000)));
    assertNotEquals(
        identity(TokenSequence.of(ids)), identity(TokenSequence.of(ids).slice(0, 199_999)));
  }

  @Test
  void theFirstIdThatNoModelHasIsNamed() {
    int[] ids = new int[100_000];
    ids[70_000] = 11;
    TokenSequence tokens = TokenSequence.of(ids);
    tokens.requireVocabulary("training", 12);
    assertRefused(
        () -> tokens.requireVocabulary("training", 11),
        "training ids from 0 to 10, got 11 at position 70000");
    tokens.slice(0, 70_000).requireVocabulary("training", 11);
    assertRefused(
        () -> tokens.slice(69_990, 80_000).requireVocabulary("training", 11), "position 10");
    assertRefused(() -> TokenSequence.of(0, -1).requireVocabulary("validation", 11), "got -1");
  }
}
