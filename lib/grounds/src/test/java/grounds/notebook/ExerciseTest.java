package grounds.notebook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.notebook.Verdict.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tech.tablesaw.api.Table;

class ExerciseTest {

  private static final Duration LONG = Duration.ofSeconds(20);

  @TempDir Path folder;

  private static Verdict softmax(Function<double[], Object> answer) {
    return Task.named("attention-1").judge(1, a -> answer.apply((double[]) a[0]), LONG, 1);
  }

  static List<Task> tasks() {
    return Task.all();
  }

  /** An exercise that its own solution fails, or whose inputs never change, is none. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("tasks")
  void solutionsAreRightAndInputsFresh(Task task) {
    for (long seed = 0; seed < 20; seed++) {
      Verdict verdict = task.judge(task.parameters().size(), task.solution(), LONG, seed);
      assertEquals(Verdict.right(), verdict);
    }
    String one = Arrays.deepToString(task.inputs().apply(new Random(1)));
    String two = Arrays.deepToString(task.inputs().apply(new Random(2)));
    assertFalse(one.equals(two), one);
    Object first = task.solution().apply(task.inputs().apply(new Random(1)));
    Verdict byHeart = task.judge(task.parameters().size(), a -> first, LONG, 5);
    assertEquals(Kind.WRONG, byHeart.kind(), "one answer for all inputs");
    assertTrue(byHeart.text().contains(task.hint()), byHeart.text());
    assertEquals(
        Kind.NOT_ATTEMPTED, task.judge(task.parameters().size(), a -> null, LONG, 5).kind());
  }

  @Test
  void theFirstDifferenceIsNamed() {
    assertEquals(
        Optional.of("wanted 2.00000 at [1][0], got 2.10000"),
        Difference.between(new double[][] {{1}, {2, 3}}, new double[][] {{1.000001}, {2.1, 9}}));
    assertEquals(
        Optional.of("wanted 2 values at [1], got 1"),
        Difference.between(new int[][] {{1}, {2, 3}}, new int[][] {{1}, {2}}));
    assertEquals(Optional.of("wanted \"ab\", got \"aB\""), Difference.between("ab", "aB"));
    assertEquals(Optional.empty(), Difference.between(new int[] {1, 2}, List.of(1L, 2.0)));
    assertEquals(Optional.of("wanted 1.00000, got NaN"), Difference.between(1.0, Double.NaN));
    assertEquals(Optional.of("wanted [1], got 1"), Difference.between(new int[] {1}, 1));
  }

  @Test
  void aWrongAnswerIsShownWithItsInput() {
    Verdict verdict = softmax(scores -> new double[scores.length]);
    assertEquals(Kind.WRONG, verdict.kind());
    assertTrue(
        verdict.text().matches("not yet: wanted 0\\..* at \\[\\d], got 0\\.00000, given \\[.*"));
    // An answer that spoils its input spoils no other, and not what is shown.
    Verdict spoils =
        softmax(
            scores -> {
              double[] right = AttentionTasks.softmax(scores);
              Arrays.fill(scores, 7);
              return right;
            });
    assertTrue(spoils.isRight());
  }

  @Test
  void codeThatLoopsFailsOrFillsTheStackIsSurvived() {
    AtomicReference<Thread> runaway = new AtomicReference<>();
    Verdict loops =
        Task.named("attention-1")
            .judge(
                1,
                a -> {
                  runaway.set(Thread.currentThread());
                  while (!Thread.currentThread().isInterrupted()) {
                    Thread.onSpinWait();
                  }
                  return a;
                },
                Duration.ofMillis(300),
                1);
    assertTrue(loops.text().contains("no answer within 0 seconds"), loops.text());
    assertTrue(runaway.get().isDaemon());
    assertTrue(softmax(ExerciseTest::endless).text().contains("calls itself without end"));
    assertTrue(softmax(x -> x[99]).text().contains("ArrayIndexOutOfBounds"));
    assertTrue(softmax(x -> new long[Integer.MAX_VALUE].length).text().contains("more memory"));
  }

  private static Object endless(double[] x) {
    return Arrays.asList(endless(x), 1);
  }

  @Test
  void aFunctionOfAnotherFormIsToldWhichIsWanted() {
    String wanted = "wanted a function (double[] scores) -> ...";
    Task task = Task.named("attention-1");
    assertTrue(task.judge(2, a -> a, LONG, 1).text().contains(wanted + ", got a function of 2"));
    assertTrue(task.judge(new double[3]).text().contains(wanted + ", got a value"));
    assertTrue(task.judge(1, a -> ((int[]) a[0]).length, LONG, 1).text().contains(wanted));
    assertTrue(task.judge(null).text().contains("not attempted. Wanted a function"));
    String message =
        assertThrows(IllegalArgumentException.class, () -> Exercise.check("nothing-9"))
            .getMessage();
    assertTrue(message.contains("'nothing-9'") && message.contains("tokens-1"), message);
  }

  @Test
  void anInterruptEndsTheCheck() {
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancellationException.class, () -> softmax(AttentionTasks::softmax));
      assertTrue(Thread.currentThread().isInterrupted(), "kept for whoever comes next");
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  void whatWasRightIsKeptAndADamagedFilePutAside() throws Exception {
    Path file = folder.resolve("new").resolve("progress.json");
    ProgressFile progress = new ProgressFile(file);
    assertFalse(progress.isTried("attention-1"));
    assertEquals(Optional.empty(), progress.record("attention-1", false));
    assertTrue(progress.isTried("attention-1") && !progress.isRight("attention-1"));
    progress.record("attention-1", true);
    progress.record("attention-1", false);
    assertTrue(new ProgressFile(file).isRight("attention-1"), "once right, right for good");
    Table table = Exercise.progress(progress);
    int row = table.stringColumn("lesson").asList().indexOf("04 Attention");
    assertEquals(4, table.intColumn("exercises").get(row));
    assertEquals(1, table.intColumn("tried").get(row));
    assertEquals(1, table.intColumn("right").get(row));

    Files.writeString(file, "{\"attention-1\": ");
    assertFalse(progress.isRight("attention-1"));
    assertEquals(
        "{\"attention-1\": ", Files.readString(folder.resolve("new/progress.json.damaged")));
    // Where nothing can be written, the check has been of use all the same.
    Files.writeString(folder.resolve("plain"), "");
    ProgressFile nowhere = new ProgressFile(folder.resolve("plain").resolve("progress.json"));
    assertTrue(nowhere.record("attention-1", true).orElseThrow().contains("could not be kept"));
  }

  @Test
  void checksAreCalledAsInACell() {
    String before = System.setProperty("grounds.progress", folder.resolve("p.json").toString());
    try {
      Exercise.check("attention-1");
      Exercise.check("attention-1", (double[] x) -> AttentionTasks.softmax(x));
      Exercise.check("tokens-3", (int[] ids, int[] pair) -> ids);
      assertTrue(ProgressFile.current().isRight("attention-1"));
      assertTrue(ProgressFile.current().isTried("tokens-3"));
    } finally {
      if (before == null) {
        System.clearProperty("grounds.progress");
      } else {
        System.setProperty("grounds.progress", before);
      }
    }
  }
}
