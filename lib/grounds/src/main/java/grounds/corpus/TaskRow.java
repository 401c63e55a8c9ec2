package grounds.corpus;

import java.util.Objects;

/**
 * One instruction of the {@link BuiltInTasks}.
 *
 * @param task the task's name, such as {@code reverse}
 * @param prompt what is asked
 * @param answer the one right answer
 */
public record TaskRow(String task, String prompt, String answer) {

  public TaskRow {
    Objects.requireNonNull(task, "task");
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(answer, "answer");
  }

  /** The row as a conversation. */
  public Conversation conversation() {
    return Conversation.of(prompt, answer);
  }
}
