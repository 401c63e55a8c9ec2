package grounds.corpus;

import java.util.Locale;
import java.util.Objects;

/**
 * A corpus in two parts: the text a model learns from, and the text it is measured on and never
 * learns from.
 *
 * @param training the first part of the corpus
 * @param validation the rest, in file order
 */
public record Split(String training, String validation) {

  public Split {
    Objects.requireNonNull(training, "training");
    Objects.requireNonNull(validation, "validation");
  }

  /** The sizes of both parts, for a notebook; not the text itself. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "Split: %,d characters for training, %,d for validation",
        training.codePointCount(0, training.length()),
        validation.codePointCount(0, validation.length()));
  }
}
