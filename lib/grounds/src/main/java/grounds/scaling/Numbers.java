package grounds.scaling;

import java.util.Locale;

/** Numbers as people read them: all digits as long as these are exact and few, else a power. */
final class Numbers {

  private static final double EXACT = 1e15;

  private Numbers() {}

  static String text(double value) {
    if (value == Math.rint(value) && Math.abs(value) < EXACT) {
      return String.format(Locale.ROOT, "%,d", (long) value);
    }
    return Math.abs(value) >= 1e6 || Math.abs(value) < 1e-3
        ? String.format(Locale.ROOT, "%.4g", value)
        : String.format(Locale.ROOT, "%,.4g", value);
  }
}
