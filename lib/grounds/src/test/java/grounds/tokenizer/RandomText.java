package grounds.tokenizer;

import java.util.Random;
import java.util.stream.Collectors;

/** Text that is hard to tokenize: every kind of character, and what the patterns turn on. */
final class RandomText {
  private static final String[] HARD = {
    " ",
    "  ",
    "   ",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\u000B",
    "\f",
    "\u0085",
    "\u00A0",
    "\u1680",
    "\u180E",
    "\u2003",
    "\u200B",
    "\u2028",
    "\u2029",
    "\u202F",
    "\u205F",
    "\u3000",
    "\uFEFF",
    "\u001C",
    "\u001F",
    "a",
    "Bc",
    "'",
    "'s",
    "'S",
    "'t",
    "'ll",
    "'LL",
    "'lL",
    "'ve",
    "'vE",
    "'Re",
    "'d",
    "'\u017F",
    "\u017F",
    "\u212A",
    "\u0131",
    "\u00DF",
    "1",
    "22",
    "333",
    "4444",
    "\u0663",
    "\u00BD",
    "\u2167",
    "\u00E9",
    "e\u0301",
    "\u4E2D\u6587",
    "\u0E01\u0E33",
    "\u0915\u094D",
    "\uD83D\uDE00",
    "\uD83D\uDC69\u200D\uD83D\uDCBB",
    "\uD800",
    "\uDC00",
    "\uFFFD",
    "\uFFFF",
    "\uE000",
    "\u0378",
    "!",
    "...",
    "{",
    "};",
    "<|endoftext|>",
    "_",
    "-",
    "\\",
    "\"",
    "\0"
  };

  private RandomText() {}

  /** So many parts, some of them any character of Unicode, assigned or not. */
  static String of(Random random, int parts) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < parts; i++) {
      switch (random.nextInt(6)) {
        case 0 -> text.appendCodePoint(random.nextInt(Character.MAX_CODE_POINT + 1));
        case 1 -> text.appendCodePoint(random.nextInt(0x3000));
        default -> text.append(HARD[random.nextInt(HARD.length)]);
      }
    }
    return text.toString();
  }

  /** So many parts of characters that every version of Unicode in use knows alike. */
  static String ofOldCharacters(Random random, int parts) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < parts; i++) {
      text.append(HARD[random.nextInt(HARD.length)]);
    }
    return text.toString();
  }

  static String escaped(String text) {
    return text.chars().mapToObj(c -> "\\u%04X".formatted(c)).collect(Collectors.joining());
  }
}
