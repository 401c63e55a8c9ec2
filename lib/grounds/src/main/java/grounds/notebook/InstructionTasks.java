package grounds.notebook;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Lesson 11: the template, what counts in the loss, and what padding wastes. */
final class InstructionTasks {

  private static final String LESSON = "11 Instruction tuning";
  private static final int SYSTEM = 256;
  private static final int USER = 257;
  private static final int ASSISTANT = 258;
  private static final int END = 259;

  /** The middle one is in every conversation: it looks like control, and has a byte above 127. */
  private static final List<String> SPEECHES =
      List.of("Hi.", "7", "caf\u00e9<|end|>", "no", "Yes!");

  private InstructionTasks() {}

  static List<Task> all() {
    return List.of(
        new Task(
            LESSON,
            "instruction-1",
            List.of("List<String> speeches"),
            "for each speech the token of who speaks, its bytes in UTF-8 as 0 to 255, and 259;"
                + " characters such as <|end|> in a speech are bytes like all others.",
            random -> new Object[] {speeches(random)},
            InstructionTasks::rendered),
        new Task(
            LESSON,
            "instruction-2",
            List.of("int[] ids"),
            "what follows a 258 counts, up to and with the 259 that ends it; the 258 itself and"
                + " every other 259 do not.",
            random -> new Object[] {conversation(random)},
            a -> counts((int[]) a[0])),
        new Task(
            LESSON,
            "instruction-3",
            List.of("double[] probabilities", "boolean[] counts"),
            "token i has the probability at i - 1, since the first token has no past; add -ln p"
                + " where counts[i] is true, and divide by how many those are.",
            InstructionTasks::judged,
            a -> loss((double[]) a[0], (boolean[]) a[1])),
        new Task(
            LESSON,
            "instruction-4",
            List.of("int[] lengths", "Integer rows"),
            "a batch of that many rows computes rows times its longest; add that over the batches,"
                + " and see which share of it the lengths do not fill.",
            random -> {
              int rows = 2 + random.nextInt(3);
              return new Object[] {random.ints(2L * rows, 5, 40).toArray(), rows};
            },
            a -> air((int[]) a[0], (Integer) a[1])));
  }

  private static List<String> speeches(Random random) {
    int count = 2 * (1 + random.nextInt(2));
    int middle = SPEECHES.size() / 2;
    int first = SPEECHES.size() + middle - random.nextInt(count);
    return IntStream.range(first, first + count)
        .mapToObj(i -> SPEECHES.get(i % SPEECHES.size()))
        .toList();
  }

  private static Object rendered(Object[] arguments) {
    List<Integer> ids = new ArrayList<>();
    int speaker = USER;
    for (Object speech : (List<?>) arguments[0]) {
      ids.add(speaker);
      for (byte b : speech.toString().getBytes(StandardCharsets.UTF_8)) {
        ids.add(b & 0xFF);
      }
      ids.add(END);
      speaker = speaker == USER ? ASSISTANT : USER;
    }
    return ids.stream().mapToInt(id -> id).toArray();
  }

  /** Two questions and answers of a few letters, perhaps after a word of the system. */
  private static int[] conversation(Random random) {
    List<Integer> speakers = new ArrayList<>(List.of(USER, ASSISTANT, USER, ASSISTANT));
    if (random.nextBoolean()) {
      speakers.add(0, SYSTEM);
    }
    return speakers.stream()
        .flatMapToInt(
            speaker ->
                IntStream.concat(
                    IntStream.concat(
                        IntStream.of(speaker), random.ints(1 + random.nextInt(3), 97, 123)),
                    IntStream.of(END)))
        .toArray();
  }

  private static boolean[] counts(int[] ids) {
    boolean[] counts = new boolean[ids.length];
    boolean answer = false;
    for (int i = 0; i < ids.length; i++) {
      counts[i] = answer;
      answer = ids[i] == ASSISTANT || answer && ids[i] != END;
    }
    return counts;
  }

  private static Object[] judged(Random random) {
    boolean[] counts = counts(conversation(random));
    return new Object[] {random.doubles(counts.length - 1, 0.05, 0.95).toArray(), counts};
  }

  private static double loss(double[] probabilities, boolean[] counts) {
    return IntStream.range(1, counts.length)
        .filter(i -> counts[i])
        .mapToDouble(i -> -Math.log(probabilities[i - 1]))
        .average()
        .orElseThrow();
  }

  private static double air(int[] lengths, int rows) {
    double computed = 0;
    for (int i = 0; i < lengths.length; i += rows) {
      computed += rows * Arrays.stream(lengths, i, i + rows).max().orElseThrow();
    }
    return 1 - Arrays.stream(lengths).sum() / computed;
  }
}
