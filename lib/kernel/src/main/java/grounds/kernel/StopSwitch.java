package grounds.kernel;

/**
 * The switch that stops the code of a cell. {@link StopChecks} puts a call of {@link #check()} at
 * every method entry and every backward jump of the code that is typed into cells, so that no loop
 * can miss it. Public only because that code calls it.
 */
public final class StopSwitch {

  /**
   * Thrown in a cell that was interrupted; an Error, so that {@code catch (Exception e)} lets it
   * by.
   */
  static final class CellStopped extends Error {
    private static final long serialVersionUID = 1L;

    CellStopped() {
      super("the cell was interrupted");
    }
  }

  private static volatile boolean on;

  private StopSwitch() {}

  static void turn(boolean value) {
    on = value;
  }

  static boolean isOn() {
    return on;
  }

  /** Throws while the switch is on. */
  public static void check() {
    if (on) {
      throw new CellStopped();
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
