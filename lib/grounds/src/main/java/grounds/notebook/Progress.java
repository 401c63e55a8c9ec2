package grounds.notebook;

import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * A bar that shows how far some work has come and how long it will still take.
 *
 * <p>Create it with {@link #over}, call {@link #advance} as the work goes on, from any thread, and
 * close it. With no kernel, a line is printed at every tenth of the work.
 */
public final class Progress implements AutoCloseable {

  private final long total;
  private final String what;
  private final Bar bar;
  private long done;
  private boolean closed;

  Progress(long total, String what, Bar bar) {
    if (total < 1) {
      throw new IllegalArgumentException(
          "Progress needs a total of 1 or more " + what + ", but got " + total);
    }
    this.total = total;
    this.what = what;
    this.bar = bar;
    bar.start(0);
  }

  /** Starts a bar over so many of what is worked on: {@code Progress.over(5_000, "merges")}. */
  public static Progress over(long total, String what) {
    return new Progress(total, what, new Bar(Page.frontend(), System::nanoTime));
  }

  /** Says that one more is done. */
  public void advance() {
    advance(1);
  }

  /** Says that so many more are done. */
  public synchronized void advance(long more) {
    if (more < 0) {
      throw new IllegalArgumentException("Progress goes forward only, but got " + more);
    }
    if (!closed) {
      done = Math.min(total, done + more);
      closed = done == total;
      show();
    }
  }

  /** Shows the last state; what is not done by now will not be. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      show();
    }
  }

  private void show() {
    double seconds = bar.seconds();
    String rate =
        seconds > 0.5 ? Text.format(" · %s a second", Text.number(Math.round(done / seconds))) : "";
    bar.show(done, total, Text.format("%,d of %,d %s", done, total, what) + rate, closed);
  }

  /** The picture of a bar with its times, shown under one id. */
  static final class Bar {
    /** Text at most 10 times a second (more and a page loses some); 5 is smooth enough. */
    private static final long INTERVAL_MILLIS = 200;

    private static final int TEXT_WIDTH = 20;

    private final Optional<Page.Live> live;
    private final LongSupplier nanoTime;
    private long startNanos;
    private long startDone;
    private long nextTenth;

    Bar(Optional<Frontend> frontend, LongSupplier nanoTime) {
      this.live = frontend.map(f -> new Page.Live(f, nanoTime, INTERVAL_MILLIS));
      this.nanoTime = nanoTime;
    }

    /** Starts the clock; what is done already counts as no work of this run. */
    void start(long done) {
      startNanos = nanoTime.getAsLong();
      startDone = done;
      nextTenth = 0;
    }

    double seconds() {
      return (nanoTime.getAsLong() - startNanos) / 1e9;
    }

    void show(long done, long total, String words, boolean last) {
      if (live.isPresent()) {
        live.get().offer(() -> output(done, total, words, last), last);
      } else if (last || 10 * done / total >= nextTenth) {
        nextTenth = 10 * done / total + 1;
        System.out.println(output(done, total, words, last).text());
      }
    }

    private Output output(long done, long total, String words, boolean last) {
      double share = (double) done / total;
      double seconds = seconds();
      String left =
          last || done == startDone
              ? ""
              : " · " + Text.duration(seconds / (done - startDone) * (total - done)) + " left";
      String line = words + left + " · " + Text.duration(seconds) + " elapsed";
      int filled = (int) Math.round(share * TEXT_WIDTH);
      String percent = Text.format("%3.0f%%", Math.floor(share * 100));
      String text =
          "[" + "#".repeat(filled) + ".".repeat(TEXT_WIDTH - filled) + "] " + percent + " " + line;
      String html =
          "<div style=\"font-variant-numeric:tabular-nums\"><progress max=\"100\" value=\""
              + Text.format("%.1f", share * 100)
              + "\" style=\"width:16em;vertical-align:middle;accent-color:#0072B2\"></progress> "
              + Text.escape(percent + " " + line)
              + "</div>";
      return Output.html(html, text);
    }
  }
}
