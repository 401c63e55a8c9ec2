package grounds.training;

/**
 * The loss or a gradient became infinite or not a number. The model keeps the weights of the last
 * whole step, and no checkpoint was written after it.
 */
public final class TrainingDivergedException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final int step;

  TrainingDivergedException(int step, String message) {
    super(message);
    this.step = step;
  }

  /** The steps done before the one that failed. */
  public int step() {
    return step;
  }
}
