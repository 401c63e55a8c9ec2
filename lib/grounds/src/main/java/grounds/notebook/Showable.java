package grounds.notebook;

/** A value that knows how a notebook should show it. */
public interface Showable {

  /** What to show for this value now. */
  Output output();
}
