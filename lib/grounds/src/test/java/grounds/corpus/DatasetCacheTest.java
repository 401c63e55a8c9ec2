package grounds.corpus;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Downloads come from a real HTTP server on the loopback address. */
@Timeout(60)
class DatasetCacheTest {
  private static final byte[] CONTENT = content();

  /** How the server answers a request. */
  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  @TempDir Path temporary;
  private Path folder;
  private HttpServer server;
  private ExecutorService serverThreads;

  /** What the Range header of each request was; "all" for none. */
  private final List<String> requests = new CopyOnWriteArrayList<>();

  private final CountDownLatch testOver = new CountDownLatch(1);
  private Dataset dataset;

  private static byte[] content() {
    byte[] content = new byte[300_000];
    new Random(1).nextBytes(content);
    return content;
  }

  @BeforeEach
  void startServer() throws IOException {
    folder = temporary.resolve("cache");
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    serverThreads = Executors.newCachedThreadPool();
    server.setExecutor(serverThreads);
    server.start();
    dataset =
        new Dataset(
            "noise",
            "Random bytes",
            URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/noise.bin"),
            "none",
            DatasetCache.sha256(CONTENT),
            CONTENT.length,
            Optional.empty());
  }

  @AfterEach
  void stopServer() {
    testOver.countDown();
    server.stop(0);
    serverThreads.shutdownNow();
  }

  private void answer(Answer answer) {
    server.createContext(
        "/noise.bin",
        exchange -> {
          requests.add(
              Optional.ofNullable(exchange.getRequestHeaders().getFirst("Range")).orElse("all"));
          try (exchange) {
            answer.to(exchange);
          }
        });
  }

  /** As a good server: the whole, or the range asked for. */
  private static void honest(HttpExchange exchange) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    if (range == null) {
      send(exchange, 200, CONTENT);
    } else {
      int from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
      exchange
          .getResponseHeaders()
          .add(
              "Content-Range",
              "bytes %d-%d/%d".formatted(from, CONTENT.length - 1, CONTENT.length));
      send(exchange, 206, Arrays.copyOfRange(CONTENT, from, CONTENT.length));
    }
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  /** Announces the whole, sends the first bytes and then what {@code then} does. */
  private static void sendFirst(HttpExchange exchange, int bytes) throws IOException {
    exchange.sendResponseHeaders(200, CONTENT.length);
    exchange.getResponseBody().write(CONTENT, 0, bytes);
    exchange.getResponseBody().flush();
  }

  private DatasetCache cache(Path... extra) {
    return cache((d, bytes, total) -> {}, extra);
  }

  private DatasetCache cache(DownloadProgress progress, Path... extra) {
    return new DatasetCache(folder, List.of(extra), progress, Duration.ofSeconds(2));
  }

  private Path part() {
    return folder.resolve("noise.bin.part");
  }

  private void writePart(byte[] bytes) throws IOException {
    Files.createDirectories(folder);
    Files.write(part(), bytes);
  }

  private void assertDownloaded(Path file) throws IOException {
    assertEquals(folder.resolve("noise.bin"), file);
    assertArrayEquals(CONTENT, Files.readAllBytes(file));
    assertFalse(Files.exists(part()), "the part file is still there");
  }

  private static void assertMentions(String message, Object... parts) {
    for (Object part : parts) {
      assertTrue(message.contains(part.toString()), () -> "no <" + part + "> in: " + message);
    }
  }

  private interface Action {
    void run() throws Exception;
  }

