package grounds.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import grounds.corpus.TaskRow;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExactMatchTest {

  private static final List<TaskRow> ROWS =
      List.of(
          new TaskRow("add", "1 + 1", "2"),
          new TaskRow("copy", "a", "a"),
          new TaskRow("add", "1 + 2", "3"),
          new TaskRow("add", "1 + 3", "4"));

  @Test
  void countsEachTask() {
    ExactMatch match = ExactMatch.of(ROWS, List.of("2", "a.", " 3\n", "5"));
    assertEquals(0.5, match.share());
    assertEquals(new ExactMatch.Count(2, 3), match.tasks().get("add"));
    assertEquals(0, match.tasks().get("copy").share());
    assertEquals(List.of("add", "copy"), List.copyOf(match.tasks().keySet()));
  }

  @Test
  void wantsAnAnswerForEachRow() {
    assertThrows(IllegalArgumentException.class, () -> ExactMatch.of(ROWS, List.of("2")));
    assertThrows(IllegalArgumentException.class, () -> ExactMatch.of(List.of(), List.of()));
  }
}
