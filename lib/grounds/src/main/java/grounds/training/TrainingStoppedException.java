package grounds.training;

import java.util.concurrent.CancellationException;

/**
 * The training thread was interrupted. The model keeps the weights of the last whole step, and
 * {@link Trainer#run} goes on from there.
 */
public final class TrainingStoppedException extends CancellationException {

  private static final long serialVersionUID = 1;

  TrainingStoppedException(String message) {
    super(message);
  }
}
