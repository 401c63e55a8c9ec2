package grounds.corpus;

import java.util.Objects;

/**
 * What one speaker says at a time.
 *
 * @param role who speaks
 * @param content the words; an assistant's are not blank
 */
public record Message(Role role, String content) {

  public Message {
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(content, "content");
    if (role == Role.ASSISTANT && content.isBlank()) {
      throw new IllegalArgumentException(
          "Wanted an answer of the assistant, got none: there is nothing to learn from an empty"
              + " one. Leave the row out or fill it in.");
    }
  }
}
