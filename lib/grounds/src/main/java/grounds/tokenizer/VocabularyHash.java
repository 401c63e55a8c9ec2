package grounds.tokenizer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;

/** Tells whether two tokenizers mean the same by their ids. */
final class VocabularyHash {

  private VocabularyHash() {}

  /**
   * The hash.
   *
   * @param tokenBytes the bytes of a token by its id; none where an id is not used
   */
  static String of(int size, IntFunction<byte[]> tokenBytes, Map<String, Integer> specialTokens) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      number(digest, size);
      for (int id = 0; id < size; id++) {
        part(digest, tokenBytes.apply(id));
      }
      new TreeMap<>(specialTokens)
          .forEach(
              (token, id) -> {
                part(digest, token.getBytes(StandardCharsets.UTF_8));
                number(digest, id);
              });
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256.", e);
    }
  }

  private static void part(MessageDigest digest, byte[] bytes) {
    number(digest, bytes.length);
    digest.update(bytes);
  }

  private static void number(MessageDigest digest, int number) {
    digest.update(ByteBuffer.allocate(4).putInt(number).flip());
  }
}
