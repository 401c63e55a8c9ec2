package grounds.tokenizer;

import grounds.tokenizer.UnigramTokenizer.Piece;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The ids of a {@link UnigramTokenizer}: special tokens, the 256 bytes, the pieces. */
final class UnigramVocabulary {
  static final int BYTES = 256;

  /** What a space is shown as, as in SentencePiece. */
  static final char VISIBLE_SPACE = '\u2581';

  private final List<Piece> pieces;
  private final SpecialTokens specials;
  private final int firstByte;
  private final int firstPiece;
  private final byte[][] bytes;

  UnigramVocabulary(List<String> specialTokens, List<Piece> pieces) {
    this.pieces = List.copyOf(pieces);
    requireDistinct(this.pieces);
    specials = numbered(specialTokens);
    firstByte = specialTokens.size();
    firstPiece = firstByte + BYTES;
    bytes = new byte[firstPiece + pieces.size()][];
    specials.ids().forEach((token, id) -> bytes[id] = utf8(token));
    for (int value = 0; value < BYTES; value++) {
      bytes[firstByte + value] = new byte[] {(byte) value};
    }
    for (int i = 0; i < pieces.size(); i++) {
      bytes[firstPiece + i] = utf8(pieces.get(i).text());
    }
  }

  private static void requireDistinct(List<Piece> pieces) {
    Map<String, Integer> places = new HashMap<>();
    for (int i = 0; i < pieces.size(); i++) {
      Integer before = places.put(pieces.get(i).text(), i);
      if (before != null) {
        throw new IllegalArgumentException(
            "A vocabulary holds each piece once; '%s' is piece %d and piece %d."
                .formatted(pieces.get(i).text(), before, i));
      }
    }
  }

  private static SpecialTokens numbered(List<String> tokens) {
    Map<String, Integer> ids = new LinkedHashMap<>();
    for (String token : tokens) {
      requireSpecial(token);
      if (ids.put(token, ids.size()) != null) {
        throw new IllegalArgumentException(
            "A special token is given once; %s is there twice.".formatted(token));
      }
    }
    return new SpecialTokens(ids);
  }

  static void requireSpecial(String token) {
    // The file knows the special tokens by their place: before the byte 0.
    if (token.isEmpty()
        || !Utf8.wholeCharacters(token).equals(token)
        || token.equals(byteName(0))) {
      throw new IllegalArgumentException(
          ("A special token is whole characters, at least one, and not %s; got '%s'. Choose a text"
                  + " such as <|endoftext|>.")
              .formatted(byteName(0), Utf8.wholeCharacters(token)));
    }
  }

  static String byteName(int value) {
    return "<0x%02X>".formatted(value);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  List<Piece> pieces() {
    return pieces;
  }

  SpecialTokens specials() {
    return specials;
  }

  List<String> specialTokens() {
    return List.copyOf(specials.ids().keySet());
  }

  int size() {
    return bytes.length;
  }

  int pieceId(int piece) {
    return firstPiece + piece;
  }

  int byteId(byte value) {
    return firstByte + (value & 0xFF);
  }

  boolean isByte(int id) {
    return id >= firstByte && id < firstPiece;
  }

  boolean isPiece(int id) {
    return id >= firstPiece;
  }

  Piece piece(int id) {
    return pieces.get(id - firstPiece);
  }

  /** The bytes of a token, not a copy. */
  byte[] bytes(int id) {
    if (id < 0 || id >= bytes.length) {
      throw new IllegalArgumentException(
          ("A token id of this tokenizer is 0 to %d; got %d. Do the model and the tokenizer belong"
                  + " together?")
              .formatted(bytes.length - 1, id));
    }
    return bytes[id];
  }

  String shown(int id) {
    byte[] token = bytes(id);
    if (isPiece(id)) {
      return piece(id).text().replace(' ', VISIBLE_SPACE);
    }
    return isByte(id) ? byteName(token[0] & 0xFF) : new String(token, StandardCharsets.UTF_8);
  }
}
