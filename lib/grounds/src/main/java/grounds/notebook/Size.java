package grounds.notebook;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
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

  /**
   * What a lesson says before it starts: a line on the memory that it takes at laptop size, if this
   * machine or container has less. Linux, macOS and Windows.
   *
   * @param gigabytes the most that the lesson's process was seen to have, 10⁹ bytes
   */
  public static void needsMemory(double gigabytes) {
    if (current() == LAPTOP
        && ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
      shortOfMemory(gigabytes, system.getTotalMemorySize()).ifPresent(System.out::println);
    }
  }

  /** The browser and Jupyter want some as well. */
  static Optional<String> shortOfMemory(double gigabytes, long bytes) {
    return bytes / 1e9 >= gigabytes + 0.5
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "This lesson takes up to %.1f GB of memory, and there are %.1f GB here, for"
                    + " everything. It may end without a word. Started with GROUNDS_SIZE=smoke, the"
                    + " lab computes the least; a container may be given more.",
                gigabytes,
                bytes / 1e9));
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