  /** What the action prints to standard output. */
  private static String printed(Action action) throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      action.run();
    } finally {
      System.setOut(before);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  // Lookup

  @Test
  void aFileInACacheFolderCountsWhateverItsName() throws IOException {
    Path extra = Files.createDirectory(temporary.resolve("extra"));
    Files.write(extra.resolve("a-same-size"), new byte[CONTENT.length]);
    Path file = Files.write(extra.resolve("saved by hand (1).txt"), CONTENT);
    assertEquals(Optional.of(file), cache(temporary.resolve("absent"), extra).find(dataset));
    assertEquals(file, cache(extra).get(dataset));
    assertEquals(List.of(), requests);
    assertFalse(Files.exists(folder), "looking made the folder");
  }

  @Test
  void aFileOfTheRightNameAndOtherContentDoesNotCount() throws IOException {
    Files.createDirectories(folder);
    byte[] damaged = CONTENT.clone();
    damaged[1000] ^= 1;
    Files.write(folder.resolve("noise.bin"), damaged);
    assertEquals(Optional.empty(), cache().find(dataset));
    answer(DatasetCacheTest::honest);
    assertDownloaded(cache().get(dataset));
  }

  @Test
  void theDefaultFolderIsThatOfTheCheckoutElseOfTheHomeFolder() throws IOException {
    Path data = Files.createDirectory(temporary.resolve("data"));
    Files.createFile(data.resolve("catalogue.json"));
    Path deep = Files.createDirectories(temporary.resolve("notebooks/solutions"));
    assertEquals(data.resolve("cache"), DatasetCache.defaultFolder(deep));
    assertEquals(
        Path.of(System.getProperty("user.home"), ".cache", "grounds"),
        DatasetCache.defaultFolder(temporary.getRoot()));
  }

  // Downloads that work

  @Test
  void aDownloadReportsItsProgressAndIsFoundAfterwards() throws IOException {
    answer(DatasetCacheTest::honest);
    List<Long> progress = new ArrayList<>();
    DatasetCache cache =
        cache(
            (d, bytes, total) -> {
              assertEquals(dataset, d);
              assertEquals(CONTENT.length, total);
              progress.add(bytes);
            });
    assertDownloaded(cache.get(dataset));
    assertEquals(0, progress.get(0));
    assertEquals(CONTENT.length, progress.get(progress.size() - 1));
    assertEquals(progress.stream().sorted().toList(), progress);
    cache.get(dataset);
    assertEquals(List.of("all"), requests);
  }

  @Test
  void aPartIsResumed() throws IOException {
    answer(DatasetCacheTest::honest);
    writePart(Arrays.copyOf(CONTENT, 100_000));
    List<Long> progress = new ArrayList<>();
    assertDownloaded(cache((d, bytes, total) -> progress.add(bytes)).get(dataset));
    assertEquals(List.of("bytes=100000-"), requests);
    assertEquals(100_000, progress.get(0));
  }

  @Test
  void aBrokenOffTransferIsResumedAtOnce() throws IOException {
    answer(
        exchange -> {
          if (requests.size() == 1) {
            sendFirst(exchange, 120_000);
          } else {
            honest(exchange);
          }
        });
    assertDownloaded(cache().get(dataset));
    assertEquals(List.of("all", "bytes=120000-"), requests);
  }

  @Test
  void aServerThatIgnoresRangeRestarts() throws IOException {
    answer(exchange -> send(exchange, 200, CONTENT));
    writePart(Arrays.copyOf(CONTENT, 100_000));
    assertDownloaded(cache().get(dataset));
    assertEquals(List.of("bytes=100000-"), requests);
  }

  @Test
  void aServerThatSendsAnotherRangeIsAskedForTheWhole() throws IOException {
    answer(
        exchange -> {
          if (requests.size() == 1) {
            exchange.getResponseHeaders().add("Content-Range", "bytes 0-9/10");
            send(exchange, 206, new byte[10]);
          } else {
            honest(exchange);
          }
        });
    writePart(Arrays.copyOf(CONTENT, 100_000));
    assertDownloaded(cache().get(dataset));
    assertEquals(List.of("bytes=100000-", "all"), requests);
  }

  @Test
  void aServerThatRefusesTheRangeIsAskedForTheWhole() throws IOException {
    answer(
        exchange -> {
          if (requests.size() == 1) {
            exchange.sendResponseHeaders(416, -1);
          } else {
            honest(exchange);
          }
        });
    writePart(Arrays.copyOf(CONTENT, 100_000));
    assertDownloaded(cache().get(dataset));
    assertEquals(List.of("bytes=100000-", "all"), requests);
  }

  @Test
  void aDamagedPartIsDroppedAndTheWholeFetched() throws IOException {
    answer(DatasetCacheTest::honest);
    writePart(new byte[100_000]);
    assertDownloaded(cache().get(dataset));
    assertEquals(List.of("bytes=100000-", "all"), requests);
  }

  @Test
  void aPartThatIsTooLongIsDroppedAndAWholeOneIsOnlyChecked() throws IOException {
    answer(DatasetCacheTest::honest);
    writePart(Arrays.copyOf(CONTENT, CONTENT.length + 1));
    assertDownloaded(cache().get(dataset));
    assertEquals(List.of("all"), requests);
    Files.move(folder.resolve("noise.bin"), part());
    assertDownloaded(cache().get(dataset));
    assertEquals(List.of("all"), requests);
  }

  // Downloads that fail

  @Test
  void aTruncatedBodyKeepsThePartAndSaysWhereToPutTheFile() throws IOException {
    answer(
        exchange -> {
          if (requests.size() == 1) {
            sendFirst(exchange, 120_000);
          } else {
            exchange.sendResponseHeaders(503, -1);
          }
        });
    DatasetUnreachableException e =
        assertThrows(DatasetUnreachableException.class, () -> cache().get(dataset));
    assertMentions(e.getMessage(), "status 503");
    assertEquals(List.of("all", "bytes=120000-"), requests);
    assertArrayEquals(Arrays.copyOf(CONTENT, 120_000), Files.readAllBytes(part()));
  }

  @Test
  void aServerThatAlwaysBreaksOffIsGivenUp() throws IOException {
    answer(exchange -> sendFirst(exchange, 50_000 * requests.size()));
    assertThrows(DatasetUnreachableException.class, () -> cache().get(dataset));
    assertEquals(3, requests.size());
    assertEquals(150_000, Files.size(part()));
  }

  @Test
  void wrongContentIsDeletedAndBothChecksumsAreGiven() throws IOException {
    byte[] login = "<html>Please log in</html>".getBytes(StandardCharsets.UTF_8);
    answer(exchange -> send(exchange, 200, login));
    UncheckedIOException e = assertThrows(UncheckedIOException.class, () -> cache().get(dataset));
    assertFalse(e instanceof DatasetUnreachableException, "the server was reached");
    assertMentions(
        e.getMessage(),
        "The checksum of noise is wrong",
        dataset.sha256(),
        "300,000 bytes",
        DatasetCache.sha256(login),
        "26 bytes",
        "proxy",
        folder.resolve("noise.bin"));
    assertFalse(Files.exists(part()));
    assertFalse(Files.exists(folder.resolve("noise.bin")));
  }

  @Test
  void aBodyThatNeverEndsIsCutOff() {
    answer(
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          while (true) {
            exchange.getResponseBody().write(CONTENT);
          }
        });
    UncheckedIOException e = assertThrows(UncheckedIOException.class, () -> cache().get(dataset));
    assertMentions(e.getMessage(), "The checksum of noise is wrong");
    assertFalse(Files.exists(part()));
  }

  @Test
  void notFoundGivesTheAddressAndWhereToPutTheFile() throws IOException {
    answer(exchange -> exchange.sendResponseHeaders(404, -1));
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("noise.bin"), "not it");
    DatasetUnreachableException e =
        assertThrows(DatasetUnreachableException.class, () -> cache().get(dataset));
    assertMentions(
        e.getMessage(),
        dataset.source(),
        "status 404",
        folder.resolve("noise.bin"),
        "300,000 bytes",
        dataset.sha256(),
        "GROUNDS_EXTRA_CACHE",
        "The file that is there now is not it: 6 bytes");
    assertEquals(1, requests.size());
    assertEquals("not it", Files.readString(folder.resolve("noise.bin")));
  }

  @Test
  void aRefusedConnectionIsUnreachable() {
    server.stop(0);
    DatasetUnreachableException e =
        assertThrows(DatasetUnreachableException.class, () -> cache().get(dataset));
    assertMentions(e.getMessage().toLowerCase(), "connect", folder.resolve("noise.bin"));
    assertFalse(Files.exists(part()), "an empty part file is left");
  }

  @Test
  void anUnknownServerIsUnreachable() {
    Dataset nowhere = withSource(URI.create("http://nowhere.invalid/noise.bin"));
    DatasetUnreachableException e =
        assertThrows(DatasetUnreachableException.class, () -> cache().get(nowhere));
    assertMentions(e.getMessage(), "is there a network?");
  }

  private Dataset withSource(URI source) {
    return new Dataset(
        dataset.name(),
        dataset.title(),
        source,
        dataset.licence(),
        dataset.sha256(),
        dataset.sizeBytes(),
        dataset.fallback());
  }

  @Test
  void aSilentServerIsUnreachable() {
    answer(exchange -> await(testOver));
    DatasetUnreachableException e =
        assertThrows(DatasetUnreachableException.class, () -> cache().get(dataset));
    assertMentions(e.getMessage(), "sent nothing for 2 s");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void anInterruptKeepsThePartForTheNextDownload() throws IOException {
    answer(
        exchange -> {
          if (requests.size() == 1) {
            sendFirst(exchange, 120_000);
            await(testOver);
          } else {
            honest(exchange);
          }
        });
    AtomicBoolean interruptedOnce = new AtomicBoolean();
    DatasetCache cache =
        cache(
            (d, bytes, total) -> {
              if (bytes == 120_000 && interruptedOnce.compareAndSet(false, true)) {
                Thread.currentThread().interrupt();
              }
            });
    UncheckedIOException e = assertThrows(UncheckedIOException.class, () -> cache.get(dataset));
    assertTrue(Thread.interrupted(), "the interrupt status is lost");
    assertInstanceOf(InterruptedIOException.class, e.getCause());
    assertMentions(e.getMessage(), "interrupted", part());
    assertEquals(120_000, Files.size(part()));
    assertDownloaded(cache.get(dataset));
    assertEquals(List.of("all", "bytes=120000-"), requests);
  }

  @Test
  void anInterruptBeforeAnyByteLosesNothing() throws IOException {
    answer(DatasetCacheTest::honest);
    writePart(CONTENT);
    DatasetCache cache = cache((d, bytes, total) -> Thread.currentThread().interrupt());
    UncheckedIOException e = assertThrows(UncheckedIOException.class, () -> cache.get(dataset));
    assertTrue(Thread.interrupted(), "the interrupt status is lost");
    assertInstanceOf(InterruptedIOException.class, e.getCause());
    assertArrayEquals(CONTENT, Files.readAllBytes(part()));

    writePart(Arrays.copyOf(CONTENT, 120_000));
    e = assertThrows(UncheckedIOException.class, () -> cache.get(dataset));
    assertTrue(Thread.interrupted(), "the interrupt status is lost");
    assertInstanceOf(InterruptedIOException.class, e.getCause());
    assertEquals(120_000, Files.size(part()));

    assertDownloaded(cache().get(dataset));
  }

  @Test
  void aFullDiskIsNamedWithThePath() throws IOException {
    Path full = Path.of("/dev/full");
    if (!Files.exists(full)) {
      String reason = "Not run: aFullDiskIsNamedWithThePath needs /dev/full, which Linux has.";
      System.out.println(reason);
      assumeTrue(false, reason);
    }
    answer(DatasetCacheTest::honest);
    Files.createDirectories(folder);
    Files.createSymbolicLink(part(), full);
    UncheckedIOException e = assertThrows(UncheckedIOException.class, () -> cache().get(dataset));
    assertFalse(e instanceof DatasetUnreachableException, "the server was reached");
    assertMentions(e.getMessage(), "Could not write " + part(), "No space left", "Make room");
    Files.delete(part());
  }

  @Test
  void aFolderThatCannotBeMadeIsNamed() throws IOException {
    Files.createFile(folder);
    UncheckedIOException e = assertThrows(UncheckedIOException.class, () -> cache().get(dataset));
    assertMentions(e.getMessage(), folder, "GROUNDS_CACHE");
  }

  @Test
  void aDataSetOnTheClassPathHasNoFile() {
    Dataset plays = DatasetCatalog.standard().get("three-tragedies");
    assertThrows(IllegalArgumentException.class, () -> cache().get(plays));
  }

  // Several at once

  @Test
  void threadsThatWantTheSameFileDownloadItOnce() throws Exception {
    answer(
        exchange -> {
          pause();
          honest(exchange);
        });
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      Callable<Path> get = () -> cache().get(dataset);
      for (Future<Path> file : threads.invokeAll(List.of(get, get, get, get))) {
        assertDownloaded(file.get());
      }
    } finally {
      threads.shutdownNow();
    }
    assertEquals(List.of("all"), requests);
  }

  private static void pause() {
    try {
      Thread.sleep(500);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void processesThatWantTheSameFileDownloadItOnce() throws Exception {
    CountDownLatch bothRun = new CountDownLatch(1);
    answer(
        exchange -> {
          await(bothRun);
          honest(exchange);
        });
    List<Process> processes = List.of(otherProcess(), otherProcess());
    try {
      // One holds the lock and waits for the server; the other says that it waits for the lock.
      Path output = temporary.resolve("output");
      while (!Files.readString(output).contains("Another process is downloading noise")) {
        assertTrue(processes.stream().allMatch(Process::isAlive), "one ended early");
        Thread.sleep(50);
      }
      bothRun.countDown();
      for (Process process : processes) {
        assertEquals(0, process.waitFor());
      }
    } finally {
      bothRun.countDown();
      processes.forEach(Process::destroy);
    }
    assertDownloaded(folder.resolve("noise.bin"));
    assertEquals(List.of("all"), requests);
  }

  private Process otherProcess() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            OtherProcess.class.getName(),
            folder.toString(),
            dataset.source().toString(),
            dataset.sha256())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(temporary.resolve("output").toFile()))
        .start();
  }

  /** Downloads the data set given by its arguments. */
  static final class OtherProcess {
    private OtherProcess() {}

    public static void main(String[] args) {
      Dataset dataset =
          new Dataset(
              "noise",
              "Random bytes",
              URI.create(args[1]),
              "none",
              args[2],
              CONTENT.length,
              Optional.empty());
      new DatasetCache(Path.of(args[0]), List.of(), (d, bytes, total) -> {}).get(dataset);
    }
  }

  // What the user sees

  @Test
  void printedProgressIsALineASecondAtMost() throws Exception {
    DownloadProgress progress = DownloadProgress.printing();
    String printed =
        printed(
            () -> {
              for (int bytes = 0; bytes <= 300_000; bytes += 1_000) {
                progress.at(dataset, bytes, 300_000);
              }
              progress.at(dataset, 300_000, 300_000);
            });
    List<String> lines = printed.lines().toList();
    assertEquals("Downloading noise: 0 of 300,000 bytes (0%)", lines.get(0));
    assertEquals("Downloading noise: 300,000 of 300,000 bytes (100%)", lines.get(lines.size() - 1));
    assertTrue(lines.size() <= 4, printed);
  }

  @Test
  void withoutANetworkTheFallbackIsLoadedAndOneLineSaysSo() throws Exception {
    server.stop(0);
    Dataset tragedies = DatasetCatalog.standard().get("three-tragedies");
    Dataset play =
        new Dataset(
            "play",
            "A play",
            dataset.source(),
            "none",
            dataset.sha256(),
            dataset.sizeBytes(),
            Optional.of(tragedies.name()));
    DatasetCatalog catalog = new DatasetCatalog(List.of(play, tragedies, dataset));
    List<Corpus> loaded = new ArrayList<>();
    String printed = printed(() -> loaded.add(Corpus.load("play", catalog, cache())));
    assertEquals("three-tragedies", loaded.get(0).name());
    assertEquals(1, printed.lines().count(), printed);
    assertMentions(
        printed,
        "play could not be downloaded",
        "this is three-tragedies instead, 401,495 characters",
        folder.resolve("play.bin"),
        dataset.sha256());
    assertThrows(DatasetUnreachableException.class, () -> Corpus.load("noise", catalog, cache()));
  }

  @Test
  void aLoadedDataSetIsItsText() throws IOException {
    byte[] text = "What bloody man is that?\n".getBytes(StandardCharsets.UTF_8);
    answer(exchange -> send(exchange, 200, text));
    Dataset small =
        new Dataset(
            "noise",
            "A line",
            dataset.source(),
            "none",
            DatasetCache.sha256(text),
            text.length,
            Optional.empty());
    Corpus corpus = Corpus.load("noise", new DatasetCatalog(List.of(small)), cache());
    assertEquals(
        new Corpus("noise", "What bloody man is that?\n", "A line, " + dataset.source()), corpus);
  }
}
