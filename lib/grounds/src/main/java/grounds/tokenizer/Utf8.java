package grounds.tokenizer;

import java.nio.charset.StandardCharsets;

/** Text as UTF-8, in which a half of a surrogate pair that stands alone is U+FFFD. */
final class Utf8 {
  /** What {@link #codePoint} gives for bytes that are no character. */
  static final int INVALID = -1;

  private Utf8() {}

  static byte[] bytes(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    // Java writes a lone surrogate as a question mark. One byte a char, and none of them: no need
    // to
    // look.
    if (bytes.length == text.length() && !holdsQuestionMark(bytes)) {
      return bytes;
    }
    return hasLoneSurrogate(text) ? wholeCharacters(text).getBytes(StandardCharsets.UTF_8) : bytes;
  }

  private static boolean holdsQuestionMark(byte[] bytes) {
    for (byte b : bytes) {
      if (b == '?') {
        return true;
      }
    }
    return false;
  }

  /** The text with U+FFFD in place of every lone surrogate. */
  static String wholeCharacters(String text) {
    if (!hasLoneSurrogate(text)) {
      return text;
    }
    StringBuilder whole = new StringBuilder(text.length());
    text.codePoints().forEach(c -> whole.appendCodePoint(isSurrogate(c) ? 0xFFFD : c));
    return whole.toString();
  }

  private static boolean hasLoneSurrogate(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        boolean pair =
            Character.isHighSurrogate(c)
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
        if (!pair) {
          return true;
        }
        i++;
      }
    }
    return false;
  }

  private static boolean isSurrogate(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }

  /**
   * The character that begins at a place, or {@link #INVALID} where the bytes there are no whole
   * character: then the one byte counts as one.
   */
  static int codePoint(byte[] text, int at, int end) {
    int first = text[at] & 0xFF;
    if (first < 0x80) {
      return first;
    }
    int length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    if (length == 0 || at + length > end) {
      return INVALID;
    }
    int codePoint = first & (0x7F >> length);
    for (int i = 1; i < length; i++) {
      int next = text[at + i] & 0xFF;
      if ((next & 0xC0) != 0x80) {
        return INVALID;
      }
      codePoint = codePoint << 6 | next & 0x3F;
    }
    boolean tooLong = length == 3 && codePoint < 0x800 || length == 4 && codePoint < 0x10000;
    return tooLong || codePoint > Character.MAX_CODE_POINT || isSurrogate(codePoint)
        ? INVALID
        : codePoint;
  }

  /** How many bytes a character takes. */
  static int length(int codePoint) {
    return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
  }
}
