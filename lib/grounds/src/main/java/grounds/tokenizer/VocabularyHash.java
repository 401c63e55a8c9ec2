package grounds.tokenizer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.TreeMap;

/** Tells whether two tokenizers mean the same by their ids. */
final class VocabularyHash {

  private VocabularyHash() {}

  static String of(Tokenizer tokenizer) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      int size = tokenizer.vocabularySize();
      number(digest, size);
      for (int id = 0; id < size; id++) {
        part(digest, tokenizer.tokenBytes(id));
      }
      new TreeMap<>(tokenizer.specialTokens())
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
