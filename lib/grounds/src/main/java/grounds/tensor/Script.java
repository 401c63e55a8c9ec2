package grounds.tensor;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A program for the tensor engine, written line by line: one TorchScript class with attributes and
 * methods, which {@link ScriptModule} loads and runs without Java in between.
 *
 * <pre>{@code
 * Script script = new Script();
 * script.attribute("weights", "List[Tensor]");
 * Script.Method product = script.method("product", "x: Tensor", "Tensor");
 * String y = product.let("y", "torch.mm(x, self.weights[0])");
 * product.result(y);
 * }</pre>
 *
 * <p>It remembers which part of a model wrote which line, so that an error can name the part.
 */
public final class Script {

  /** The class that every script defines. */
  static final String CLASS = "Script";

  private static final String INDENT = "  ";

  private final Map<String, String> attributes = new LinkedHashMap<>();
  private final Map<String, Method> methods = new LinkedHashMap<>();

  /**
   * An attribute that starts as an empty list and keeps its tensors between calls.
   *
   * @param type such as {@code List[Tensor]}
   */
  public Script attribute(String name, String type) {
    if (attributes.putIfAbsent(requireName(name), type) != null) {
      throw new IllegalArgumentException("The script has an attribute '" + name + "' already.");
    }
    return this;
  }

  /**
   * Begins a method; its lines follow.
   *
   * @param parameters such as {@code ids: Tensor, seed: Tensor}; empty: none
   * @param resultType such as {@code Tensor}
   */
  public Method method(String name, String parameters, String resultType) {
    Method method = new Method(requireName(name), parameters, resultType);
    if (methods.putIfAbsent(name, method) != null) {
      throw new IllegalArgumentException("The script has a method '" + name + "' already.");
    }
    return method;
  }

  /** The attributes by name, with their types. */
  Map<String, String> attributes() {
    return Collections.unmodifiableMap(attributes);
  }

  /** The whole program. */
  public String text() {
    StringBuilder text = new StringBuilder();
    lines().forEach(line -> text.append(line.text).append('\n'));
    return text.toString();
  }

  /**
   * Which part of the model wrote a line.
   *
   * @param line its number in the text, from 1
   */
  public Optional<String> origin(int line) {
    List<Line> lines = lines();
    return line < 1 || line > lines.size() || lines.get(line - 1).origin.isEmpty()
        ? Optional.empty()
        : Optional.of(lines.get(line - 1).origin);
  }

  private List<Line> lines() {
    List<Line> lines = new ArrayList<>();
    lines.add(new Line("class " + CLASS + "(Module):", ""));
    lines.add(new Line(INDENT + "__parameters__ = []", ""));
    lines.add(new Line(INDENT + "__buffers__ = []", ""));
    lines.add(new Line(INDENT + "training : bool", ""));
    attributes.forEach((name, type) -> lines.add(new Line(INDENT + name + " : " + type, "")));
    for (Method method : methods.values()) {
      lines.add(new Line(INDENT + method.header(), ""));
      for (Line line : method.lines) {
        lines.add(new Line(INDENT + INDENT + line.text, line.origin));
      }
    }
    return lines;
  }

  private static String requireName(String name) {
    if (!name.matches("[A-Za-z_][A-Za-z_0-9]*")) {
      throw new IllegalArgumentException(
          "Wanted a name of letters, digits and underscores, got '" + name + "'.");
    }
    return name;
  }

  private record Line(String text, String origin) {}

  /** The lines of one method. */
  public static final class Method {

    private final String name;
    private final String parameters;
    private final String resultType;
    private final List<Line> lines = new ArrayList<>();
    private final Deque<String> origins = new ArrayDeque<>();
    private String indent = "";
    private int variables;

    private Method(String name, String parameters, String resultType) {
      this.name = name;
      this.parameters = parameters;
      this.resultType = resultType;
    }

    private String header() {
      String separator = parameters.isEmpty() ? "" : ", ";
      return "def "
          + name
          + "(self: __torch__."
          + CLASS
          + separator
          + parameters
          + ") -> "
          + resultType
          + ":";
    }

    /** Writes one statement. */
    public Method line(String statement) {
      lines.add(new Line(indent + statement, origins.isEmpty() ? "" : origins.peek()));
      return this;
    }

    /** Writes an assignment to a new variable and gives its name: the stem and a number. */
    public String let(String stem, String expression) {
      String variable = requireName(stem) + "_" + variables++;
      line(variable + " = " + expression);
      return variable;
    }

    /** Writes the assignment of several results to new variables and gives their names. */
    public List<String> let(List<String> stems, String expression) {
      List<String> names =
          stems.stream().map(stem -> requireName(stem) + "_" + variables++).toList();
      line(String.join(", ", names) + " = " + expression);
      return names;
    }

    /**
     * Writes a statement that governs others, such as {@code if add:}, and indents what follows.
     */
    public Method nested(String header, Runnable body) {
      line(header);
      String before = indent;
      indent += INDENT;
      body.run();
      indent = before;
      return this;
    }

    /** What is written inside belongs to that part of the model. */
    public <T> T by(String origin, Supplier<T> body) {
      origins.push(origin);
      try {
        return body.get();
      } finally {
        origins.pop();
      }
    }

    /** Writes the end: what the method gives back. */
    public Method result(String expression) {
      return line("return " + expression);
    }

    @Override
    public String toString() {
      return header() + "\n" + String.join("\n", lines.stream().map(Line::text).toList());
    }
  }

  @Override
  public String toString() {
    return "Script with methods "
        + methods.keySet()
        + " and attributes "
        + Arrays.toString(attributes.keySet().toArray());
  }
}
