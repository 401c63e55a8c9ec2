package grounds.notebook;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** How texts, numbers and times are written on a page. */
final class Text {

  private Text() {}

  /** Makes text safe inside HTML, in attributes too. */
  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }

  /** A duration in the two units that matter: 2 h 05 min, 3 min 20 s, 41 s. */
  static String duration(double seconds) {
    long whole = Math.round(Math.max(0, seconds));
    if (whole >= 3600) {
      return String.format(Locale.ROOT, "%d h %02d min", whole / 3600, whole % 3600 / 60);
    }
    return whole >= 60
        ? String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60)
        : whole + " s";
  }

  static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  static String pad(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }

  static String padLeft(String text, int width) {
    return " ".repeat(Math.max(0, width - text.length())) + text;
  }

  /** The lines of the text, broken so that none is longer than the width. */
  static List<String> wrap(String text, int width) {
    List<String> lines = new ArrayList<>();
    for (String line : text.split("\\R", -1)) {
      String rest = line;
      while (rest.length() > width) {
        int space = rest.lastIndexOf(' ', width);
        int end = space > 0 ? space : width;
        lines.add(rest.substring(0, end));
        rest = rest.substring(space > 0 ? end + 1 : end);
      }
      lines.add(rest);
    }
    return lines;
  }

  /** A number to five significant digits, large ones with thousands separated. */
  static String number(double value) {
    return number(value, decimals(value));
  }

  /** A number with so many decimals; one too small or too large for that with an exponent. */
  static String number(double value, int decimals) {
    if (!Double.isFinite(value)) {
      return Double.isNaN(value) ? "" : value > 0 ? "infinity" : "-infinity";
    }
    double size = Math.abs(value);
    return size >= 1e15 || size > 0 && size < 1e-4
        ? format("%.3e", value)
        : format("%,." + decimals + "f", value);
  }

  /** How many decimals five significant digits need, closing zeros left out; 4 at most. */
  static int decimals(double value) {
    double size = Math.abs(value);
    if (!(size >= 1e-4 && size < 1e15) || value == Math.rint(value)) {
      return 0;
    }
    int digits = 5 - (int) Math.max(1, Math.floor(Math.log10(size)) + 1);
    BigDecimal rounded = new BigDecimal(value).setScale(Math.max(0, digits), RoundingMode.HALF_UP);
    return Math.max(0, rounded.stripTrailingZeros().scale());
  }

  static double median(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
