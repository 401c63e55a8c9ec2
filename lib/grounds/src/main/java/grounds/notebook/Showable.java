package grounds.notebook;

/** Something that knows how it is shown, as the value of a cell's last line for instance. */
@FunctionalInterface
public interface Showable {

  /** How it is shown. */
  Output output();
}
