package grounds.notebook;

import java.util.Optional;
import java.util.ServiceLoader;
import java.util.UUID;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The place that outputs go to: the kernel's front end where there is one, else standard output.
 */
final class Page {

  private Page() {}

  static Optional<Frontend> frontend() {
    return ServiceLoader.load(Frontend.class, Frontend.class.getClassLoader()).stream()
        .map(ServiceLoader.Provider::get)
        .filter(Frontend::isAvailable)
        .findFirst();
  }

  static void show(Output output) {
    frontend().ifPresentOrElse(f -> f.show(output), () -> System.out.println(output.text()));
  }

  /**
   * One output that is replaced again and again, but not more often than a page can take and never
   * so often that making it takes more than a twentieth of the time.
   */
  static final class Live {
    private static final int COST = 20;

    private final Frontend frontend;
    private final LongSupplier nanoTime;
    private final long interval;
    private final String id = "grounds-" + UUID.randomUUID();
    private long next = Long.MIN_VALUE;

    Live(Frontend frontend, LongSupplier nanoTime, long intervalMillis) {
      this.frontend = frontend;
      this.nanoTime = nanoTime;
      this.interval = intervalMillis * 1_000_000;
    }

    /** Shows the output if it is time for it, or if it is the last. */
    void offer(Supplier<Output> output, boolean last) {
      long start = nanoTime.getAsLong();
      // Differences, since the clock may start anywhere and run over.
      if (last || next == Long.MIN_VALUE || start - next >= 0) {
        frontend.update(id, output.get());
        long end = nanoTime.getAsLong();
        next = end + Math.max(interval, COST * (end - start));
      }
    }
  }
}
