package grounds.notebook;

/**
 * The page that a cell's output goes to. The Java kernel provides one through {@link
 * java.util.ServiceLoader}; where none is running, outputs go to standard output as text.
 */
public interface Frontend {

  /** Whether this front end can show something now: a kernel is running in this process. */
  boolean isAvailable();

  /** Shows the output below what the cell has shown so far. */
  void show(Output output);

  /**
   * Shows the output under an id, or puts it in the place of what was shown under that id before.
   * Callers keep the rate down: at most 4 pictures or 10 texts a second, the last state always.
   */
  void update(String displayId, Output output);

  /**
   * Stops what was typed into cells where it runs on another thread than that of the cells. Without
   * a kernel that can, an interrupt is all there is.
   */
  default void stop(Thread thread) {
    thread.interrupt();
  }
}
