package grounds.plot;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/** How numbers are written in charts: thousands separated, no digit that says nothing. */
final class Numbers {

  private Numbers() {}

  /** The number to the given significant digits, trailing zeros dropped: 1,115,394; 4.174; 0.25. */
  static String figure(double value, int digits) {
    if (Double.isNaN(value)) {
      return "not a number";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "infinity" : "minus infinity";
    }
    double size = Math.abs(value);
    if (value == 0) {
      return "0";
    }
    if (size < 1e-4 || size >= 1e12) {
      return scientific(value, digits - 1);
    }
    if (size >= Math.pow(10, digits - 1)) {
      return minus(String.format(Locale.ROOT, "%,.0f", value));
    }
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(digits)).stripTrailingZeros();
    return minus(String.format(Locale.ROOT, "%,." + Math.max(0, rounded.scale()) + "f", rounded));
  }

  static String figure(double value) {
    return figure(value, 4);
  }

  /** The number with a fixed count of decimals, for the ticks of one axis. */
  static String fixed(double value, int decimals) {
    return minus(String.format(Locale.ROOT, "%,." + decimals + "f", value + 0.0));
  }

  /** A power of ten, or a multiple of one, with a raised exponent: 3&#xD7;10&#x2075;. */
  static String scientific(double value, int decimals) {
    int exponent = (int) Math.floor(Math.log10(Math.abs(value)) + 1e-9);
    double mantissa = value / Math.pow(10, exponent);
    String front =
        new BigDecimal(mantissa)
            .round(new MathContext(decimals + 1))
            .stripTrailingZeros()
            .toPlainString();
    String power = "10" + raised(exponent);
    return switch (front) {
      case "1" -> power;
      case "-1" -> "\u2212" + power;
      default -> minus(front) + "\u00D7" + power;
    };
  }

  private static String raised(int exponent) {
    StringBuilder raised = new StringBuilder();
    for (char c : Integer.toString(exponent).toCharArray()) {
      raised.append(
          c == '-'
              ? '\u207B'
              : "\u2070\u00B9\u00B2\u00B3\u2074\u2075\u2076\u2077\u2078\u2079".charAt(c - '0'));
    }
    return raised.toString();
  }

  private static String minus(String number) {
    return number.replace('-', '\u2212');
  }
}
