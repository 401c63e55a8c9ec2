package grounds.scaling;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The losses of one run on the way, as a file that a run which goes on continues. */
final class Curve {

  private static final String HEADER = "step,training loss,validation loss,seconds";

  /**
   * One evaluation.
   *
   * @param seconds wall time of the run so far, all sessions together
   */
  record Row(int step, double trainingLoss, double validationLoss, double seconds) {
    String line() {
      // As Java writes a double it is read back to the bit.
      return String.format(
          Locale.ROOT, "%d,%s,%s,%.3f\n", step, trainingLoss, validationLoss, seconds);
    }
  }

  private final Path file;
  private final List<Row> rows;

  private Curve(Path file, List<Row> rows) {
    this.file = file;
    this.rows = rows;
  }

  /**
   * Goes on after that step: what a run had measured beyond its last checkpoint is measured anew.
   */
  static Curve resume(Path file, int step) {
    List<Row> rows = new ArrayList<>(read(file).stream().filter(r -> r.step <= step).toList());
    Curve curve = new Curve(file, rows);
    StringBuilder text = new StringBuilder(HEADER).append("\n");
    rows.forEach(row -> text.append(row.line()));
    curve.write(text.toString(), StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
    return curve;
  }

  /** The rows of a file; none if it is not there. A torn last line is left out. */
  static List<Row> read(Path file) {
    if (!Files.exists(file)) {
      return List.of();
    }
    try {
      String text = Files.readString(file);
      return text.substring(0, text.lastIndexOf('\n') + 1)
          .lines()
          .skip(1)
          .map(line -> line.split(","))
          .map(
              cells ->
                  new Row(
                      Integer.parseInt(cells[0]),
                      Double.parseDouble(cells[1]),
                      Double.parseDouble(cells[2]),
                      Double.parseDouble(cells[3])))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + file + ".", e);
    }
  }

  List<Row> rows() {
    return List.copyOf(rows);
  }

  /** Seconds until the last row. */
  double seconds() {
    return rows.isEmpty() ? 0 : rows.get(rows.size() - 1).seconds;
  }

  void add(Row row) {
    write(row.line(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    rows.add(row);
  }

  private void write(String text, StandardOpenOption... how) {
    StandardOpenOption[] all = Arrays.copyOf(how, how.length + 1);
    all[how.length] = StandardOpenOption.WRITE;
    try {
      Files.createDirectories(file.getParent());
      Files.write(file, text.getBytes(StandardCharsets.UTF_8), all);
    } catch (IOException e) {
      throw new UncheckedIOException("Could not write " + file + ".", e);
    }
  }
}
