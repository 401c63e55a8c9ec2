package grounds.notebook;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.LongStream;

/** What the tests of exercises ask: is the solution right, is a wrong answer refused? */
final class Answers {

  private static final int CHECKS = 10;
  private static final Duration LONG = Duration.ofSeconds(20);

  private Answers() {}

  static Object solution(String id, Object... arguments) {
    return Task.named(id).solution().apply(arguments);
  }

  /** Compares a solution with a worked example, or with what the library has. */
  static void assertSolution(Object wanted, String id, Object... arguments) {
    assertEquals(Optional.empty(), Difference.between(wanted, solution(id, arguments)), id);
  }

  /** How many of ten checks refuse a learner's answer. */
  static int refusals(String id, Function<Object[], Object> answer) {
    Task task = Task.named(id);
    int arguments = task.parameters().size();
    return (int)
        LongStream.rangeClosed(1, CHECKS)
            .filter(seed -> !task.judge(arguments, answer, LONG, 100 * seed).isRight())
            .count();
  }

  static void assertAlwaysRefused(String id, Function<Object[], Object> answer, String mistake) {
    assertEquals(CHECKS, refusals(id, answer), mistake);
  }
}
