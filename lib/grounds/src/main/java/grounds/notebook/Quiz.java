package grounds.notebook;

import com.google.gson.Gson;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * Five questions on a lesson, answered in a cell.
 *
 * <pre>{@code
 * Quiz.show("attention");
 * Quiz.answer("attention", "?????");               // a letter for each question
 * }</pre>
 *
 * <p>For each answer it says right, with the reason, or not yet. What was right is kept where
 * {@link Exercise} keeps it, and {@link Exercise#progress()} counts it. The questions of a lesson
 * are in the resource {@code quiz/WORD.json}, where WORD is the one before the number in the names
 * of its exercises.
 */
public final class Quiz {

  private static final char UNANSWERED = '?';

  private final String word;
  private final List<Question> questions;

  private Quiz(String word, List<Question> questions) {
    this.word = word;
    this.questions = questions;
  }

  /** What a file holds, beside the lesson's name for those who read it. */
  private record Content(List<Question> questions) {}

  /** The words of all lessons, in order. */
  static List<String> words() {
    return Task.all().stream().map(Task::word).distinct().toList();
  }

  static Quiz named(String word) {
    if (!words().contains(word)) {
      throw new IllegalArgumentException(
          "There is no quiz '" + word + "'; there are " + String.join(", ", words()) + ".");
    }
    String file = "quiz/" + word + ".json";
    try (InputStream json = Quiz.class.getResourceAsStream(file)) {
      Objects.requireNonNull(json, () -> "no " + file + " beside the exercises of this lesson");
      return new Quiz(
          word,
          new Gson()
              .fromJson(new InputStreamReader(json, StandardCharsets.UTF_8), Content.class)
              .questions());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<Question> questions() {
    return questions;
  }

  /**
   * Shows the questions of a lesson and their choices.
   *
   * @throws IllegalArgumentException if there is no quiz of that name
   */
  public static void show(String word) {
    Page.show(named(word).output());
  }

  Output output() {
    StringBuilder html = new StringBuilder("<ol>");
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < questions.size(); i++) {
      Question question = questions.get(i);
      html.append("<li style=\"margin:0.6em 0\">").append(Text.escape(question.question()));
      html.append("<ol type=\"a\">");
      text.append(i + 1).append(". ").append(question.question()).append('\n');
      for (int c = 0; c < question.choices().size(); c++) {
        String choice = question.choices().get(c);
        html.append("<li>").append(Text.escape(choice)).append("</li>");
        text.append("   ").append(Question.letter(c)).append(". ").append(choice).append('\n');
      }
      html.append("</ol></li>");
    }
    return Output.html(html.append("</ol>").toString(), text.toString().stripTrailing());
  }

  /**
   * Says which answers are right.
   *
   * @param letters one for each question, such as {@code "b?adc"}; ? where there is none yet
   * @throws IllegalArgumentException if there is no quiz of that name, or the letters are too many,
   *     too few or not those of choices
   */
  public static void answer(String word, String letters) {
    System.out.println(named(word).answer(letters, ProgressFile.current()));
  }

  String answer(String letters, ProgressFile progress) {
    String chosen = letters.replaceAll("\\s", "").toLowerCase(Locale.ROOT);
    if (chosen.length() != questions.size()) {
      throw new IllegalArgumentException(
          "Wanted %d letters, one for each question, and ? where there is no answer yet; got \"%s\"."
              .formatted(questions.size(), letters));
    }
    for (int i = 0; i < questions.size(); i++) {
      char letter = chosen.charAt(i);
      if (letter != UNANSWERED && !questions.get(i).has(letter)) {
        throw new IllegalArgumentException(
            "Question %d has the choices a to %s, or ? for no answer yet; got %s."
                .formatted(i + 1, Question.letter(questions.get(i).choices().size() - 1), letter));
      }
    }
    StringBuilder text = new StringBuilder();
    Optional<String> problem = Optional.empty();
    int right = 0;
    for (int i = 0; i < questions.size(); i++) {
      Question question = questions.get(i);
      char letter = chosen.charAt(i);
      text.append(i + 1).append(' ').append(letter);
      if (letter == UNANSWERED) {
        text.append(": not answered\n");
        continue;
      }
      boolean isRight = question.isRight(letter);
      right += isRight ? 1 : 0;
      text.append(isRight ? ": right. " + question.why() : ": not yet").append('\n');
      problem = progress.record(id(i), isRight);
    }
    text.append("%d of %d right".formatted(right, questions.size()));
    problem.ifPresent(what -> text.append('\n').append(what));
    return text.toString();
  }

  /** How many were right, now or once before. */
  int right(ProgressFile progress) {
    int right = 0;
    for (int i = 0; i < questions.size(); i++) {
      right += progress.isRight(id(i)) ? 1 : 0;
    }
    return right;
  }

  private String id(int question) {
    return word + "-quiz-" + (question + 1);
  }
}
