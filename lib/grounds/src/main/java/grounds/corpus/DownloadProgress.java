package grounds.corpus;

import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Watches a download. It is called several times a second; what it shows how often is its own. */
@FunctionalInterface
public interface DownloadProgress {

  /**
   * Called on the thread that asked for the data set, at the start, while bytes arrive and at the
   * end.
   *
   * @param dataset what is being downloaded
   * @param bytes bytes there so far, those of an earlier, interrupted download included
   * @param totalBytes bytes of the whole
   */
  void at(Dataset dataset, long bytes, long totalBytes);

  /** Prints a line to standard output at the start, at most once a second, and at the end. */
  static DownloadProgress printing() {
    return new DownloadProgress() {
      private Dataset lastDataset;
      private long lastBytes;
      private long lastNanos;

      @Override
      public void at(Dataset dataset, long bytes, long totalBytes) {
        long now = System.nanoTime();
        boolean started = !dataset.equals(lastDataset);
        boolean due = now - lastNanos >= TimeUnit.SECONDS.toNanos(1);
        boolean ended = bytes == totalBytes;
        if (started || (bytes != lastBytes && (due || ended))) {
          lastDataset = dataset;
          lastBytes = bytes;
          lastNanos = now;
          System.out.printf(
              Locale.ROOT,
              "Downloading %s: %,d of %,d bytes (%d%%)%n",
              dataset.name(),
              bytes,
              totalBytes,
              100 * bytes / totalBytes);
        }
      }
    };
  }
}
