package grounds.notebook;

import java.lang.reflect.Array;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The first place where an answer is not the right one. */
final class Difference {

  /** Sums in another order differ by less; an answer to three digits does not pass. */
  private static final double TOLERANCE = 1e-5;

  private Difference() {}

  /** Numbers may differ by rounding and in their type; an array may be a list. */
  static Optional<String> between(Object wanted, Object got) {
    return at("", wanted, got);
  }

  private static Optional<String> at(String place, Object wanted, Object got) {
    if (got instanceof List<?> list) {
      return at(place, wanted, list.toArray());
    }
    if (wanted instanceof Number one && got instanceof Number other) {
      double far = Math.abs(one.doubleValue() - other.doubleValue());
      boolean same = far <= TOLERANCE * Math.max(1, Math.abs(one.doubleValue()));
      return same ? Optional.empty() : differ(place, wanted, got);
    }
    if (wanted.getClass().isArray() && got != null && got.getClass().isArray()) {
      int length = Array.getLength(wanted);
      if (length != Array.getLength(got)) {
        return Optional.of(
            "wanted %d values%s, got %d".formatted(length, in(place), Array.getLength(got)));
      }
      return IntStream.range(0, length)
          .mapToObj(i -> at(place + "[" + i + "]", Array.get(wanted, i), Array.get(got, i)))
          .flatMap(Optional::stream)
          .findFirst();
    }
    return wanted.equals(got) ? Optional.empty() : differ(place, wanted, got);
  }

  private static Optional<String> differ(String place, Object wanted, Object got) {
    return Optional.of("wanted %s%s, got %s".formatted(text(wanted), in(place), text(got)));
  }

  private static String in(String place) {
    return place.isEmpty() ? "" : " at " + place;
  }

  /** A value as a learner reads it: numbers to six digits, arrays in brackets. */
  static String text(Object value) {
    if (value instanceof Double || value instanceof Float) {
      return String.format(Locale.ROOT, "%.6g", ((Number) value).doubleValue());
    }
    if (value instanceof String text) {
      return '"' + text + '"';
    }
    if (value != null && value.getClass().isArray()) {
      return IntStream.range(0, Array.getLength(value))
          .mapToObj(i -> text(Array.get(value, i)))
          .collect(Collectors.joining(", ", "[", "]"));
    }
    return String.valueOf(value);
  }
}
