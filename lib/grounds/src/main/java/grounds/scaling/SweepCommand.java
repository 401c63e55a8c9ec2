package grounds.scaling;

import grounds.corpus.Corpus;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A sweep from the command line: {@code FILE [--store FOLDER] [--report] [--retry-failed]}. Started
 * again after whatever ended it, it goes on. Without a folder the store is {@code runs}, beside the
 * file, and in it the file's name.
 */
public final class SweepCommand {

  private static final String USAGE =
      "Wanted: FILE [--store FOLDER] [--report] [--retry-failed]. FILE has lines such as"
          + " 'depth = 1 2 3' and 'budget = 1e11 1e12'.";

  private SweepCommand() {}

  /** Runs a sweep, or reports on it; errors become one line and status 1. */
  public static void main(String[] args) {
    try {
      run(args);
    } catch (IllegalArgumentException | UncheckedIOException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static void run(String... args) {
    List<String> words = new ArrayList<>(Arrays.asList(args));
    boolean report = words.remove("--report");
    boolean retry = words.remove("--retry-failed");
    int at = words.indexOf("--store");
    Path folder = null;
    if (at >= 0) {
      if (at + 1 == words.size()) {
        throw new IllegalArgumentException("--store needs a folder. " + USAGE);
      }
      folder = Path.of(words.remove(at + 1));
      words.remove(at);
    }
    if (words.size() != 1 || words.get(0).startsWith("--")) {
      throw new IllegalArgumentException(USAGE);
    }
    Path file = Path.of(words.get(0));
    if (folder == null) {
      String name = file.getFileName().toString().replaceFirst("\\.[a-z]+$", "");
      folder = file.resolveSibling("runs").resolve(name);
    }
    SweepPlan plan = SweepPlan.read(file);
    RunStore store = RunStore.at(folder);
    if (!report) {
      SweepData data = SweepData.characters(Corpus.load(plan.data()));
      Sweep sweep = new Sweep(store, data, plan.runs(data)).watch(SweepCommand::print);
      (retry ? sweep.retryFailed() : sweep).run();
    }
    System.out.print(SweepReport.of(store));
  }

  private static void print(SweepProgress progress) {
    System.out.println(String.format(Locale.ROOT, "%tT  %s", System.currentTimeMillis(), progress));
  }
}
