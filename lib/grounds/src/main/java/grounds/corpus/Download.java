package grounds.corpus;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.ProxySelector;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The transfer of one data set into a part file. It goes on where an earlier one stopped, and
 * leaves what it got behind when it fails, for the next one. It does not check the content.
 */
final class Download {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final int ATTEMPTS = 3;
  private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-\\d+/(\\d+|\\*)");

  private final Dataset dataset;
  private final Path part;
  private final DownloadProgress progress;
  private final Duration silenceLimit;

  /**
   * @param silenceLimit how long the server may send nothing before it counts as unreachable
   */
  Download(Dataset dataset, Path part, DownloadProgress progress, Duration silenceLimit) {
    this.dataset = dataset;
    this.part = part;
    this.progress = progress;
    this.silenceLimit = silenceLimit;
  }

  /**
   * Transfers until the server has sent all it has. A transfer that breaks off is taken up again as
   * long as each attempt brings it forward.
   *
   * @throws IOException if the source cannot be reached, refuses, or breaks off
   * @throws UncheckedIOException if the part file cannot be written
   */
  void run() throws IOException, InterruptedException {
    HttpClient client =
        HttpClient.newBuilder()
            .connectTimeout(CONNECT_TIMEOUT)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .proxy(ProxySelector.getDefault())
            .build();
    progress.at(dataset, Math.min(partBytes(), dataset.sizeBytes()), dataset.sizeBytes());
    for (int attempt = 1; ; attempt++) {
      long before = partBytes();
      if (before > dataset.sizeBytes()) {
        delete();
        before = 0;
      } else if (before == dataset.sizeBytes()) {
        return;
      }
      try {
        if (transfer(client)) {
          return;
        }
        delete(); // The server cannot go on from this part.
      } catch (IOException e) {
        long after = partBytes();
        if (after == 0) {
          delete();
        }
        if (attempt >= ATTEMPTS || after <= before) {
          throw e;
        }
      }
    }
  }

  /** One request; false if the server cannot send the rest of the part that is there. */
  private boolean transfer(HttpClient client) throws IOException, InterruptedException {
    try (FileChannel channel = open()) {
      PartWriter writer = new PartWriter(channel, channel.size(), dataset.sizeBytes());
      HttpRequest.Builder request = HttpRequest.newBuilder(dataset.source());
      if (writer.start > 0) {
        request.header("Range", "bytes=" + writer.start + "-");
      }
      int status = await(client.sendAsync(request.build(), writer::receive), writer).statusCode();
      if (status == 416 || (status == 206 && !writer.accepted)) {
        if (writer.start == 0) {
          throw new IOException("the server answered a plain request with status " + status);
        }
        return false;
      }
      if (status != 200 && status != 206) {
        throw new IOException("the server answered with status " + status);
      }
      return true;
    }
  }

  /** Waits for the answer and its whole body, reporting progress from this thread. */
  private HttpResponse<Void> await(CompletableFuture<HttpResponse<Void>> answer, PartWriter writer)
      throws IOException, InterruptedException {
    long lastBytes = -1;
    long lastChange = System.nanoTime();
    try {
      while (true) {
        try {
          HttpResponse<Void> response = answer.get(200, TimeUnit.MILLISECONDS);
          progress.at(dataset, Math.min(writer.bytes, dataset.sizeBytes()), dataset.sizeBytes());
          return response;
        } catch (TimeoutException e) {
          long now = System.nanoTime();
          long bytes = writer.bytes;
          if (bytes != lastBytes) {
            lastBytes = bytes;
            lastChange = now;
          } else if (now - lastChange > silenceLimit.toNanos()) {
            throw new IOException(
                "the server sent nothing for %d s".formatted(silenceLimit.toSeconds()), e);
          }
          progress.at(dataset, Math.min(bytes, dataset.sizeBytes()), dataset.sizeBytes());
        } catch (ExecutionException e) {
          if (writer.writeFailure != null) {
            throw new UncheckedIOException(
                "Could not write %s: %s. Make room and try again: it goes on where it stopped."
                    .formatted(part, reason(writer.writeFailure)),
                writer.writeFailure);
          }
          throw new IOException(reason(e.getCause()), e.getCause());
        }
      }
    } finally {
      // Of no effect on an answer that is there; else it closes the connection.
      answer.cancel(true);
    }
  }

  /** Why it failed, in a few words; the message of a failed connection is often empty. */
  static String reason(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof UnresolvedAddressException || t instanceof UnknownHostException) {
        return "the name of the server is unknown; is there a network?";
      }
      if (t.getMessage() != null && !t.getMessage().isBlank()) {
        return t.getMessage();
      }
    }
    return failure instanceof ConnectException
        ? "no connection"
        : failure.getClass().getSimpleName();
  }

  private FileChannel open() throws ClosedByInterruptException {
    try {
      return FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException("Could not write " + part, e);
    }
  }

  private long partBytes() {
    try {
      return Files.exists(part) ? Files.size(part) : 0;
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + part, e);
    }
  }

  private void delete() {
    try {
      Files.deleteIfExists(part);
    } catch (IOException e) {
      throw new UncheckedIOException("Could not delete " + part, e);
    }
  }

  /** Appends a response body to the part file. */
  private static final class PartWriter implements BodySubscriber<Void> {
    private final FileChannel channel;
    private final long start;
    private final long limit;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private Flow.Subscription subscription;
    private volatile boolean accepted;
    private volatile long bytes;
    private volatile IOException writeFailure;

    PartWriter(FileChannel channel, long start, long limit) {
      this.channel = channel;
      this.start = start;
      this.limit = limit;
      this.bytes = start;
    }

    /** Takes the body if it is the whole file or the rest of the part; drops any other. */
    BodySubscriber<Void> receive(ResponseInfo info) {
      accepted = info.statusCode() == 200 || (info.statusCode() == 206 && goesOn(info));
      if (!accepted) {
        return BodySubscribers.replacing(null);
      }
      if (info.statusCode() == 200 && start > 0) {
        try {
          channel.truncate(0);
          bytes = 0;
        } catch (IOException e) {
          writeFailure = e;
          done.completeExceptionally(e);
        }
      }
      return this;
    }

    private boolean goesOn(ResponseInfo info) {
      Matcher range =
          CONTENT_RANGE.matcher(info.headers().firstValue("Content-Range").orElse("none"));
      return range.matches()
          && range.group(1).equals(Long.toString(start))
          && (range.group(2).equals("*") || range.group(2).equals(Long.toString(limit)));
    }

    @Override
    public CompletionStage<Void> getBody() {
      return done;
    }

    @Override
    public void onSubscribe(Flow.Subscription newSubscription) {
      subscription = newSubscription;
      subscription.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
      try {
        for (ByteBuffer buffer : buffers) {
          while (buffer.hasRemaining()) {
            bytes += channel.write(buffer);
          }
        }
      } catch (IOException e) {
        writeFailure = e;
        subscription.cancel();
        done.completeExceptionally(e);
        return;
      }
      if (bytes > limit) {
        subscription.cancel(); // Longer than it should be: the check of its size will say so.
        done.complete(null);
      } else {
        subscription.request(1);
      }
    }

    @Override
    public void onError(Throwable failure) {
      done.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
      done.complete(null);
    }
  }
}
