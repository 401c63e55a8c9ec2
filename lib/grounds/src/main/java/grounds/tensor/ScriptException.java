package grounds.tensor;

/** A script could not be compiled or run; the message names the part of the model that wrote it. */
public final class ScriptException extends RuntimeException {

  private static final long serialVersionUID = 1;

  ScriptException(String message, Throwable cause) {
    super(message, cause);
  }
}
