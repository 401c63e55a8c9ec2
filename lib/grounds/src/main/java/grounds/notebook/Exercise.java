package grounds.notebook;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/**
 * Exercises that answer. A cell hands in a function of the learner's, or a value; the function is
 * called with fresh random inputs and compared with the library's own.
 *
 * <pre>{@code
 * double[] softmax(double[] scores) {
 *   return null;                                   // your turn
 * }
 * Exercise.check("attention-1", (double[] scores) -> softmax(scores));
 * }</pre>
 *
 * <p>It says right, or wrong with the first difference and a hint, or not attempted (where the
 * answer is null). The function may loop or fail as it likes: it has a few seconds, and takes
 * nothing along. What was right is kept in a file on this machine, {@code runs/progress.json} or
 * the one that {@code GROUNDS_PROGRESS} names.
 */
public final class Exercise {

  private static final Duration LIMIT = Duration.ofSeconds(5);

  private Exercise() {}

  /** Says what an exercise asks for, before there is an answer. */
  public static void check(String id) {
    check(id, (Object) null);
  }

  /**
   * Checks a value.
   *
   * @throws IllegalArgumentException if there is no exercise of that name
   */
  public static void check(String id, Object answer) {
    Task task = Task.named(id);
    tell(task, task.judge(answer));
  }

  /**
   * Checks a function of one argument. Name the argument's type, as in {@code (double[] x) ->
   * f(x)}.
   *
   * @throws IllegalArgumentException if there is no exercise of that name
   */
  public static <A, R> void check(String id, Function<A, R> answer) {
    Task task = Task.named(id);
    tell(
        task,
        task.judge(1, arguments -> answer.apply(Exercise.<A>cast(arguments[0])), LIMIT, seed()));
  }

  /**
   * Checks a function of two arguments. Name their types, as in {@code (int[] x, int[] y) -> f(x,
   * y)}.
   *
   * @throws IllegalArgumentException if there is no exercise of that name
   */
  public static <A, B, R> void check(String id, BiFunction<A, B, R> answer) {
    Task task = Task.named(id);
    tell(
        task,
        task.judge(
            2,
            arguments ->
                answer.apply(Exercise.<A>cast(arguments[0]), Exercise.<B>cast(arguments[1])),
            LIMIT,
            seed()));
  }

  /** Fresh inputs for every check: an answer that knows some by heart is none. */
  private static long seed() {
    return System.nanoTime();
  }

  /** A wrong type is found by the learner's function, whose error names both. */
  @SuppressWarnings("unchecked")
  private static <T> T cast(Object argument) {
    return (T) argument;
  }

  private static void tell(Task task, Verdict verdict) {
    System.out.println(task.id() + ": " + verdict.text());
    if (verdict.kind() != Verdict.Kind.NOT_ATTEMPTED) {
      Optional<String> problem = ProgressFile.current().record(task.id(), verdict.isRight());
      problem.ifPresent(System.out::println);
    }
  }

  /**
   * A row for each lesson: how many exercises it has, how many of them were tried and are right so
   * far, and how many questions of its {@link Quiz} are.
   */
  public static Table progress() {
    return progress(ProgressFile.current());
  }

  static Table progress(ProgressFile file) {
    StringColumn lesson = StringColumn.create("lesson");
    IntColumn exercises = IntColumn.create("exercises");
    IntColumn tried = IntColumn.create("tried");
    IntColumn right = IntColumn.create("right");
    IntColumn quiz = IntColumn.create("quiz, of 5");
    for (String word : Quiz.words()) {
      List<Task> tasks = Task.all().stream().filter(task -> task.word().equals(word)).toList();
      lesson.append(tasks.get(0).lesson());
      exercises.append(tasks.size());
      tried.append((int) tasks.stream().filter(task -> file.isTried(task.id())).count());
      right.append((int) tasks.stream().filter(task -> file.isRight(task.id())).count());
      quiz.append(Quiz.named(word).right(file));
    }
    return Table.create("Progress", lesson, exercises, tried, right, quiz);
  }
}
