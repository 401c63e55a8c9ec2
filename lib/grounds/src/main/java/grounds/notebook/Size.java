package grounds.notebook;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * How much of a lesson is run: one environment variable, GROUNDS_SIZE, sets it for every notebook
 * (a system property grounds.size comes before it).
 */
public enum Size {
  /** Seconds: to see that every cell still runs. */
  SMOKE,
  /** Minutes on a laptop without a GPU: what the text of the lessons speaks of. */
  LAPTOP,
  /** What the lesson deserves, on a GPU. */
  GPU;

  /**
   * The size that is set; LAPTOP where none is.
   *
   * @throws IllegalArgumentException if something else than the three is set
   */
  public static Size current() {
    return of(
        Optional.ofNullable(System.getProperty("grounds.size"))
            .or(() -> Optional.ofNullable(System.getenv("GROUNDS_SIZE"))));
  }

  /**
   * Chooses the value for the size that is set: {@code int steps = Size.pick(20, 4_000, 8_000)}.
   */
  public static <T> T pick(T smoke, T laptop, T gpu) {
    return switch (current()) {
      case SMOKE -> smoke;
      case LAPTOP -> laptop;
      case GPU -> gpu;
    };
  }

  static Size of(Optional<String> setting) {
    String name = setting.map(String::strip).filter(s -> !s.isEmpty()).orElse("laptop");
    return Arrays.stream(values())
        .filter(size -> size.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "GROUNDS_SIZE is \"" + name + "\"; set it to smoke, laptop or gpu"));
  }

  /** The name as it is set: smoke, laptop or gpu. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
