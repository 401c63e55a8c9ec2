package grounds.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.corpus.BuiltInTasks.Part;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class BuiltInTasksTest {

  private static final BuiltInTasks TASKS = BuiltInTasks.standard();

  private static List<TaskRow> rows(Part part, String task) {
    return TASKS.rows(part, 6500, 3).stream().filter(row -> row.task().equals(task)).toList();
  }

  /** The words and numbers that a prompt speaks of, as its answer betrays them. */
  private static Set<String> answers(Part part, String task) {
    return rows(part, task).stream().map(TaskRow::answer).collect(Collectors.toSet());
  }

  @Test
  void thirteenTasksInTurn() {
    assertEquals(13, TASKS.names().size());
    List<TaskRow> rows = TASKS.rows(Part.TRAINING, 26, 1);
    for (int i = 0; i < 26; i++) {
      assertEquals(TASKS.names().get(i % 13), rows.get(i).task());
    }
    assertEquals(rows, TASKS.rows(Part.TRAINING, 26, 1), "the same seed, the same rows");
    assertNotEquals(rows, TASKS.rows(Part.TRAINING, 26, 2));
    assertEquals(rows.get(0).answer(), rows.get(0).conversation().answer());
  }

  @Test
  void theAnswersAreRight() {
    Pattern numbers = Pattern.compile("\\d+");
    for (TaskRow row : TASKS.rows(Part.TRAINING, 6500, 5)) {
      Matcher matcher = numbers.matcher(row.prompt());
      int[] found = matcher.results().mapToInt(m -> Integer.parseInt(m.group())).toArray();
      switch (row.task()) {
        case "add" -> assertEquals(Arrays.stream(found).sum(), Integer.parseInt(row.answer()));
        case "larger" ->
            assertEquals(Arrays.stream(found).max().orElseThrow(), Integer.parseInt(row.answer()));
        case "reverse" ->
            assertTrue(
                row.prompt().contains(new StringBuilder(row.answer()).reverse()), row.toString());
        case "spell" -> assertTrue(row.prompt().contains(row.answer().replace("-", "")));
        case "upper" -> assertTrue(row.prompt().contains(row.answer().toLowerCase()));
        case "copy", "first", "last" -> assertTrue(row.prompt().contains(row.answer()));
        case "repeat" -> assertEquals(found[0], row.answer().split(" ").length);
        case "count" ->
            assertTrue(
                row.prompt().matches(".*\\b[a-z]{" + row.answer() + "}\\b.*"), row.toString());
        case "sort" -> {
          char[] sorted = row.answer().toCharArray();
          Arrays.sort(sorted);
          assertEquals(new String(sorted), row.answer());
        }
        case "days" -> {
          List<String> days =
              List.of("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday");
          String from = days.stream().filter(row.prompt()::contains).findFirst().orElseThrow();
          List<String> answer = List.of(row.answer().split(" "));
          assertEquals(found[0], answer.size());
          for (int i = 0; i < found[0]; i++) {
            assertEquals(days.get((days.indexOf(from) + 1 + i) % 7), answer.get(i));
          }
        }
        default ->
            assertTrue(Corpus.load("three-tragedies").text().contains("\n" + row.answer() + "\n"));
      }
    }
  }

  @Test
  void whatIsHeldOutStaysApart() {
    for (String task : List.of("copy", "first", "last", "upper")) {
      Set<String> both = new HashSet<>(answers(Part.TRAINING, task));
      Set<String> heldOut = answers(Part.NEW_ARGUMENTS, task);
      assertFalse(heldOut.isEmpty(), task);
      both.retainAll(heldOut);
      assertEquals(Set.of(), both, task);
    }
    Set<String> words = answers(Part.NEW_ARGUMENTS, "copy");
    String worksheet = TASKS.worksheet(3000, 7).replaceAll("next line .*\n", "");
    for (String line : worksheet.split("\n")) {
      if (!line.contains(" = ")) {
        continue; // a sentence, which has other words too
      }
      String question = line.substring(line.indexOf(' ') + 1, line.lastIndexOf(" = "));
      for (String word : question.split(" ")) {
        assertFalse(words.contains(word), line);
      }
    }
    Set<String> prompts =
        TASKS.rows(Part.TRAINING, 6500, 3).stream()
            .map(TaskRow::prompt)
            .collect(Collectors.toSet());
    for (TaskRow row : TASKS.rows(Part.NEW_PHRASINGS, 6500, 3)) {
      assertFalse(prompts.contains(row.prompt()), row.toString());
    }
  }

  @Test
  void pairsPreferTheRightTheBriefAndThePolite() {
    List<Preference> pairs = TASKS.preferences(Part.TRAINING, 390, 4);
    List<TaskRow> rows = TASKS.rows(Part.TRAINING, 390, 4);
    int longer = 0;
    for (int i = 0; i < 390; i++) {
      assertEquals(rows.get(i).answer(), pairs.get(i).chosen());
      assertNotEquals(rows.get(i).answer(), pairs.get(i).rejected());
      longer += pairs.get(i).rejected().contains(rows.get(i).answer()) ? 1 : 0;
    }
    assertTrue(longer > 200 && longer < 320, longer + " of 390 are right but not brief or polite");
  }
}
