package grounds.scaling;

import grounds.corpus.Corpus;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * A sweep from the command line: {@code FILE [--store FOLDER] [--report] [--retry-failed] [--export
 * TABLE]}. Started again after whatever ended it, it goes on. Without a folder the store is {@code
 * runs}, beside the file, and in it the file's name.
 */
public final class SweepCommand {

  private static final String USAGE =
      "Wanted: FILE [--store FOLDER] [--report] [--retry-failed] [--export TABLE]. FILE has lines"
          + " such as 'depth = 1 2 3' and 'budget = 1e11 1e12'.";

  private SweepCommand() {}

  /** Runs a sweep on this machine, or reports on one; errors become one line and status 1. */
  public static void main(String[] args) {
    main(
        () ->
            run(
                new ArrayList<>(List.of(args)),
                Sweep::run,
                (store, table) -> {
                  throw new IllegalArgumentException(
                      "Wanted a table that ends in .csv, got " + table + ".");
                }));
  }

  /** Runs a command: what it throws becomes one line and status 1. */
  public static void main(Runnable command) {
    try {
      command.run();
    } catch (IllegalArgumentException
        | IllegalStateException // in it: CancellationException
        | UncheckedIOException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  /**
   * Does what the words say.
   *
   * @param sweeping how the runs of a sweep are done
   * @param exporting how a table is written that does not end in {@code .csv}
   */
  public static void run(
      List<String> words, Consumer<Sweep> sweeping, BiConsumer<RunStore, Path> exporting) {
    boolean report = words.remove("--report");
    boolean retry = words.remove("--retry-failed");
    String folder = option(words, "--store");
    String table = option(words, "--export");
    if (words.size() != 1 || words.get(0).startsWith("--")) {
      throw new IllegalArgumentException(USAGE);
    }
    Path file = Path.of(words.get(0));
    String name = file.getFileName().toString().replaceFirst("\\.[a-z]+$", "");
    SweepPlan plan = SweepPlan.read(file);
    RunStore store =
        RunStore.at(
            folder == null
                ? file.resolveSibling("runs").resolve(name)
                : Path.of(folder).toAbsolutePath());
    if (!report) {
      SweepData data = SweepData.characters(Corpus.load(plan.data()));
      Sweep sweep = new Sweep(store, data, plan.runs(data)).watch(SweepCommand::print);
      sweeping.accept(retry ? sweep.retryFailed() : sweep);
    }
    System.out.print(SweepReport.of(store));
    if (table != null) {
      export(store, Path.of(table), exporting);
    }
  }

  /** The value of an option, taken out of the words; null without one. */
  public static String option(List<String> words, String name) {
    int at = words.indexOf(name);
    if (at < 0) {
      return null;
    }
    if (at + 1 == words.size() || words.get(at + 1).startsWith("--")) {
      throw new IllegalArgumentException(name + " needs a value. " + USAGE);
    }
    words.remove(at);
    return words.remove(at);
  }

  private static void export(RunStore store, Path table, BiConsumer<RunStore, Path> exporting) {
    if (table.toString().endsWith(".csv")) {
      store.exportCsv(table);
    } else {
      exporting.accept(store, table);
    }
    System.out.println("All runs as a table: " + table);
  }

  private static void print(SweepProgress progress) {
    System.out.println(String.format(Locale.ROOT, "%tT  %s", System.currentTimeMillis(), progress));
  }
}
