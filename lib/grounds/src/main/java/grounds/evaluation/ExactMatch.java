package grounds.evaluation;

import grounds.corpus.TaskRow;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The share of answers that are the right one, character by character.
 *
 * @param tasks for each task how many answers were right, in the order of first rows
 */
public record ExactMatch(Map<String, Count> tasks) {

  /**
   * How many of some answers are right.
   *
   * @param right those that are
   * @param total all of them
   */
  public record Count(int right, int total) {

    /** Right of all, 0 to 1. */
    public double share() {
      return (double) right / total;
    }
  }

  public ExactMatch {
    tasks = Collections.unmodifiableMap(new LinkedHashMap<>(tasks));
  }

  /**
   * Compares answers with the right ones.
   *
   * @param answers one for each row; white space around them does not count
   */
  public static ExactMatch of(List<TaskRow> rows, List<String> answers) {
    if (rows.isEmpty() || rows.size() != answers.size()) {
      throw new IllegalArgumentException(
          "Wanted one answer for each of one or more rows, got "
              + rows.size()
              + " rows and "
              + answers.size()
              + " answers.");
    }
    Map<String, Count> tasks = new LinkedHashMap<>();
    for (int i = 0; i < rows.size(); i++) {
      int right = rows.get(i).answer().equals(answers.get(i).strip()) ? 1 : 0;
      tasks.merge(
          rows.get(i).task(),
          new Count(right, 1),
          (a, b) -> new Count(a.right + b.right, a.total + b.total));
    }
    return new ExactMatch(tasks);
  }

  /** The share of all answers, 0 to 1. */
  public double share() {
    int right = tasks.values().stream().mapToInt(Count::right).sum();
    return (double) right / tasks.values().stream().mapToInt(Count::total).sum();
  }
}
