package grounds.plot;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Text made fit for a label: spaces, line ends and other invisible characters get a sign. */
public final class Labels {

  private Labels() {}

  /**
   * The text with every invisible character replaced by a sign: space &#x2423;, line feed &#x21B5;,
   * tab &#x21E5;, carriage return &#x240D;, other control characters as their code point.
   */
  public static String visible(String text) {
    StringBuilder visible = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case ' ' -> visible.append('\u2423');
                case '\n' -> visible.append('\u21B5');
                case '\t' -> visible.append('\u21E5');
                case '\r' -> visible.append('\u240D');
                default -> {
                  if (Character.isISOControl(c)) {
                    visible.append(String.format("\\u%04x", c));
                  } else {
                    visible.appendCodePoint(c);
                  }
                }
              }
            });
    return visible.toString();
  }

  /** As {@link #visible(String)}, for one character. */
  public static String visible(char character) {
    return visible(String.valueOf(character));
  }

  /**
   * The text as a label of a chart: as {@link #visible(String)}, but the spaces between words stay,
   * so that " the" is told from "the" and "one layer" still reads well.
   */
  static String label(String text) {
    String words = text.strip();
    int start = text.indexOf(words);
    return visible(text.substring(0, start))
        + words.lines().map(Labels::visibleTabs).collect(Collectors.joining("\u21B5"))
        + visible(text.substring(start + words.length()));
  }

  private static String visibleTabs(String words) {
    return Arrays.stream(words.split(" ", -1))
        .map(Labels::visible)
        .collect(Collectors.joining(" "));
  }

  /** One visible label for each character of the text, for the axes of a heat map. */
  public static String[] ofCharacters(String text) {
    return text.codePoints().mapToObj(c -> visible(Character.toString(c))).toArray(String[]::new);
  }
}
