package grounds.tokenizer;

import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What becomes of the text of a special token, such as {@code <|endoftext|>}, when it stands in a
 * text to encode. Text from strangers must not steer a model, so nothing is allowed silently.
 */
public final class SpecialText {
  private final Optional<Set<String>> allowed;
  private final boolean othersArePlain;

  private SpecialText(Optional<Set<String>> allowed, boolean othersArePlain) {
    this.allowed = allowed;
    this.othersArePlain = othersArePlain;
  }

  /** A text that holds one is an error: what {@code encode(text)} does. */
  public static SpecialText refused() {
    return allowed(new String[0]);
  }

  /** They are plain text, never control: for what users write. */
  public static SpecialText plain() {
    return new SpecialText(Optional.of(Set.of()), true);
  }

  /** Each becomes its id: for texts whose special tokens you put there yourself. */
  public static SpecialText allowed() {
    return new SpecialText(Optional.empty(), false);
  }

  /** These become their ids; any other one is an error. */
  public static SpecialText allowed(String... tokens) {
    return new SpecialText(Optional.of(Set.of(tokens)), false);
  }

  boolean allows(String token) {
    return allowed.map(tokens -> tokens.contains(token)).orElse(true);
  }

  /** Whether the text of this token is looked for at all. */
  boolean looksFor(String token) {
    return !othersArePlain || allows(token);
  }

  /** As it is written in Java. */
  @Override
  public String toString() {
    if (othersArePlain) {
      return "SpecialText.plain()";
    }
    if (allowed.isEmpty()) {
      return "SpecialText.allowed()";
    }
    return allowed.get().isEmpty()
        ? "SpecialText.refused()"
        : allowed.get().stream()
            .sorted()
            .collect(Collectors.joining("\", \"", "SpecialText.allowed(\"", "\")"));
  }
}
