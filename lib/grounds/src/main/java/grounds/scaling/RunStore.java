package grounds.scaling;

import grounds.tokenizer.WholeFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.LongColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/**
 * A folder with the runs of sweeps: {@code runs.jsonl}, one line a run, which only grows; beside it
 * {@code curves} with the losses on the way, and {@code checkpoints} of runs that are not done.
 *
 * <p>Several processes may share it, on one machine or a shared file system that knows locks. A
 * line is there whole or not at all: one that a crash tore off is no row, and gives way to the
 * next.
 */
public final class RunStore {

  private static final String RUNS = "runs.jsonl";

  private final Path folder;

  private RunStore(Path folder) {
    this.folder = folder;
  }

  /** The store in that folder, which is made when the first run is added. */
  public static RunStore at(Path folder) {
    return new RunStore(folder);
  }

  /** Where it is. */
  public Path folder() {
    return folder;
  }

  Path checkpoints(String id) {
    return folder.resolve("checkpoints").resolve(id);
  }

  Path curve(String id) {
    return folder.resolve("curves").resolve(id + ".csv");
  }

  /**
   * All runs, one row each: of a run that failed and was then finished, the finished one.
   *
   * @throws IllegalArgumentException if a whole line is no row, or two finished rows of one run
   *     differ: naming the lines. The file is left as it is
   * @throws UncheckedIOException with the path, if it cannot be read
   */
  public List<RunRecord> runs() {
    Path file = folder.resolve(RUNS);
    Map<String, RunRecord> rows = new LinkedHashMap<>();
    int number = 0;
    for (String line : wholeLines(file)) {
      number++;
      RunRecord row;
      try {
        row = RunRecord.of(line);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "Line " + number + " of " + file + " cannot be read: " + e.getMessage() + ".", e);
      }
      RunRecord before = rows.get(row.id());
      if (before != null && before.isFinished() && row.isFinished() && !isSame(before, row)) {
        throw new IllegalArgumentException(
            "Two runs with one hash and different results: line "
                + number
                + " of "
                + file
                + " and an earlier one are both "
                + row.id()
                + ". They come from different versions or machines; keep one.");
      }
      if (before == null || !before.isFinished()) {
        rows.put(row.id(), row);
      }
    }
    return List.copyOf(rows.values());
  }

  private static boolean isSame(RunRecord a, RunRecord b) {
    return a.result().orElseThrow().validationLoss() == b.result().orElseThrow().validationLoss();
  }

  private static List<String> wholeLines(Path file) {
    if (!Files.exists(file)) {
      return List.of();
    }
    try {
      String text = Files.readString(file);
      String whole = text.substring(0, text.lastIndexOf('\n') + 1);
      return whole.lines().filter(line -> !line.isBlank()).toList();
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + file + ".", e);
    }
  }

  /** The run of that id, if it ended. */
  public Optional<RunRecord> find(String id) {
    return runs().stream().filter(row -> row.id().equals(id)).findFirst();
  }

  /**
   * Adds a row, and forces it to disk.
   *
   * @throws UncheckedIOException with the path, if it cannot be written; earlier rows stay
   */
  public void add(RunRecord row) {
    // A lock keeps other processes out; within one process to ask for it twice is an error.
    synchronized (RunStore.class) {
      append(row);
    }
  }

  private void append(RunRecord row) {
    Path file = folder.resolve(RUNS);
    byte[] line = (row.line() + "\n").getBytes(StandardCharsets.UTF_8);
    makeFolder();
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      channel.lock(); // until the channel is closed
      long end = endOfWholeLines(channel);
      try {
        channel.truncate(end);
        ByteBuffer bytes = ByteBuffer.wrap(line);
        while (bytes.hasRemaining()) {
          channel.write(bytes, end + bytes.position());
        }
        channel.force(true);
      } catch (IOException e) {
        channel.truncate(end); // half a line is worth nothing
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Could not add run "
              + row.id()
              + " to "
              + file
              + ". The runs before are kept; make room, then start the sweep again.",
          e);
    }
  }

  private void makeFolder() {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("Could not make a run store at " + folder + ".", e);
    }
  }

  private static long endOfWholeLines(FileChannel channel) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    for (long end = channel.size(); end > 0; end--) {
      one.clear();
      channel.read(one, end - 1);
      if (one.get(0) == '\n') {
        return end;
      }
    }
    return 0;
  }

  /** The right to work on one run, until it is closed. */
  final class Claim implements AutoCloseable {

    private final RandomAccessFile file;

    private Claim(RandomAccessFile file) {
      this.file = file;
    }

    @Override
    public void close() {
      try {
        file.close(); // and with it the lock
      } catch (IOException e) {
        throw new UncheckedIOException("Could not give back a claim in " + folder + ".", e);
      }
    }
  }

  /** Claims a run, unless another process or thread works on it. A claim dies with its process. */
  Optional<Claim> claim(String id) {
    Path path = folder.resolve("claims").resolve(id);
    try {
      Files.createDirectories(path.getParent());
      RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
      try {
        if (file.getChannel().tryLock() != null) {
          return Optional.of(new Claim(file));
        }
      } catch (OverlappingFileLockException e) {
        // Another thread of this process has it.
      }
      file.close();
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("Could not claim run " + id + " at " + path + ".", e);
    }
  }

  /** The finished runs as points of a scaling law. */
  public List<ScalingPoint> points() {
    return runs().stream().filter(RunRecord::isFinished).map(RunRecord::point).toList();
  }

  /** For each finished run its losses on the way as points, for {@link Envelope}. */
  public List<List<ScalingPoint>> curves() {
    return runs().stream().filter(RunRecord::isFinished).map(this::curve).toList();
  }

  /** The losses of a run on the way as points. */
  public List<ScalingPoint> curve(RunRecord row) {
    double share = row.config().flops() / row.config().steps();
    double tokens = row.config().tokens() / row.config().steps();
    List<ScalingPoint> points = new ArrayList<>();
    for (Curve.Row at : Curve.read(curve(row.id()))) {
      points.add(
          new ScalingPoint(
              row.config().parameters(),
              tokens * at.step(),
              share * at.step(),
              at.validationLoss()));
    }
    return points;
  }

  /**
   * Writes {@link #table} as CSV.
   *
   * @throws UncheckedIOException with the path, if it cannot be written
   */
  public void exportCsv(Path file) {
    Table table = table();
    WholeFile.write(file, out -> table.write().csv(out));
  }

  /** All runs as a table, a row each; what a failed run does not have is missing. */
  public Table table() {
    List<RunRecord> runs = runs();
    Table table =
        Table.create(
            "runs",
            StringColumn.create("id", runs.stream().map(RunRecord::id).toList()),
            StringColumn.create(
                "outcome", runs.stream().map(r -> r.isFinished() ? "finished" : "failed").toList()),
            StringColumn.create("data", runs.stream().map(r -> r.config().data()).toList()),
            IntColumn.create("layers", runs.stream().mapToInt(r -> r.config().model().layers())),
            IntColumn.create(
                "channels", runs.stream().mapToInt(r -> r.config().model().channels())),
            IntColumn.create(
                "context", runs.stream().mapToInt(r -> r.config().model().contextLength())),
            IntColumn.create("batch", runs.stream().mapToInt(r -> r.config().batch())),
            IntColumn.create("steps", runs.stream().mapToInt(r -> r.config().steps())),
            column("learning rate", runs, r -> r.config().learningRate()),
            LongColumn.create("seed", runs.stream().mapToLong(r -> r.config().seed())),
            column("parameters", runs, r -> r.config().parameters()),
            column("tokens", runs, r -> r.config().tokens()),
            column("FLOPs", runs, r -> r.config().flops()),
            results("training loss", runs, RunRecord.Result::trainingLoss),
            results("validation loss", runs, RunRecord.Result::validationLoss),
            results("best validation loss", runs, RunRecord.Result::bestValidationLoss),
            results("seconds", runs, RunRecord.Result::seconds),
            text("error", runs, r -> r.error().orElse("")),
            text("finished at", runs, r -> r.provenance().finishedAt()),
            text("code", runs, r -> r.provenance().code()),
            text("libraries", runs, r -> r.provenance().libraries()),
            text("machine", runs, r -> r.provenance().machine()),
            text("computation", runs, r -> r.provenance().computation()),
            text("data hash", runs, r -> r.config().dataHash()));
    return table;
  }

  private static StringColumn text(
      String name, List<RunRecord> runs, Function<RunRecord, String> value) {
    return StringColumn.create(name, runs.stream().map(value).collect(Collectors.toList()));
  }

  private static DoubleColumn column(
      String name, List<RunRecord> runs, ToDoubleFunction<RunRecord> value) {
    return DoubleColumn.create(name, runs.stream().mapToDouble(value).toArray());
  }

  private static DoubleColumn results(
      String name, List<RunRecord> runs, ToDoubleFunction<RunRecord.Result> value) {
    DoubleColumn column = DoubleColumn.create(name);
    for (RunRecord run : runs) {
      run.result().map(value::applyAsDouble).ifPresentOrElse(column::append, column::appendMissing);
    }
    return column;
  }
}
