package grounds.corpus;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * A prompt and two answers, of which one is preferred.
 *
 * @param prompt the messages so far, the last one the user's
 * @param chosen the answer that is preferred
 * @param rejected the other one
 */
public record Preference(List<Message> prompt, String chosen, String rejected) {

  public Preference {
    prompt = List.copyOf(prompt);
    Objects.requireNonNull(chosen, "chosen");
    Objects.requireNonNull(rejected, "rejected");
    Conversation.requireTurns(prompt, Role.USER);
    if (chosen.isBlank() || rejected.isBlank()) {
      throw new IllegalArgumentException(
          "Wanted two answers, got '"
              + chosen
              + "' and '"
              + rejected
              + "': one is empty. Fill it in, or leave the row out.");
    }
    if (chosen.equals(rejected)) {
      throw new IllegalArgumentException(
          "Wanted two answers that differ, got '"
              + chosen
              + "' as chosen and as rejected: it prefers nothing. Leave the row out; a reader with complaints does.");
    }
  }

  /** Two answers to what a user says. */
  public static Preference of(String prompt, String chosen, String rejected) {
    return new Preference(List.of(new Message(Role.USER, prompt)), chosen, rejected);
  }

  /** The conversation with the preferred answer. */
  public Conversation withChosen() {
    return with(chosen);
  }

  /** The conversation with the other answer. */
  public Conversation withRejected() {
    return with(rejected);
  }

  private Conversation with(String answer) {
    List<Message> messages = new ArrayList<>(prompt);
    messages.add(new Message(Role.ASSISTANT, answer));
    return new Conversation(messages);
  }

  /**
   * Reads preferences from a file: a JSON array, or JSON lines, of objects with {@code chosen} and
   * {@code rejected} beside either {@code instruction} and {@code input} (which may be missing) or
   * {@code prompt}. A prompt is a text or a list of messages; an answer is a text or a list of one
   * message.
   *
   * @throws IllegalArgumentException if a row is none, naming the row
   * @throws java.io.UncheckedIOException with the path, if it cannot be read
   */
  public static List<Preference> read(Path file) {
    return JsonRows.read(file).stream().map(row -> row.as(Preference::ofRow)).toList();
  }

  /**
   * The same, leaving out rows that are none.
   *
   * @param complaints is told of each
   */
  public static List<Preference> read(Path file, Consumer<String> complaints) {
    List<Preference> preferences = new ArrayList<>();
    for (JsonRows.Row row : JsonRows.read(file)) {
      try {
        preferences.add(row.as(Preference::ofRow));
      } catch (IllegalArgumentException e) {
        complaints.accept(e.getMessage());
      }
    }
    return List.copyOf(preferences);
  }

  /**
   * Loads a data set of the catalogue of which every row is a preference.
   *
   * @throws IllegalArgumentException if a row is none, naming the row
   * @throws DatasetUnreachableException if it is not in a cache and cannot be downloaded
   */
  public static List<Preference> load(String name) {
    return read(DatasetCache.standard().get(DatasetCatalog.standard().get(name)));
  }

  /**
   * Loads a data set of the catalogue, such as {@code preferences-1100}, of whose rows six prefer
   * nothing.
   *
   * @param complaints is told of each row that is left out
   * @throws DatasetUnreachableException if it is not in a cache and cannot be downloaded
   */
  public static List<Preference> load(String name, Consumer<String> complaints) {
    return read(DatasetCache.standard().get(DatasetCatalog.standard().get(name)), complaints);
  }

  private static Preference ofRow(JsonRows.Row row) {
    return new Preference(prompt(row), row.answer("chosen"), row.answer("rejected"));
  }

  private static List<Message> prompt(JsonRows.Row row) {
    if (row.hasList("prompt")) {
      return row.messages("prompt");
    }
    if (row.has("prompt")) {
      return List.of(new Message(Role.USER, row.text("prompt")));
    }
    if (!row.has("instruction")) {
      throw row.missing("'prompt' or 'instruction'");
    }
    String input = row.has("input") ? row.text("input") : "";
    return List.of(new Message(Role.USER, Conversation.prompt(row.text("instruction"), input)));
  }
}
