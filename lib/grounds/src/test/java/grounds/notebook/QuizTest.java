package grounds.notebook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tech.tablesaw.api.Table;

class QuizTest {

  @TempDir Path folder;

  static List<String> words() {
    return Quiz.words();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("words")
  void fiveQuestionsWithOneRightAnswerEach(String word) {
    List<Question> questions = Quiz.named(word).questions();
    assertEquals(5, questions.size());
    for (Question question : questions) {
      int choices = question.choices().size();
      assertTrue(choices == 3 || choices == 4, question::question);
      assertEquals(choices, new HashSet<>(question.choices()).size(), question::question);
      assertTrue(question.right().matches("[a-d]"), question::question);
      assertTrue(question.has(question.right().charAt(0)), question::question);
      for (String text : List.of(question.question(), question.why())) {
        assertTrue(text.strip().equals(text) && text.length() > 10, text);
      }
    }
    // Who always says b learns nothing about itself.
    assertTrue(
        questions.stream().map(Question::right).distinct().count() > 1,
        "all have the same right letter");
  }

  @Test
  void eachAnswerIsSaidToBeRightOrNot() {
    ProgressFile progress = new ProgressFile(folder.resolve("progress.json"));
    Quiz quiz = Quiz.named("attention");
    String letters =
        quiz.questions().stream().map(Question::right).collect(Collectors.joining(" "));
    char wrong = quiz.questions().get(1).isRight('a') ? 'b' : 'a';
    String first = letters.substring(0, 1).toUpperCase();

    List<String> lines = quiz.answer(first + wrong + "???", progress).lines().toList();
    assertEquals(
        List.of(
            "1 " + letters.charAt(0) + ": right. " + quiz.questions().get(0).why(),
            "2 " + wrong + ": not yet",
            "3 ?: not answered",
            "4 ?: not answered",
            "5 ?: not answered",
            "1 of 5 right"),
        lines);
    assertEquals(1, quiz.right(progress));
    assertTrue(quiz.answer(letters, progress).endsWith("5 of 5 right"));
    quiz.answer("?????", progress);
    assertEquals(5, quiz.right(progress), "once right, right for good");

    Table table = Exercise.progress(progress);
    int row = table.stringColumn("lesson").asList().indexOf("04 Attention");
    assertEquals(5, table.intColumn("quiz, of 5").get(row));
    assertEquals(0, table.intColumn("tried").get(row), "a question is no exercise");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("words")
  void everyQuestionAndChoiceIsShown(String word) {
    Output shown = Quiz.named(word).output();
    String html = shown.html().orElseThrow();
    assertEquals(shown.text() + "\n", Printed.by(() -> Quiz.show(word)));
    for (Question question : Quiz.named(word).questions()) {
      assertTrue(html.contains(Text.escape(question.question())), question::question);
      assertTrue(shown.text().contains(". " + question.question() + "\n"), question::question);
      assertFalse(html.contains(Text.escape(question.why())), "the reason is given away");
      for (int c = 0; c < question.choices().size(); c++) {
        String choice = question.choices().get(c);
        assertTrue(html.contains("<li>" + Text.escape(choice) + "</li>"), choice);
        assertTrue(shown.text().contains(Question.letter(c) + ". " + choice), choice);
      }
    }
  }

  @Test
  void whatIsNoAnswerIsRefused() throws Exception {
    Quiz quiz = Quiz.named("attention");
    Path file = folder.resolve("progress.json");
    ProgressFile progress = new ProgressFile(file);
    assertEquals(
        "Wanted 5 letters, one for each question, and ? where there is no answer yet; got \"abc\".",
        message(() -> quiz.answer("abc", progress)));
    assertTrue(
        message(() -> quiz.answer("abcaz", progress)).startsWith("Question 5 has the choic"));
    assertFalse(Files.exists(file), "something was kept of it");
    String unknown = message(() -> Quiz.show("nothing"));
    assertTrue(unknown.contains("'nothing'") && unknown.contains("tokens"), unknown);

    Files.writeString(folder.resolve("plain"), "");
    ProgressFile nowhere = new ProgressFile(folder.resolve("plain").resolve("progress.json"));
    assertTrue(quiz.answer("aaaaa", nowhere).contains("could not be kept"));
  }

  private static String message(Runnable code) {
    return assertThrows(IllegalArgumentException.class, code::run).getMessage();
  }
}
