package grounds.notebook;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Lesson 1: counting, loss and gradient. */
final class CharacterTasks {

  private static final String LESSON = "01 Predicting the next character";

  private CharacterTasks() {}

  static List<Task> all() {
    return List.of(
        new Task(
            LESSON,
            "characters-1",
            List.of("int[] ids", "Integer vocabulary"),
            "the pair (ids[i], ids[i + 1]) adds 1 to row ids[i], column ids[i + 1]; the last id has"
                + " no next.",
            CharacterTasks::text,
            a -> counts((int[]) a[0], (Integer) a[1])),
        new Task(
            LESSON,
            "characters-2",
            List.of("double[] probabilities"),
            "the loss is the mean of -ln p, and perplexity is e to the loss.",
            random -> new Object[] {random.doubles(4 + random.nextInt(5), 0.01, 1).toArray()},
            a -> perplexity((double[]) a[0])),
        new Task(
            LESSON,
            "characters-3",
            List.of("double[] logits", "Integer target"),
            "the gradient of cross-entropy is softmax(logits), less 1 at the target.",
            random -> {
              double[] logits = random.doubles(3 + random.nextInt(4), -3, 3).toArray();
              return new Object[] {logits, random.nextInt(logits.length)};
            },
            a -> gradient((double[]) a[0], (Integer) a[1])));
  }

  private static Object[] text(Random random) {
    int vocabulary = 3 + random.nextInt(3);
    return new Object[] {random.ints(12, 0, vocabulary).toArray(), vocabulary};
  }

  private static int[][] counts(int[] ids, int vocabulary) {
    int[][] counts = new int[vocabulary][vocabulary];
    for (int i = 0; i + 1 < ids.length; i++) {
      counts[ids[i]][ids[i + 1]]++;
    }
    return counts;
  }

  private static double perplexity(double[] probabilities) {
    return Math.exp(-Arrays.stream(probabilities).map(Math::log).average().orElseThrow());
  }

  private static double[] gradient(double[] logits, int target) {
    double[] gradient = AttentionTasks.softmax(logits);
    gradient[target] -= 1;
    return gradient;
  }
}
