package grounds.cluster;

import grounds.scaling.Sweep;
import grounds.scaling.SweepCommand;
import java.util.ArrayList;
import java.util.List;

/**
 * {@link SweepCommand} with what needs Spark: {@code --master URL} runs the sweep there, {@code
 * --export FILE.parquet} writes its table as Parquet.
 */
public final class ClusterSweepCommand {

  private ClusterSweepCommand() {}

  /** Runs a sweep on a cluster; errors become one line and status 1. */
  public static void main(String[] args) {
    SweepCommand.main(
        () -> {
          List<String> words = new ArrayList<>(List.of(args));
          String master = SweepCommand.option(words, "--master");
          SweepCommand.run(
              words,
              master == null ? Sweep::run : sweep -> run(sweep, master),
              RunTable::writeParquet);
        });
  }

  private static void run(Sweep sweep, String master) {
    try (Cluster cluster = Cluster.at(master).onNote(System.out::println)) {
      cluster.run(sweep);
    }
  }
}
