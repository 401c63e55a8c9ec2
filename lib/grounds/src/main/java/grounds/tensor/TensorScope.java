package grounds.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;

/**
 * A stretch of work whose tensors are all closed at its end, whichever manager they were attached
 * to. Open one around every step, evaluation and generation:
 *
 * <pre>{@code
 * try (TensorScope scope = TensorScope.open(manager)) {
 *   NDArray logits = model.logits(scope.manager().create(ids), false);
 *   ...
 * }
 * }</pre>
 *
 * <p>DJL attaches a result to the manager of its first operand, so an operation that starts with a
 * weight would leak into the model; a scope sees every tensor made on its thread instead. Scopes
 * nest. A scope belongs to the thread that opened it.
 */
public final class TensorScope implements AutoCloseable {

  private final NDManager parent;
  private final NDManager manager;
  private final NDScope scope;
  private final Thread thread;

  private TensorScope(NDManager parent) {
    this.parent = parent;
    this.manager = parent.newSubManager();
    this.scope = new NDScope();
    this.thread = Thread.currentThread();
  }

  /** Opens a scope whose own tensors live where the parent's do. */
  public static TensorScope open(NDManager parent) {
    return new TensorScope(parent);
  }

  /** Creates tensors that are closed with this scope. */
  public NDManager manager() {
    return manager;
  }

  /** Takes a tensor out of this scope: it now belongs to the manager the scope was opened on. */
  public NDArray keep(NDArray array) {
    requireOwnThread();
    return keep(array, parent);
  }

  /** Takes a tensor out of the scope around the call, if there is one, for another owner. */
  public static NDArray keep(NDArray array, NDManager owner) {
    NDScope.unregister(array);
    array.attach(owner);
    return array;
  }

  /** Closes every tensor made in this scope and not kept. */
  @Override
  public void close() {
    requireOwnThread();
    scope.close();
    manager.close();
  }

  private void requireOwnThread() {
    if (Thread.currentThread() != thread) {
      throw new IllegalStateException(
          "This scope was opened on thread '"
              + thread.getName()
              + "' and is used on '"
              + Thread.currentThread().getName()
              + "'. Open one scope on each thread.");
    }
  }
}
