package grounds.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a text into pieces, roughly words with the space before them; no token reaches across a
 * piece's end. The pieces put together are the text.
 *
 * <p>Each constant is the published regular expression of {@link #pattern()}, written out as a scan
 * over UTF-8: the same pieces, many times faster. Letters and numbers are what Unicode's general
 * categories L and N say in the version that this Java knows; white space is Unicode's White_Space.
 * Bytes that are no UTF-8 count as signs.
 */
public enum PreTokenizer {

  /**
   * GPT-2's (Radford et al. 2019): words, numbers and runs of signs, each with one space before.
   */
  GPT2("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+") {
    @Override
    int end(byte[] text, int start, int limit) {
      int first = classAt(text, start, limit);
      int next = start + lengthAt(text, start, limit);
      if (first == SPACE || first == NEWLINE) {
        if (text[start] == ' ' && next < limit) {
          int second = classAt(text, next, limit);
          if (second <= SIGN) {
            return runEnd(text, next, limit, second);
          }
        }
        int end = spaceEnd(text, start, limit);
        int last = lastStart(text, end);
        return end == limit || last == start ? end : last;
      }
      if (text[start] == '\'') {
        int contraction = contractionEnd(text, start, limit, false);
        if (contraction > start) {
          return contraction;
        }
      }
      return runEnd(text, next, limit, first);
    }
  },

  /**
   * The pattern of cl100k_base, GPT-3.5's and GPT-4's vocabulary: contractions in any case, any
   * sign before a word, numbers in groups of three, line ends with the signs before them.
   */
  CL100K(
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+") {
    @Override
    int end(byte[] text, int start, int limit) {
      int first = classAt(text, start, limit);
      int next = start + lengthAt(text, start, limit);
      if (first == LETTER) {
        return runEnd(text, next, limit, LETTER);
      }
      if (first == NUMBER) {
        for (int i = 1; i < 3 && next < limit && classAt(text, next, limit) == NUMBER; i++) {
          next += lengthAt(text, next, limit);
        }
        return next;
      }
      if (text[start] == '\'') {
        int contraction = contractionEnd(text, start, limit, true);
        if (contraction > start) {
          return contraction;
        }
      }
      int second = next < limit ? classAt(text, next, limit) : NOTHING;
      if (first != NEWLINE && second == LETTER) {
        return runEnd(text, next, limit, LETTER);
      }
      if (first == SIGN || text[start] == ' ' && second == SIGN) {
        int end = runEnd(text, next, limit, SIGN);
        while (end < limit && (text[end] == '\r' || text[end] == '\n')) {
          end++;
        }
        return end;
      }
      int end = spaceEnd(text, start, limit);
      for (int i = end - 1; i >= start; i--) {
        if (text[i] == '\r' || text[i] == '\n') {
          return i + 1;
        }
      }
      int last = lastStart(text, end);
      return end == limit || last == start ? end : last;
    }
  },

  /** No cut at all: the whole text is one piece. */
  NONE("(?s:.+)") {
    @Override
    int end(byte[] text, int start, int limit) {
      return limit;
    }

    @Override
    int cut(byte[] text, int from, int to) {
      return NO_CUT;
    }
  };

  static final int NO_CUT = -1;

  // In this order: the first three make runs, the next two are white space.
  private static final int LETTER = 0;
  private static final int NUMBER = 1;
  private static final int SIGN = 2;
  private static final int SPACE = 3;
  private static final int NEWLINE = 4;
  private static final int NOTHING = 5;

  /** The class of every Unicode character. */
  private static final byte[] CLASSES = classes();

  private final String pattern;

  PreTokenizer(String pattern) {
    this.pattern = pattern;
  }

  /**
   * The regular expression whose matches, one after the other, are the pieces. In Java, {@code \s}
   * needs {@link java.util.regex.Pattern#UNICODE_CHARACTER_CLASS} to mean the same.
   */
  public String pattern() {
    return pattern;
  }

  /** The pieces of a text, in order; lone surrogates become U+FFFD. */
  public List<String> split(String text) {
    byte[] bytes = Utf8.bytes(text);
    List<String> pieces = new ArrayList<>();
    for (int start = 0; start < bytes.length; ) {
      int end = end(bytes, start, bytes.length);
      pieces.add(new String(bytes, start, end - start, StandardCharsets.UTF_8));
      start = end;
    }
    return pieces;
  }

  /**
   * Where the piece ends that begins at {@code start}.
   *
   * @param start before {@code limit}; where a piece begins
   * @param limit where the text ends
   */
  abstract int end(byte[] text, int start, int limit);

  /**
   * The last place in {@code (from, to)} where a text can be cut in two without changing its
   * pieces, or {@link #NO_CUT}: white space after a letter, or a blank after anything that is not
   * white space. In both patterns a piece ends there, whatever comes before and after.
   */
  int cut(byte[] text, int from, int to) {
    for (int i = to - 1; i > from; i--) {
      if (text[i] == ' ' && isAsciiSign(text[i - 1])
          || (text[i] == ' ' || text[i] == '\n') && isAsciiLetter(text[i - 1])) {
        return i;
      }
    }
    return NO_CUT;
  }

  private static boolean isAsciiLetter(byte b) {
    return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z';
  }

  private static boolean isAsciiSign(byte b) {
    return b > ' ' && b < 0x7F;
  }

  private static byte[] classes() {
    byte[] classes = new byte[Character.MAX_CODE_POINT + 1];
    for (int c = 0; c < classes.length; c++) {
      classes[c] =
          (byte)
              switch (Character.getType(c)) {
                case Character.UPPERCASE_LETTER,
                    Character.LOWERCASE_LETTER,
                    Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER,
                    Character.OTHER_LETTER ->
                    LETTER;
                case Character.DECIMAL_DIGIT_NUMBER,
                    Character.LETTER_NUMBER,
                    Character.OTHER_NUMBER ->
                    NUMBER;
                case Character.SPACE_SEPARATOR,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR ->
                    SPACE;
                default -> SIGN;
              };
    }
    // The rest of White_Space are control characters.
    for (int c : new int[] {'\t', 0x0B, '\f', 0x85}) {
      classes[c] = SPACE;
    }
    classes['\n'] = NEWLINE;
    classes['\r'] = NEWLINE;
    return classes;
  }

  private static int classAt(byte[] text, int at, int limit) {
    byte first = text[at];
    if (first >= 0) {
      return CLASSES[first];
    }
    int codePoint = Utf8.codePoint(text, at, limit);
    return codePoint == Utf8.INVALID ? SIGN : CLASSES[codePoint];
  }

  private static int lengthAt(byte[] text, int at, int limit) {
    if (text[at] >= 0) {
      return 1;
    }
    int codePoint = Utf8.codePoint(text, at, limit);
    return codePoint == Utf8.INVALID ? 1 : Utf8.length(codePoint);
  }

  private static int runEnd(byte[] text, int start, int limit, int wanted) {
    int end = start;
    while (end < limit) {
      byte first = text[end];
      if (first >= 0) {
        if (CLASSES[first] != wanted) {
          return end;
        }
        end++;
      } else {
        int codePoint = Utf8.codePoint(text, end, limit);
        int found = codePoint == Utf8.INVALID ? SIGN : CLASSES[codePoint];
        if (found != wanted) {
          return end;
        }
        end += codePoint == Utf8.INVALID ? 1 : Utf8.length(codePoint);
      }
    }
    return end;
  }

  private static int spaceEnd(byte[] text, int start, int limit) {
    int end = start;
    while (end < limit && classAt(text, end, limit) >= SPACE) {
      end += lengthAt(text, end, limit);
    }
    return end;
  }

  /** Where the character begins that ends there. */
  private static int lastStart(byte[] text, int end) {
    int start = end - 1;
    while ((text[start] & 0xC0) == 0x80) {
      start--;
    }
    return start;
  }

  /** The end of 's, 't, 'm, 'd, 'll, 've or 're; {@code start} if there is none of them. */
  private static int contractionEnd(byte[] text, int start, int limit, boolean anyCase) {
    if (start + 1 >= limit) {
      return start;
    }
    int first = text[start + 1] & 0xFF;
    int second = start + 2 < limit ? text[start + 2] & 0xFF : 0;
    if (anyCase) {
      // Unicode folds the long s to s.
      if (first == 0xC5 && second == 0xBF) {
        return start + 3;
      }
      first = toLowerCase(first);
      second = toLowerCase(second);
    }
    if (first == 's' || first == 't' || first == 'm' || first == 'd') {
      return start + 2;
    }
    boolean two = first == 'l' && second == 'l' || second == 'e' && (first == 'v' || first == 'r');
    return two ? start + 3 : start;
  }

  private static int toLowerCase(int ascii) {
    return ascii >= 'A' && ascii <= 'Z' ? ascii + 32 : ascii;
  }
}
