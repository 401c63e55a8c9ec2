package grounds.tensor;

import java.util.Locale;

/** The device had no memory left for a tensor. A step that failed so has moved no weight. */
public final class OutOfMemory extends RuntimeException {

  private static final long serialVersionUID = 1;

  OutOfMemory(String message, Throwable cause) {
    super(message, cause);
  }

  /** The same failure with advice in front. */
  public OutOfMemory(String advice, OutOfMemory cause) {
    super(advice + "\n" + cause.getMessage(), cause);
  }

  static boolean isReason(String message) {
    String lower = message.toLowerCase(Locale.ROOT);
    return lower.contains("out of memory")
        || lower.contains("can't allocate memory")
        || lower.contains("not enough memory");
  }
}
