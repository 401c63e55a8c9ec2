package grounds.cluster;

/** What is wrong with one worker: others may well do the task. */
final class WorkerException extends RuntimeException {

  private static final long serialVersionUID = 1;

  WorkerException(String message) {
    super(message);
  }
}
