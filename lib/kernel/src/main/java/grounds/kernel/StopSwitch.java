package grounds.kernel;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.MutableCallSite;

/**
 * The switch that stops the code of a cell. {@link StopChecks} puts a call of {@link #check()} at
 * every method entry and every backward jump of the code that is typed into cells, so that no loop
 * can miss it. Public only because that code calls it.
 *
 * <p>The switch is a call site, not a field: to the compiler a call site is a constant until it is
 * set, so that a check costs nothing and a loop is still vectorized (with a volatile field a matrix
 * product in a cell took five times as long).
 */
public final class StopSwitch {

  /** Thrown in an interrupted cell; an Error, so that {@code catch (Exception e)} lets it by. */
  static final class CellStopped extends Error {
    private static final long serialVersionUID = 1L;

    CellStopped() {
      super("the cell was interrupted");
    }
  }

  private static final MethodType NOTHING = MethodType.methodType(void.class);
  private static final MethodHandle PASS = MethodHandles.empty(NOTHING);
  private static final MethodHandle STOP = stopHandle();
  private static final MutableCallSite SITE = new MutableCallSite(PASS);
  private static final MethodHandle CHECK = SITE.dynamicInvoker();

  /** Whether the cell is to stop; whether code that it left running on another thread is. */
  private static boolean cell;

  private static boolean elsewhere;

  private StopSwitch() {}

  private static MethodHandle stopHandle() {
    try {
      return MethodHandles.lookup().findStatic(StopSwitch.class, "stop", NOTHING);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  private static void stop() {
    throw new CellStopped();
  }

  /** Sets the switch; code that runs in other threads sees it at its next check. */
  static synchronized void turn(boolean on) {
    cell = on;
    set();
  }

  static synchronized boolean isOn() {
    return cell;
  }

  /**
   * Stops a thread that runs what was typed into a cell, while the cell itself waits in a library:
   * the switch is on until that thread has ended, or for as long as it may take.
   */
  static void stop(Thread thread, long millis) throws InterruptedException {
    turnElsewhere(true);
    try {
      thread.interrupt();
      thread.join(millis);
    } finally {
      turnElsewhere(false);
    }
  }

  private static synchronized void turnElsewhere(boolean on) {
    elsewhere = on;
    set();
  }

  private static void set() {
    MethodHandle wanted = cell || elsewhere ? STOP : PASS;
    if (SITE.getTarget() != wanted) {
      SITE.setTarget(wanted);
      MutableCallSite.syncAll(new MutableCallSite[] {SITE});
    }
  }

  /** Throws while the switch is on. */
  public static void check() {
    try {
      CHECK.invokeExact();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Stands in for {@link System#exit} in cells, which would take every variable along. */
  public static void exit(int status) {
    throw new UnsupportedOperationException(
        "System.exit("
            + status
            + ") would end the kernel and lose all variables; to start afresh use Kernel > Restart"
            + " in the menu");
  }

  /** Stands in for {@link Runtime#exit} and {@link Runtime#halt} in cells. */
  public static void exit(Runtime runtime, int status) {
    exit(status);
  }
}
