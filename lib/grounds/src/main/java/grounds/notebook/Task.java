package grounds.notebook;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An exercise: what it asks for, inputs to try an answer with, and the right one.
 *
 * @param lesson such as {@code 04 Attention}
 * @param id the lesson's word and a number, such as {@code attention-1}
 * @param parameters of the function that is asked for, as Java declares them; empty: a value
 * @param hint for an answer that is wrong
 * @param inputs draws arguments, other ones for each seed
 * @param solution the right answer
 */
record Task(
    String lesson,
    String id,
    List<String> parameters,
    String hint,
    Function<Random, Object[]> inputs,
    Function<Object[], Object> solution) {

  private static final int TRIES = 5;

  /** What a text of an argument may take of a line. */
  private static final int LONGEST = 70;

  private static final List<Task> ALL =
      Stream.of(
              CharacterTasks.all(),
              TokenTasks.all(),
              PositionTasks.all(),
              AttentionTasks.all(),
              TransformerTasks.all(),
              GenerationTasks.all(),
              Gpt2Tasks.all(),
              ScalingTasks.all(),
              ComputeTasks.all(),
              InstructionTasks.all(),
              LoraTasks.all(),
              PpoTasks.all(),
              DpoTasks.all())
          .flatMap(List::stream)
          .toList();

  /** All exercises, lesson by lesson. */
  static List<Task> all() {
    return ALL;
  }

  /** What the names of a lesson's exercises begin with, such as {@code attention}. */
  String word() {
    return id.substring(0, id.lastIndexOf('-'));
  }

  static Task named(String id) {
    return ALL.stream()
        .filter(task -> task.id.equals(id))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "There is no exercise '"
                        + id
                        + "'; there are "
                        + ALL.stream().map(Task::id).collect(Collectors.joining(", "))
                        + "."));
  }

  /** An answer that is a value. */
  Verdict judge(Object answer) {
    if (answer == null) {
      return notAttempted();
    }
    if (!parameters.isEmpty()) {
      return wrong("wanted " + form() + ", got a value");
    }
    return Difference.between(solution.apply(new Object[0]), answer)
        .map(this::wrong)
        .orElseGet(Verdict::right);
  }

  /**
   * An answer that is a function.
   *
   * @param arity how many arguments it takes
   * @param limit how long all calls together may take
   */
  Verdict judge(int arity, Function<Object[], Object> answer, Duration limit, long seed) {
    if (arity != parameters.size()) {
      return wrong("wanted " + form() + ", got a function of " + arity);
    }
    long end = System.nanoTime() + limit.toNanos();
    for (int i = 0; i < TRIES; i++) {
      // Drawn anew for each use: an answer may change what it is given.
      Object[] given = inputs.apply(random(seed + i));
      Object[] shown = inputs.apply(random(seed + i));
      Object wanted = solution.apply(inputs.apply(random(seed + i)));
      Object got;
      try {
        got = within(end - System.nanoTime(), () -> answer.apply(given));
      } catch (TimeoutException e) {
        return wrong("no answer within %d seconds%s".formatted(limit.toSeconds(), to(shown)));
      } catch (ExecutionException e) {
        return wrong(failure(e.getCause()) + to(shown));
      }
      if (got == null) {
        return notAttempted();
      }
      Optional<String> difference = Difference.between(wanted, got);
      if (difference.isPresent()) {
        return wrong(difference.get() + to(shown));
      }
    }
    return Verdict.right();
  }

  /** Of neighbouring seeds a plain Random draws nearly the same first numbers. */
  private static Random random(long seed) {
    return new Random(new SplittableRandom(seed).nextLong());
  }

  /** On a thread of its own, which is stopped when it takes too long. */
  private static Object within(long nanos, Callable<Object> code)
      throws ExecutionException, TimeoutException {
    CompletableFuture<Object> result = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                result.complete(code.call());
              } catch (Throwable e) { // also a full stack or memory: it ends here
                result.completeExceptionally(e);
              }
            },
            "exercise");
    thread.setDaemon(true);
    thread.start();
    boolean answered = false;
    try {
      Object value = result.get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
      answered = true;
      return value;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("The check was interrupted.");
    } catch (ExecutionException e) {
      answered = true;
      throw e;
    } finally {
      if (!answered) {
        thread.interrupt();
        Page.frontend().ifPresent(page -> page.stop(thread));
      }
    }
  }

  private String failure(Throwable thrown) {
    String what =
        thrown instanceof StackOverflowError
            ? "it calls itself without end"
            : thrown instanceof OutOfMemoryError
                ? "it wants more memory than there is"
                : "it failed with " + thrown;
    return thrown instanceof ClassCastException ? what + "; wanted " + form() : what;
  }

  private String form() {
    return "a function (" + String.join(", ", parameters) + ") -> ...";
  }

  private Verdict notAttempted() {
    return new Verdict(
        Verdict.Kind.NOT_ATTEMPTED,
        "not attempted. Wanted " + (parameters.isEmpty() ? "a value" : form()));
  }

  private Verdict wrong(String what) {
    return new Verdict(Verdict.Kind.WRONG, "not yet: " + what + ". Hint: " + hint);
  }

  /** The arguments as the learner would write them down. */
  private String to(Object[] arguments) {
    String text =
        Arrays.stream(arguments)
            .map(Difference::text)
            .map(t -> t.length() > LONGEST ? t.substring(0, LONGEST - 3) + "..." : t)
            .collect(Collectors.joining(" and "));
    return ", given " + text;
  }
}
