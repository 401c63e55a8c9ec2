package grounds.corpus;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * A data set is in no cache folder and its source could not be reached. The message says where to
 * put the file by hand.
 */
public final class DatasetUnreachableException extends UncheckedIOException {
  private static final long serialVersionUID = 1L;

  DatasetUnreachableException(String message, IOException cause) {
    super(message, cause);
  }

  /** Why in a few words, such as "no connection". */
  String reason() {
    return getCause().getMessage();
  }
}
