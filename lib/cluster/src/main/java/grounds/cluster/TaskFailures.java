package grounds.cluster;

import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.ExecutorLostFailure;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/** Hears how tasks end that do not end well. */
final class TaskFailures extends SparkListener {

  private final Consumer<String> notes;
  private final Set<String> told = new LinkedHashSet<>();
  private Optional<String> writing = Optional.empty();
  private boolean hasExecutor;

  TaskFailures(Consumer<String> notes) {
    this.notes = notes;
  }

  @Override
  public synchronized void onExecutorAdded(SparkListenerExecutorAdded event) {
    hasExecutor = true;
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    if (end.reason() instanceof ExceptionFailure failure) {
      if (failure.className().equals(WorkerException.class.getName())) {
        tell(failure.description());
      } else if (failure.className().equals(java.io.UncheckedIOException.class.getName())) {
        writing = Optional.of(failure.description());
      } else {
        tell(failure.className() + ": " + failure.description());
      }
    } else if (end.reason() instanceof ExecutorLostFailure) {
      tell(
          "Executor "
              + end.taskInfo().executorId()
              + " on "
              + end.taskInfo().host()
              + " is lost; its run goes on elsewhere from its last checkpoint.");
    }
  }

  private void tell(String note) {
    if (told.add(note)) {
      notes.accept(note);
    }
  }

  /** Begins anew. */
  synchronized void forget() {
    told.clear();
    writing = Optional.empty();
  }

  /** Whether anyone has come to work. */
  synchronized boolean hasExecutor() {
    return hasExecutor;
  }

  /** That the shared store cannot be written, which no other worker can help. */
  synchronized Optional<String> writing() {
    return writing;
  }

  /** All that was told. */
  synchronized Set<String> told() {
    return new LinkedHashSet<>(told);
  }
}
