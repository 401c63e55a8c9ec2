package grounds.corpus;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * The folders where data sets are kept, and the download of those that are in none of them.
 *
 * <p>A file counts as a data set if its size and its SHA-256 are the data set's, whatever its name:
 * nothing else is ever handed out. Downloads go to the first folder; the extra ones are only read.
 * Any number of threads and processes may share a folder.
 */
public final class DatasetCache {
  private static final Duration SILENCE_LIMIT = Duration.ofSeconds(15);
  private static final long LOCK_POLL_MILLIS = 200;
  private static final ReentrantLock DOWNLOADS = new ReentrantLock();

  private final Path folder;
  private final List<Path> extraFolders;
  private final DownloadProgress progress;
  private final Duration silenceLimit;

  /**
   * @param folder where downloads go; made when first needed
   * @param extraFolders further folders to look in; those that do not exist are passed over
   * @param progress watches downloads
   */
  public DatasetCache(Path folder, List<Path> extraFolders, DownloadProgress progress) {
    this(folder, extraFolders, progress, SILENCE_LIMIT);
  }

  DatasetCache(
      Path folder, List<Path> extraFolders, DownloadProgress progress, Duration silenceLimit) {
    this.folder = folder.toAbsolutePath().normalize();
    this.extraFolders = List.copyOf(extraFolders);
    this.progress = Objects.requireNonNull(progress, "progress");
    this.silenceLimit = silenceLimit;
  }

  /**
   * The cache of this checkout: the folder named by the environment variable GROUNDS_CACHE; else
   * {@code data/cache} in the first folder, from the working directory upwards, that holds {@code
   * data/catalogue.json}; else {@code .cache/grounds} in the home folder. GROUNDS_EXTRA_CACHE names
   * further folders, separated as in a class path. The system properties {@code grounds.cache} and
   * {@code grounds.extraCache} win over the variables. Downloads print their progress.
   */
  public static DatasetCache standard() {
    List<Path> extra =
        setting("grounds.extraCache", "GROUNDS_EXTRA_CACHE").stream()
            .flatMap(folders -> Arrays.stream(folders.split(File.pathSeparator)))
            .filter(name -> !name.isBlank())
            .map(Path::of)
            .toList();
    Path folder =
        setting("grounds.cache", "GROUNDS_CACHE")
            .map(Path::of)
            .orElseGet(() -> defaultFolder(Path.of("").toAbsolutePath()));
    return new DatasetCache(folder, extra, DownloadProgress.printing());
  }

  static Path defaultFolder(Path workingDirectory) {
    for (Path up = workingDirectory; up != null; up = up.getParent()) {
      if (Files.isRegularFile(up.resolve("data").resolve("catalogue.json"))) {
        return up.resolve("data").resolve("cache");
      }
    }
    return Path.of(System.getProperty("user.home"), ".cache", "grounds");
  }

  private static Optional<String> setting(String property, String variable) {
    return Optional.ofNullable(System.getProperty(property))
        .or(() -> Optional.ofNullable(System.getenv(variable)))
        .filter(value -> !value.isBlank());
  }

  /** Where the data set's file goes: the place to put it by hand. */
  public Path place(Dataset dataset) {
    return folder.resolve(dataset.fileName());
  }

  /** The verified file of the data set, if a folder holds it; nothing is downloaded. */
  public Optional<Path> find(Dataset dataset) {
    return Stream.concat(Stream.of(folder), extraFolders.stream())
        .flatMap(candidate -> findIn(candidate, dataset).stream())
        .findFirst();
  }

  private Optional<Path> findIn(Path candidate, Dataset dataset) {
    Path named = candidate.resolve(dataset.fileName());
    if (isVerified(named, dataset)) {
      return Optional.of(named);
    }
    if (!Files.isDirectory(candidate)) {
      return Optional.empty();
    }
    try (Stream<Path> files = Files.list(candidate)) {
      return files
          // A part file is another download's, even when all of its bytes are there.
          .filter(file -> !file.equals(named) && !file.toString().endsWith(".part"))
          .sorted()
          .filter(file -> isVerified(file, dataset))
          .findFirst();
    } catch (IOException e) {
      throw new UncheckedIOException("Could not list the folder " + candidate, e);
    }
  }

  /**
   * The verified file of the data set, downloaded if no folder holds it.
   *
   * @throws DatasetUnreachableException if it cannot be downloaded; the message says where to put
   *     it by hand
   * @throws UncheckedIOException if what came is not the data set, if it cannot be written, or if
   *     the thread was interrupted (what came so far is kept, and the interrupt status is set
   *     again)
   */
  public Path get(Dataset dataset) {
    if (dataset.onClassPath()) {
      throw new IllegalArgumentException(
          dataset.name() + " has no file: it is read from the class path, by Corpus.load.");
    }
    Optional<Path> found = find(dataset);
    if (found.isPresent()) {
      return found.get();
    }
    try {
      return download(dataset);
    } catch (InterruptedException | ClosedByInterruptException e) {
      throw interrupted(
          "The download of %s was interrupted; the next one goes on where it stopped: %s"
              .formatted(dataset.name(), part(dataset)),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Could not write %s to the folder %s: %s. Name one you can write to in GROUNDS_CACHE."
              .formatted(dataset.name(), folder, Download.reason(e)),
          e);
    }
  }

