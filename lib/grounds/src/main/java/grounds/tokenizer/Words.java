package grounds.tokenizer;

/**
 * How {@link UnigramTokenizer} cuts text into words. A word is
 *
 * <ul>
 *   <li>a run of line ends,
 *   <li>or a run of letters, of digits or of other characters, with the one space before it, if
 *       there is one,
 *   <li>or the spaces that are left over.
 * </ul>
 *
 * A mark (an accent, say) belongs to what it stands on. No word is longer than {@link #LONGEST}, so
 * that what one word takes is bounded; the rest of a longer one is the next word.
 */
final class Words {
  /** In UTF-16 units. */
  static final int LONGEST = 1024;

  /** How far the end of a word depends on the text after its start. */
  static final int LOOKAHEAD = LONGEST + 2;

  private enum Kind {
    SPACE,
    LINE_END,
    LETTER,
    DIGIT,
    OTHER,
    MARK
  }

  private Words() {}

  /** The end of the word that starts there, in a text that ends before {@code limit}. */
  static int end(CharSequence text, int start, int limit) {
    int furthest = Math.min(limit, start + LONGEST);
    int at = start;
    if (text.charAt(at) == ' ') {
      while (at < furthest && text.charAt(at) == ' ') {
        at++;
      }
      if (at == furthest || kind(text, at, limit) == Kind.LINE_END) {
        return at;
      }
      if (at - start > 1) {
        return at - 1; // The last space belongs to the word after it.
      }
    }
    Kind first = kind(text, at, limit);
    Kind wanted = first == Kind.MARK ? Kind.OTHER : first;
    do {
      at += size(text, at, limit);
    } while (at < furthest && continues(text, at, limit, wanted));
    return at <= furthest ? at : at - 2; // Never half of a pair.
  }

  private static boolean continues(CharSequence text, int at, int limit, Kind wanted) {
    Kind kind = kind(text, at, limit);
    return kind == wanted || (kind == Kind.MARK && wanted != Kind.LINE_END);
  }

  private static int size(CharSequence text, int at, int limit) {
    return Character.charCount(codePoint(text, at, limit));
  }

  private static int codePoint(CharSequence text, int at, int limit) {
    char high = text.charAt(at);
    if (Character.isHighSurrogate(high)
        && at + 1 < limit
        && Character.isLowSurrogate(text.charAt(at + 1))) {
      return Character.toCodePoint(high, text.charAt(at + 1));
    }
    return high;
  }

  private static Kind kind(CharSequence text, int at, int limit) {
    int character = codePoint(text, at, limit);
    return switch (character) {
      case ' ' -> Kind.SPACE;
      case '\n', '\r' -> Kind.LINE_END;
      default ->
          switch (Character.getType(character)) {
            case Character.UPPERCASE_LETTER,
                Character.LOWERCASE_LETTER,
                Character.TITLECASE_LETTER,
                Character.MODIFIER_LETTER,
                Character.OTHER_LETTER ->
                Kind.LETTER;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
                Kind.DIGIT;
            case Character.NON_SPACING_MARK,
                Character.COMBINING_SPACING_MARK,
                Character.ENCLOSING_MARK,
                Character.FORMAT ->
                Kind.MARK;
            default -> Kind.OTHER;
          };
    };
  }
}
