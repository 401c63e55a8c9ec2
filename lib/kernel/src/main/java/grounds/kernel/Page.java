package grounds.kernel;

import grounds.notebook.Frontend;
import grounds.notebook.Output;
import java.util.Objects;
import java.util.Optional;

/** The page of the notebook that this kernel serves. */
public final class Page implements Frontend {

  private static final long STOP_MILLIS = 1000;

  private static volatile OutputQueue queue;

  /** Called by {@link java.util.ServiceLoader}. */
  public Page() {}

  static Page running() {
    return new Page();
  }

  static void open(OutputQueue outputs) {
    queue = outputs;
  }

  @Override
  public boolean isAvailable() {
    return queue != null;
  }

  @Override
  public void show(Output output) {
    queue().show(Objects.requireNonNull(output, "output"));
  }

  @Override
  public void update(String displayId, Output output) {
    queue()
        .update(
            Objects.requireNonNull(displayId, "displayId"),
            Objects.requireNonNull(output, "output"));
  }

  @Override
  public void stop(Thread thread) {
    try {
      StopSwitch.stop(thread, STOP_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  void clear() {
    queue().clear();
  }

  private static OutputQueue queue() {
    return Optional.ofNullable(queue)
        .orElseThrow(
            () -> new IllegalStateException("no kernel runs in this process: nothing to show on"));
  }
}
