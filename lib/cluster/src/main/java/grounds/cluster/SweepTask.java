package grounds.cluster;

import grounds.scaling.RunConfig;
import grounds.scaling.RunStore;
import grounds.scaling.Sweep;
import grounds.tensor.Devices;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.api.java.function.VoidFunction;
import org.apache.spark.broadcast.Broadcast;

/**
 * One run of a sweep, on a worker. Done twice, it is done once: the second finds the row of the
 * first, or waits for it.
 */
final class SweepTask implements VoidFunction<String> {

  private static final long serialVersionUID = 1;

  private final Broadcast<SharedText> text;
  private final String store;
  private final String marker;
  private final boolean retryFailed;
  private final long patienceMillis;
  private final String system = system();

  /**
   * A task.
   *
   * @param marker a file that whoever sees the store sees
   * @param patienceMillis how long a worker that cannot do it waits before it says so: Spark gives
   *     up a task when every executor that it knows has failed at it, and others may be on their
   *     way
   */
  SweepTask(
      Broadcast<SharedText> text,
      Path store,
      Path marker,
      boolean retryFailed,
      long patienceMillis) {
    this.text = text;
    this.store = store.toString();
    this.marker = marker.toString();
    this.retryFailed = retryFailed;
    this.patienceMillis = patienceMillis;
  }

  @Override
  public void call(String json) throws InterruptedException {
    try {
      requireEngine();
      requireStore();
    } catch (WorkerException e) {
      Thread.sleep(patienceMillis);
      throw e;
    }
    RunConfig config = RunConfig.ofJson(json);
    if (config.model().dropout() == 0) {
      train(config);
    } else {
      // The random numbers of dropout come from one stream in a process.
      synchronized (SweepTask.class) {
        train(config);
      }
    }
  }

  private void train(RunConfig config) {
    Sweep sweep = new Sweep(RunStore.at(Path.of(store)), text.value().data(), List.of(config));
    (retryFailed ? sweep.retryFailed() : sweep).run();
  }

  private void requireStore() {
    if (!Files.exists(Path.of(marker))) {
      throw new WorkerException(
          "Worker "
              + host()
              + " does not see the store at "
              + store
              + ". It must lie on a file system that the cluster shares, at the same path.");
    }
  }

  private void requireEngine() {
    try {
      Devices.describe();
    } catch (RuntimeException | LinkageError e) {
      Throwable cause = e;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      throw new WorkerException(
          "Worker "
              + host()
              + " cannot load the native library of the tensor engine: "
              + cause.getMessage()
              + ". It was sent the one for "
              + system
              + " and is "
              + system()
              + (system.equals(system())
                  ? "; see that PYTORCH_LIBRARY_PATH, DJL_CACHE_DIR and GROUNDS_DEVICE fit there."
                  : "; start the sweep from a machine like it."));
    }
  }

  private static String system() {
    return System.getProperty("os.name") + " " + System.getProperty("os.arch");
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "of unknown name";
    }
  }
}
