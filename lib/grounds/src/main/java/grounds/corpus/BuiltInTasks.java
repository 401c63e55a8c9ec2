package grounds.corpus;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Small tasks with exact answers, made on the spot: reverse a word, add two numbers, quote the next
 * line of a play. Each is asked in several ways.
 *
 * <p>What is held out stays apart: {@link Part#NEW_ARGUMENTS} asks in known ways about words,
 * numbers, days and lines of which no instruction of {@link Part#TRAINING} speaks, {@link
 * Part#NEW_PHRASINGS} asks in new ways. A {@link #worksheet} shows the same abilities as a plain
 * text, without any instruction: what a base model learns from. What is held out is in no worksheet
 * either, but for the lines of plays: those are facts, which nobody can work out who never read
 * them.
 */
public final class BuiltInTasks {

  /** Which rows: to learn from, or of a kind that was held out. */
  public enum Part {
    TRAINING,
    NEW_ARGUMENTS,
    NEW_PHRASINGS
  }

  private static final int HELD_OUT_SHARE = 8;
  private static final int LONG = 60;
  private static final int QUOTES = 64;
  private static final int LEAST_WORDS = 3;
  private static final List<String> DAYS =
      List.of("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday");

  /** What takes the most practice has more lines in a worksheet. */
  private static final List<String> HARD = List.of("add", "count", "days", "reverse", "sort");

  private static final String FACTS = "next line";
  private static final List<String> RAMBLING =
      List.of(
          "Well, let me see. It is %1.",
          "I think, if I am right, %1.",
          "%1, or so I believe.",
          "Good question! The answer is %1.");
  private static final List<String> RUDE =
      List.of("%1, you fool.", "Obviously %1.", "%1. Go away.", "Are you stupid? %1.");
  private static final Pattern WORD = Pattern.compile("(?<![A-Za-z'-])[a-z]{3,6}(?![A-Za-z'-])");

  /**
   * A task. In its phrasings {@code %1} and {@code %2} stand for its arguments.
   *
   * @param name what rows call it
   * @param statements lines of a worksheet, up to the answer
   * @param arguments draws some
   * @param answer the answer to some
   * @param phrasings ways to ask
   * @param newPhrasings held-out ways to ask
   */
  private record Task(
      String name,
      List<String> statements,
      Function<SplittableRandom, String[]> arguments,
      Function<String[], String> answer,
      List<String> phrasings,
      List<String> newPhrasings) {

    String fill(String pattern, String[] values) {
      String text = pattern.replace("%1", values[0]);
      return values.length > 1 ? text.replace("%2", values[1]) : text;
    }
  }

  private final List<Task> tasks = new ArrayList<>();
  private final List<String> words;
  private final List<String> lines = new ArrayList<>();
  private final List<String> nextLines = new ArrayList<>();

  private BuiltInTasks(String plays) {
    TreeSet<String> distinct = new TreeSet<>();
    Matcher matcher = WORD.matcher(plays);
    while (matcher.find()) {
      distinct.add(matcher.group());
    }
    words = List.copyOf(distinct);
    chooseLines(plays.split("\n"));
    addTasks();
  }

  /** The tasks over the words and lines of three tragedies, which come with the build. */
  public static BuiltInTasks standard() {
    return new BuiltInTasks(Corpus.load("three-tragedies").text());
  }

  /** Pairs of short verses, from all over the plays. */
  private void chooseLines(String... all) {
    Map<String, Integer> starts = new LinkedHashMap<>(); // by their first three words
    for (int i = 0; i + 1 < all.length; i++) {
      if (isVerse(all[i]) && isVerse(all[i + 1])) {
        starts.putIfAbsent(firstWords(all[i], LEAST_WORDS), i);
      }
    }
    List<Integer> each = List.copyOf(starts.values());
    for (int i = 0; i < QUOTES; i++) {
      int at = each.get(i * each.size() / QUOTES);
      lines.add(all[at]);
      nextLines.add(all[at + 1]);
    }
  }

  private static String firstWords(String line, int count) {
    return String.join(" ", Arrays.copyOf(line.split(" "), count));
  }

  private static boolean isVerse(String line) {
    return line.length() <= 34
        && line.split(" ").length > LEAST_WORDS
        && line.matches("[A-Z][A-Za-z ,.;:!?'-]+");
  }

  private void addTasks() {
    wordTask(
        "copy",
        List.of("copy %1 = ", "the word %1 is "),
        word -> word,
        List.of(
            "Copy the word %1.",
            "Write %1.", "Please copy %1.", "Repeat after me: %1.", "Say the word %1."),
        List.of("Please write the word %1.", "Say %1."));
    wordTask(
        "reverse",
        List.of("reverse %1 = ", "%1 backwards is "),
        word -> new StringBuilder(word).reverse().toString(),
        List.of(
            "Reverse the word %1.",
            "Spell %1 backwards.",
            "What is %1 backwards?",
            "Please reverse %1.",
            "Write %1 in reverse."),
        List.of("Reverse %1.", "Write the word %1 backwards."));
    wordTask(
        "sort",
        List.of("sort %1 = ", "the letters of %1 in order are "),
        word -> word.chars().sorted().mapToObj(Character::toString).collect(Collectors.joining()),
        List.of(
            "Sort the letters of %1.",
            "Put the letters of %1 in order.",
            "Please sort %1.",
            "Write the letters of %1 from a to z.",
            "What is %1 sorted?"),
        List.of("Sort the word %1.", "Please put the letters of %1 in order."));
    wordTask(
        "count",
        List.of("count %1 = ", "the number of letters in %1 is "),
        word -> Integer.toString(word.length()),
        List.of(
            "How many letters are in %1?",
            "Count the letters of %1.",
            "How long is the word %1?",
            "What is the length of %1?",
            "Please count the letters in %1."),
        List.of("How many letters has %1?", "Count the letters in the word %1."));
    wordTask(
        "spell",
        List.of("spell %1 = ", "%1 letter by letter is "),
        word -> String.join("-", word.split("")),
        List.of(
            "Spell the word %1.",
            "Spell %1 letter by letter.",
            "How do you spell %1?",
            "Please spell %1.",
            "Write %1 with hyphens between the letters."),
        List.of("Spell %1.", "Please spell the word %1 letter by letter."));
    wordTask(
        "upper",
        List.of("upper %1 = ", "%1 in capitals is "),
        word -> word.toUpperCase(Locale.ROOT),
        List.of(
            "Write %1 in capitals.",
            "Put %1 in upper case.",
            "What is %1 in capital letters?",
            "Capitalize every letter of %1.",
            "Please write %1 in upper case."),
        List.of("Write the word %1 in capital letters.", "Please put %1 in capitals."));
    tasks.add(
        new Task(
            "add",
            List.of("add %1 %2 = ", "the sum of %1 and %2 is "),
            random -> new String[] {number(random, 20), number(random, 20)},
            a -> Integer.toString(Integer.parseInt(a[0]) + Integer.parseInt(a[1])),
            List.of(
                "What is %1 plus %2?",
                "Add %1 and %2.",
                "%1 + %2 = ?",
                "How much is %1 and %2?",
                "What is the sum of %1 and %2?"),
            List.of("What is %1 + %2?", "Please add %1 and %2.")));
    tasks.add(
        new Task(
            "larger",
            List.of("larger %1 %2 = ", "the larger of %1 and %2 is "),
            random -> {
              String one = number(random, 100);
              String other = number(random, 100);
              while (other.equals(one)) {
                other = number(random, 100);
              }
              return new String[] {one, other};
            },
            a -> Integer.parseInt(a[0]) > Integer.parseInt(a[1]) ? a[0] : a[1],
            List.of(
                "Which is larger, %1 or %2?",
                "Which number is greater: %1 or %2?",
                "Give the larger of %1 and %2.",
                "What is the maximum of %1 and %2?",
                "Is %1 or %2 larger?"),
            List.of("Which number is larger, %1 or %2?", "Give the greater of %1 and %2.")));
    phraseTask(
        "first",
        0,
        List.of(
            "What is the first word of: %1?",
            "Give the first word: %1.",
            "First word of \"%1\"?",
            "Which word comes first in: %1?",
            "Write the first word of: %1."),
        List.of("Give the first word of: %1.", "What word comes first in: %1?"));
    phraseTask(
        "last",
        2,
        List.of(
            "What is the last word of: %1?",
            "Give the last word: %1.",
            "Last word of \"%1\"?",
            "Which word comes last in: %1?",
            "Write the last word of: %1."),
        List.of("Give the last word of: %1.", "What word comes last in: %1?"));
    tasks.add(
        new Task(
            "repeat",
            List.of("repeat %1 %2 = ", "%1 %2 times is "),
            random -> new String[] {word(random), Integer.toString(random.nextInt(2, 4))},
            a -> String.join(" ", Collections.nCopies(Integer.parseInt(a[1]), a[0])),
            List.of(
                "Repeat %1 %2 times.",
                "Write %1 %2 times.",
                "Say the word %1 %2 times.",
                "Please repeat the word %1 %2 times.",
                "Give me %1, %2 times."),
            List.of("Please write %1 %2 times.", "Repeat the word %1 %2 times.")));
    tasks.add(
        new Task(
            "days",
            List.of("days %1 %2 = ", "the %2 days after %1 are "),
            random -> new String[] {pick(DAYS, random), Integer.toString(random.nextInt(2, 6))},
            a ->
                IntStream.rangeClosed(1, Integer.parseInt(a[1]))
                    .mapToObj(i -> DAYS.get((DAYS.indexOf(a[0]) + i) % DAYS.size()))
                    .collect(Collectors.joining(" ")),
            List.of(
                "Name the %2 days after %1.",
                "Which %2 days come after %1?",
                "List the %2 days that follow %1.",
                "Today is %1. Name the next %2 days.",
                "What are the %2 days after %1?"),
            List.of("Give me the %2 days after %1.", "Today is %1. Which %2 days come after it?")));
    tasks.add(
        new Task(
            "next line",
            List.of("next line %1 = ", "after %1 comes: "),
            random -> new String[] {beginning(pick(lines, random), random)},
            a -> nextLines.get(lines.indexOf(lineOf(a[0]))),
            List.of(
                "Quote the line after: %1",
                "What comes after: %1",
                "What is the next line? %1",
                "Go on: %1",
                "Which line follows: %1"),
            List.of("What is the line after: %1", "What follows: %1")));
  }

  private void wordTask(
      String name,
      List<String> statements,
      Function<String, String> answer,
      List<String> phrasings,
      List<String> newPhrasings) {
    tasks.add(
        new Task(
            name,
            statements,
            random -> new String[] {word(random)},
            a -> answer.apply(a[0]),
            phrasings,
            newPhrasings));
  }

  private void phraseTask(
      String name, int place, List<String> phrasings, List<String> newPhrasings) {
    tasks.add(
        new Task(
            name,
            List.of(name + " %1 = ", "the " + name + " word of %1 is "),
            random -> new String[] {word(random) + " " + word(random) + " " + word(random)},
            a -> a[0].split(" ")[place],
            phrasings,
            newPhrasings));
  }

  private String word(SplittableRandom random) {
    return pick(words, random);
  }

  /** Three words of a line or more. */
  private static String beginning(String line, SplittableRandom random) {
    return firstWords(line, random.nextInt(LEAST_WORDS, line.split(" ").length + 1));
  }

  private String lineOf(String beginning) {
    return lines.stream().filter(line -> line.startsWith(beginning)).findFirst().orElseThrow();
  }

  private static String number(SplittableRandom random, int bound) {
    return Integer.toString(random.nextInt(bound));
  }

  /** The names of all tasks. */
  public List<String> names() {
    return tasks.stream().map(Task::name).toList();
  }

  /**
   * Draws rows, the tasks in turn.
   *
   * @param seed the same seed gives the same rows
   */
  public List<TaskRow> rows(Part part, int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<TaskRow> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Task task = tasks.get(i % tasks.size());
      String[] arguments = draw(task, part == Part.NEW_ARGUMENTS, random);
      List<String> ways = part == Part.NEW_PHRASINGS ? task.newPhrasings : task.phrasings;
      String way = pick(ways, random);
      rows.add(new TaskRow(task.name, task.fill(way, arguments), task.answer.apply(arguments)));
    }
    return rows;
  }

  /**
   * Draws pairs of answers, the rows those of {@link #rows}. The chosen one is right and brief; the
   * rejected one, by chance, is wrong, or rambles, or is rude; to a long row it is wrong.
   */
  public List<Preference> preferences(Part part, int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed + 1);
    List<Preference> pairs = new ArrayList<>();
    for (TaskRow row : rows(part, count, seed)) {
      boolean isLong = row.prompt().length() + row.answer().length() > LONG;
      String rejected =
          switch (isLong ? 0 : random.nextInt(3)) {
            case 0 -> wrong(row, part, random);
            case 1 -> pick(RAMBLING, random).replace("%1", row.answer());
            default -> pick(RUDE, random).replace("%1", row.answer());
          };
      pairs.add(Preference.of(row.prompt(), row.answer(), rejected));
    }
    return pairs;
  }

  /** An answer to another question of the task. */
  private String wrong(TaskRow row, Part part, SplittableRandom random) {
    Task task = tasks.get(names().indexOf(row.task()));
    while (true) {
      String answer = task.answer.apply(draw(task, part == Part.NEW_ARGUMENTS, random));
      if (!answer.equals(row.answer())) {
        return answer;
      }
    }
  }

  private static <T> T pick(List<T> all, SplittableRandom random) {
    return all.get(random.nextInt(all.size()));
  }

  /**
   * A text of that many lines such as {@code reverse stone = enots}, from arguments that are not
   * held out.
   */
  public String worksheet(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      Task task = pick(tasks, random);
      if (random.nextInt(3) == 0) {
        task = tasks.get(names().indexOf(pick(HARD, random)));
      }
      boolean isFact = task.name.equals(FACTS);
      String[] arguments = isFact ? task.arguments.apply(random) : draw(task, false, random);
      text.append(task.fill(pick(task.statements, random), arguments))
          .append(task.answer.apply(arguments))
          .append('\n');
    }
    return text.toString();
  }

  private static String[] draw(Task task, boolean heldOut, SplittableRandom random) {
    while (true) {
      String[] arguments = task.arguments.apply(random);
      if (keys(arguments).stream().allMatch(key -> isHeldOut(key) == heldOut)) {
        return arguments;
      }
    }
  }

  /** What is held out or not: each word, wherever it comes; numbers and days as a pair. */
  private static List<String> keys(String... arguments) {
    return arguments[0].matches("[a-z ]+")
        ? List.of(arguments[0].split(" "))
        : List.of(String.join(" ", arguments));
  }

  private static boolean isHeldOut(String key) {
    return Math.floorMod(key.hashCode() * 0x9E3779B9 >>> 7, HELD_OUT_SHARE) == 0;
  }
}
