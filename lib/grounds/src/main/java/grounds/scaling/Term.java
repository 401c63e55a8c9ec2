package grounds.scaling;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A figure that can explain itself: what it is made of, down to single products.
 *
 * <pre>{@code
 * Term flops = TrainingFlops.forward(GptConfig.gpt2Small(), 1024);
 * System.out.println(flops); // a tree, each line with its share
 * flops.find("head").value();
 * }</pre>
 *
 * @param name what it counts, unique among its neighbours
 * @param value how much, exact below 2^53
 * @param unit such as parameters, FLOPs or bytes
 * @param how the product it comes from in the symbols of the field; empty for a sum of parts
 * @param parts what it is the sum of; empty for a single product
 */
public record Term(String name, double value, String unit, String how, List<Term> parts) {

  private static final int NAME_WIDTH = 34;

  public Term {
    if (!(value >= 0)) {
      throw new IllegalArgumentException(
          "Wanted a figure of 0 or more for '" + name + "', got " + value + ".");
    }
    parts = List.copyOf(parts);
  }

  /** A single product. */
  public static Term of(String name, double value, String unit, String how) {
    return new Term(name, value, unit, how, List.of());
  }

  /** The sum of some parts, of one unit. */
  public static Term sum(String name, Term... parts) {
    return sum(name, Arrays.asList(parts));
  }

  /** The same of a list, which is not empty. */
  public static Term sum(String name, List<Term> parts) {
    List<String> units = parts.stream().map(Term::unit).distinct().toList();
    if (units.size() != 1) {
      throw new IllegalArgumentException(
          "Wanted parts of one unit for '" + name + "', got " + units + ".");
    }
    double sum = parts.stream().mapToDouble(Term::value).sum();
    return new Term(name, sum, units.get(0), "", parts);
  }

  /** So many of it: every part is multiplied, too. */
  public Term times(double factor, String newName) {
    String scaled = how.isEmpty() ? "" : Numbers.text(factor) + " × " + how;
    return new Term(
        newName,
        value * factor,
        unit,
        scaled,
        parts.stream().map(part -> part.times(factor, part.name)).toList());
  }

  /**
   * A part by its path, such as {@code blocks/attention/scores}.
   *
   * @throws IllegalArgumentException if there is none
   */
  public Term find(String path) {
    Term found = this;
    for (String step : path.split("/")) {
      Term parent = found;
      found =
          parent.parts.stream()
              .filter(part -> part.name.equals(step))
              .findFirst()
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "Wanted a part '"
                              + step
                              + "' of '"
                              + parent.name
                              + "', which has "
                              + parent.parts.stream().map(Term::name).toList()
                              + "."));
    }
    return found;
  }

  /** The single products that it is the sum of. */
  public Stream<Term> leaves() {
    return parts.isEmpty() ? Stream.of(this) : parts.stream().flatMap(Term::leaves);
  }

  /** The tree, a line for each term: name, value, share of the whole, and how it comes about. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    append(text, 0, value);
    return text.toString().stripTrailing();
  }

  private void append(StringBuilder text, int depth, double whole) {
    String indented = "  ".repeat(depth) + name;
    text.append(
        String.format(
                Locale.ROOT,
                "%-" + NAME_WIDTH + "s %26s %6.1f%%  %s",
                indented,
                Numbers.text(value) + " " + unit,
                whole == 0 ? 0 : 100 * value / whole,
                how)
            .stripTrailing());
    text.append('\n');
    parts.forEach(part -> part.append(text, depth + 1, whole));
  }
}
