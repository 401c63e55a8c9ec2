package grounds.notebook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.LongStream;

/** What the tests of exercises ask: is the solution right, is a wrong answer refused? */
final class Answers {

  private static final int CHECKS = 20;
  private static final Duration LONG = Duration.ofSeconds(20);

  private Answers() {}

  static Object solution(String id, Object... arguments) {
    return Task.named(id).solution().apply(arguments);
  }

  /** Compares a solution with a worked example, or with what the library has. */
  static void assertWanted(Object wanted, String id, Object... arguments) {
    assertEquals(Optional.empty(), Difference.between(wanted, solution(id, arguments)), id);
  }

  /** What some checks say to a learner's answer. */
  private static List<Verdict> verdicts(String id, Function<Object[], Object> answer) {
    Task task = Task.named(id);
    return LongStream.range(0, CHECKS)
        .mapToObj(seed -> task.judge(task.parameters().size(), answer, LONG, 100 * seed))
        .toList();
  }

  /** The share of checks that refuse a learner's answer. */
  static double refused(String id, Function<Object[], Object> answer) {
    return verdicts(id, answer).stream().filter(v -> !v.isRight()).count() / (double) CHECKS;
  }

  /** A mistake that is easily made never passes, and is answered with the hint. */
  static void assertRefused(String id, Function<Object[], Object> answer, String mistake) {
    for (Verdict verdict : verdicts(id, answer)) {
      assertEquals(Verdict.Kind.WRONG, verdict.kind(), id + ": " + mistake);
      assertTrue(verdict.text().contains(Task.named(id).hint()), verdict.text());
    }
  }

  static void assertRefused(String id, Function<Object[], Object> answer) {
    assertRefused(id, answer, "a mistake");
  }
}
