package grounds.tokenizer;

import java.text.Normalizer;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Cuts a text into words as BERT does (its "basic tokenization"; Devlin et al. 2019): control
 * characters go, white space ends a word, and every punctuation character and every Chinese
 * character is a word of its own. For uncased models letters are lower-cased and lose their
 * accents.
 *
 * <p>Control here are the Unicode categories Cc, Cf, Co and Cs, and U+FFFD, which stands for bytes
 * that were no text. Which category a character has is up to Java's version of Unicode.
 */
final class BertPreTokenizer {
  private final boolean lowerCase;

  BertPreTokenizer(boolean lowerCase) {
    this.lowerCase = lowerCase;
  }

  /** Gives out the words of a text in order; none is empty. */
  void words(String text, Consumer<String> each) {
    StringBuilder run = new StringBuilder();
    for (int i = 0, character; i < text.length(); i += Character.charCount(character)) {
      character = text.codePointAt(i);
      if (isWhitespace(character)) {
        endRun(run, each);
      } else if (isChinese(character)) {
        endRun(run, each);
        endRun(run.appendCodePoint(character), each);
      } else if (!isControl(character)) {
        run.appendCodePoint(character);
      }
    }
    endRun(run, each);
  }

  private void endRun(StringBuilder run, Consumer<String> each) {
    if (run.length() > 0) {
      // Before the punctuation is looked for: some characters are letters and marks put together,
      // and some of those letters are punctuation.
      splitAtPunctuation(lowerCase ? lowerCase(run.toString()) : run.toString(), each);
      run.setLength(0);
    }
  }

  private static String lowerCase(String run) {
    if (run.chars().allMatch(c -> c < 0x80)) {
      return run.toLowerCase(Locale.ROOT);
    }
    StringBuilder lower = new StringBuilder(run.length());
    Normalizer.normalize(run, Normalizer.Form.NFD)
        .codePoints()
        .filter(c -> Character.getType(c) != Character.NON_SPACING_MARK)
        // One by one: a whole word's Greek sigma would depend on where it stands.
        .forEach(c -> lower.appendCodePoint(Character.toLowerCase(c)));
    return lower.toString();
  }

  private static void splitAtPunctuation(String run, Consumer<String> each) {
    int start = 0;
    for (int i = 0, character; i < run.length(); i += Character.charCount(character)) {
      character = run.codePointAt(i);
      if (isPunctuation(character)) {
        int end = i + Character.charCount(character);
        if (i > start) {
          each.accept(run.substring(start, i));
        }
        each.accept(run.substring(i, end));
        start = end;
      }
    }
    if (start < run.length()) {
      each.accept(run.substring(start));
    }
  }

  private static boolean isWhitespace(int c) {
    return c == '\t' || c == '\n' || c == '\r' || Character.isSpaceChar(c);
  }

  private static boolean isControl(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL, Character.FORMAT, Character.PRIVATE_USE, Character.SURROGATE -> true;
      default -> c == 0xFFFD;
    };
  }

  private static boolean isPunctuation(int c) {
    if (c < 0x80) {
      return c > ' ' && c < 0x7F && !Character.isLetterOrDigit(c);
    }
    return switch (Character.getType(c)) {
      case Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION ->
          true;
      default -> false;
    };
  }

  /**
   * The blocks of Han ideographs that BERT names; kana and Hangul are not among them. (Hugging
   * Face's fast tokenizer leaves out U+2B820 to U+2B91F, BERT's own code does not.)
   */
  private static boolean isChinese(int c) {
    return c >= 0x3400
        && (c <= 0x4DBF
            || (c >= 0x4E00 && c <= 0x9FFF)
            || (c >= 0xF900 && c <= 0xFAFF)
            || (c >= 0x20000 && c <= 0x2A6DF)
            || (c >= 0x2A700 && c <= 0x2CEAF)
            || (c >= 0x2F800 && c <= 0x2FA1F));
  }
}
