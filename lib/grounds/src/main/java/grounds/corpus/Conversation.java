package grounds.corpus;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Messages of a user and an assistant in turn, the last one the assistant's; before them perhaps
 * one of the system.
 *
 * @param messages in their order
 */
public record Conversation(List<Message> messages) {

  public Conversation {
    messages = List.copyOf(messages);
    requireTurns(messages, Role.ASSISTANT);
  }

  /** Fails unless user and assistant take turns, and the last message is of that role. */
  static void requireTurns(List<Message> messages, Role last) {
    int first = !messages.isEmpty() && messages.get(0).role() == Role.SYSTEM ? 1 : 0;
    Role expected = Role.USER;
    for (Message message : messages.subList(first, messages.size())) {
      if (message.role() != expected) {
        throw new IllegalArgumentException(
            "Wanted user and assistant in turn, perhaps after one message of the system; got "
                + messages.stream().map(m -> m.role().text()).toList()
                + ". Put them in turn, or leave the row out.");
      }
      expected = expected == Role.USER ? Role.ASSISTANT : Role.USER;
    }
    if (messages.size() == first || messages.get(messages.size() - 1).role() != last) {
      throw new IllegalArgumentException(
          "Wanted a last message of the "
              + last.text()
              + ", got "
              + messages.stream().map(m -> m.role().text()).toList()
              + ". Make it end there, or leave the row out.");
    }
  }

  /** A question and its answer. */
  public static Conversation of(String prompt, String answer) {
    return new Conversation(
        List.of(new Message(Role.USER, prompt), new Message(Role.ASSISTANT, answer)));
  }

  /** An instruction, what it is about (which may be empty), and what should come out. */
  public static Conversation ofInstruction(String instruction, String input, String output) {
    return of(prompt(instruction, input), output);
  }

  static String prompt(String instruction, String input) {
    return input.isEmpty() ? instruction : instruction + "\n\n" + input;
  }

  /** All messages but the last. */
  public List<Message> prompt() {
    return new ArrayList<>(messages.subList(0, messages.size() - 1));
  }

  /** The last message's words. */
  public String answer() {
    return messages.get(messages.size() - 1).content();
  }

  /**
   * Reads conversations from a file: a JSON array, or JSON lines, of objects with {@code
   * instruction}, {@code input} (which may be missing) and {@code output}, or with {@code
   * messages}, each with {@code role} and {@code content}.
   *
   * @throws IllegalArgumentException if a row is none, naming the row
   * @throws java.io.UncheckedIOException with the path, if it cannot be read
   */
  public static List<Conversation> read(Path file) {
    return JsonRows.read(file).stream().map(row -> row.as(Conversation::ofRow)).toList();
  }

  /**
   * Loads a data set of the catalogue, such as {@code instructions-1100}.
   *
   * @throws DatasetUnreachableException if it is not in a cache and cannot be downloaded
   */
  public static List<Conversation> load(String name) {
    return read(DatasetCache.standard().get(DatasetCatalog.standard().get(name)));
  }

  private static Conversation ofRow(JsonRows.Row row) {
    if (row.has("messages")) {
      return new Conversation(row.messages("messages"));
    }
    if (!row.has("instruction")) {
      throw row.missing("'messages', or 'instruction' and 'output'");
    }
    return ofInstruction(
        row.text("instruction"), row.has("input") ? row.text("input") : "", row.text("output"));
  }
}
