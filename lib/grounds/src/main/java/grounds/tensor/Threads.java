package grounds.tensor;

import ai.djl.pytorch.jni.JniUtils;
import java.lang.management.ManagementFactory;
import java.util.OptionalInt;

/**
 * How many threads one operation of PyTorch is split over on a CPU. Splitting small matrices costs
 * more than it gains, and where another process has a core, a step waits for its slowest thread; so
 * the number follows from the size of the work and from what else runs.
 *
 * <p>{@code GROUNDS_THREADS} sets it (or the property {@code grounds.threads}). The number of free
 * processors is looked at once in a process, so that two runs in it add up their numbers in the
 * same order.
 */
public final class Threads {

  /** Work of a step below this takes one thread as long as two. */
  private static final double SMALL_STEP_FLOPS = 1e9;

  /** How long the load of other processes is watched. */
  private static final int WATCH_MILLIS = 100;

  private Threads() {}

  /**
   * Sets the number of threads for steps of that much work, if the engine is PyTorch.
   *
   * @param flops floating-point operations of one step
   * @return the number
   */
  public static int chooseFor(double flops) {
    int threads = wanted().orElseGet(() -> flops < SMALL_STEP_FLOPS ? 1 : Free.PROCESSORS);
    if (Devices.isPyTorch() && JniUtils.getNumThreads() != threads) {
      JniUtils.setNumThreads(threads);
    }
    return threads;
  }

  /** What the environment or a property asks for. */
  private static OptionalInt wanted() {
    String text = System.getProperty("grounds.threads", System.getenv("GROUNDS_THREADS"));
    if (text == null || text.isBlank()) {
      // DJL's own setting, such as in the tests.
      text = System.getProperty("ai.djl.pytorch.num_threads", "");
    }
    if (text.isBlank()) {
      return OptionalInt.empty();
    }
    if (!text.strip().matches("[1-9]\\d{0,3}")) {
      throw new IllegalArgumentException(
          "Wanted a number of threads of 1 or more, got '" + text + "'. Set GROUNDS_THREADS so.");
    }
    return OptionalInt.of(Integer.parseInt(text.strip()));
  }

  /** Such as {@code 2 threads}. */
  static String describe() {
    if (!Devices.isPyTorch()) {
      return Runtime.getRuntime().availableProcessors() + " processors";
    }
    int threads = JniUtils.getNumThreads();
    return threads == 1 ? "1 thread" : threads + " threads";
  }

  /**
   * How many processors other processes leave.
   *
   * @param processors how many there are
   * @param machineLoad share of them that is busy, 0 to 1
   * @param ownLoad share of them that this process keeps busy, 0 to 1
   */
  static int free(int processors, double machineLoad, double ownLoad) {
    double others = Math.max(0, machineLoad - ownLoad) * processors;
    return Math.max(1, processors - (int) Math.round(others));
  }

  /** Looked at when it is first asked for. */
  private static final class Free {
    static final int PROCESSORS = watch();

    private static int watch() {
      int processors = Runtime.getRuntime().availableProcessors();
      if (processors == 1
          || "passive".equalsIgnoreCase(System.getenv("OMP_WAIT_POLICY"))
          || !(ManagementFactory.getOperatingSystemMXBean()
              instanceof com.sun.management.OperatingSystemMXBean system)) {
        return processors;
      }
      // Both figures are means since the last call.
      system.getCpuLoad();
      system.getProcessCpuLoad();
      try {
        Thread.sleep(WATCH_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return processors;
      }
      return free(processors, system.getCpuLoad(), system.getProcessCpuLoad());
    }
  }
}
