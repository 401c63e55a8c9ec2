package grounds.kernel;

/** What every cell can call without an import of its own. */
public final class Cell {

  private Cell() {}

  /** Shows a value below the cell: tables as tables, pictures as pictures, all else as text. */
  public static void display(Object value) {
    Page.running().show(Renderers.render(value));
  }

  /** Removes what the cell has shown so far, as soon as it shows something else. */
  public static void clearOutput() {
    Page.running().clear();
  }
}
