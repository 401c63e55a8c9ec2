package grounds.corpus;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Who speaks in a conversation. */
public enum Role {
  /** Whoever set the model up: how it is to behave. */
  SYSTEM,
  /** Whoever asks. */
  USER,
  /** The model. */
  ASSISTANT;

  /** As files write it, such as {@code user}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The role of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Role of(String text) {
    List<Role> all = List.of(values());
    return all.stream()
        .filter(role -> role.text().equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Wanted a role of "
                        + Arrays.toString(all.stream().map(Role::text).toArray())
                        + ", got '"
                        + text
                        + "'. Rename it, or leave the row out."));
  }
}