  private static UncheckedIOException interrupted(String message, Exception cause) {
    Thread.currentThread().interrupt();
    InterruptedIOException interrupted = new InterruptedIOException("interrupted");
    interrupted.initCause(cause);
    return new UncheckedIOException(message, interrupted);
  }

  private Path part(Dataset dataset) {
    return folder.resolve(dataset.fileName() + ".part");
  }

  private Path download(Dataset dataset) throws IOException, InterruptedException {
    Files.createDirectories(folder);
    // File locks are between processes; between the threads of this one, a lock of its own.
    DOWNLOADS.lockInterruptibly();
    try (FileChannel channel = openLockFile(dataset)) {
      FileLock lock = lock(channel, dataset);
      try {
        Optional<Path> found = find(dataset);
        if (found.isPresent()) { // Whoever held the lock has downloaded it meanwhile.
          return found.get();
        }
        return downloadLocked(dataset);
      } finally {
        lock.release();
      }
    } finally {
      DOWNLOADS.unlock();
    }
  }

  private Path downloadLocked(Dataset dataset) throws IOException, InterruptedException {
    Path part = part(dataset);
    boolean resumed = Files.exists(part);
    transfer(dataset);
    if (resumed && !isVerified(part, dataset)) {
      // What was there may have been damaged, by a crash say; the source deserves a clean try.
      Files.delete(part);
      transfer(dataset);
    }
    verify(part, dataset);
    force(part);
    return Files.move(part, place(dataset), StandardCopyOption.ATOMIC_MOVE);
  }

  /** The lock file stays: deleting it would let two processes lock two files of one name. */
  private FileChannel openLockFile(Dataset dataset) throws IOException {
    return FileChannel.open(
        folder.resolve("." + dataset.fileName() + ".lock"),
        StandardOpenOption.CREATE,
        StandardOpenOption.WRITE);
  }

  private FileLock lock(FileChannel channel, Dataset dataset)
      throws IOException, InterruptedException {
    FileLock lock = channel.tryLock();
    if (lock == null) {
      System.out.println("Another process is downloading " + dataset.name() + ": waiting for it.");
    }
    while (lock == null) {
      Thread.sleep(LOCK_POLL_MILLIS);
      lock = channel.tryLock();
    }
    return lock;
  }

  private void transfer(Dataset dataset) throws IOException, InterruptedException {
    Path part = part(dataset);
    try {
      new Download(dataset, part, progress, silenceLimit).run();
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      throw new DatasetUnreachableException(
          "%s is in no cache folder and could not be downloaded from %s: %s.%n%s"
              .formatted(dataset.name(), dataset.source(), Download.reason(e), byHand(dataset)),
          e);
    }
  }

  /** How to do without the download: where the file goes and how it is recognised. */
  private String byHand(Dataset dataset) {
    Path place = place(dataset);
    String there =
        Files.exists(place)
            ? "%nThe file that is there now is not it: %s.".formatted(content(place))
            : "";
    return ("To put it there by hand, save it as %s (%s). Or name a folder that holds it in"
            + " GROUNDS_EXTRA_CACHE.%s")
        .formatted(place, wanted(dataset), there);
  }

  private static String wanted(Dataset dataset) {
    return content(dataset.sizeBytes(), dataset.sha256());
  }

  private static String content(Path file) {
    try {
      return content(Files.size(file), sha256(file));
    } catch (IOException e) {
      return "it cannot be read (" + Download.reason(e) + ")";
    }
  }

  private static String content(long bytes, String sha256) {
    return String.format(Locale.ROOT, "%,d bytes, SHA-256 %s", bytes, sha256);
  }

  private void verify(Path part, Dataset dataset) throws IOException {
    if (isVerified(part, dataset)) {
      return;
    }
    String came = content(part);
    Files.delete(part);
    throw new UncheckedIOException(
        ("The checksum of %s is wrong. Wanted: %s. Came from %s: %s. What came is deleted. Try"
                + " again; if it happens again, something on the way (a proxy, a login page) changes"
                + " the file.%n%s")
            .formatted(dataset.name(), wanted(dataset), dataset.source(), came, byHand(dataset)),
        new IOException("checksum mismatch"));
  }

  private static boolean isVerified(Path file, Dataset dataset) {
    try {
      return Files.isRegularFile(file)
          && Files.size(file) == dataset.sizeBytes()
          && sha256(file).equals(dataset.sha256());
    } catch (IOException e) {
      return false; // A file that cannot be read is not there.
    }
  }

  static String sha256(Path file) throws IOException {
    MessageDigest digest = sha256();
    try (InputStream stream = Files.newInputStream(file)) {
      byte[] buffer = new byte[1 << 16];
      for (int n = stream.read(buffer); n >= 0; n = stream.read(buffer)) {
        digest.update(buffer, 0, n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  static String sha256(byte[] bytes) {
    return HexFormat.of().formatHex(sha256().digest(bytes));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has SHA-256", e);
    }
  }

  private static void force(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }
}
