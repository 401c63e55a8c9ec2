package grounds.model.script;

import grounds.tensor.Precision;
import grounds.tensor.ProductKernel;
import grounds.tensor.Script;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One method of a script while a model is written into it: where the weights and gradients are, and
 * how numbers are multiplied. Vectors of all positions are the rows of one matrix, [rows, channels]
 * with rows = batch x time.
 */
final class Pass {

  /** What a method computes, which decides what is written. */
  enum Kind {
    /** Dropout acts, and what the backward pass needs is remembered. */
    TRAINING,
    /** Whole texts, nothing dropped. */
    EVALUATION,
    /** The next tokens of a text whose keys and values are kept. */
    GENERATION
  }

  /** PyTorch's numbers for its types. */
  private static final int FLOAT32 = 6;

  private static final int BFLOAT16 = 15;

  private final Script.Method method;
  private final Kind kind;
  private final ScriptOptions options;
  private final Map<String, Integer> weights;
  private final Map<String, Integer> gradients;
  private final Map<String, String> narrowed = new HashMap<>();

  Pass(
      Script.Method method,
      Kind kind,
      ScriptOptions options,
      Map<String, Integer> weights,
      Map<String, Integer> gradients) {
    this.method = method;
    this.kind = kind;
    this.options = options;
    this.weights = weights;
    this.gradients = gradients;
  }

  Kind kind() {
    return kind;
  }

  boolean isTraining() {
    return kind == Kind.TRAINING;
  }

  ScriptOptions options() {
    return options;
  }

  Script.Method method() {
    return method;
  }

  String let(String stem, String expression) {
    return method.let(stem, expression);
  }

  List<String> let(List<String> stems, String expression) {
    return method.let(stems, expression);
  }

  void line(String statement) {
    method.line(statement);
  }

  /** The weight of that name as it is kept: float32. */
  String weight(String name) {
    Integer index = weights.get(name);
    if (index == null) {
      throw new IllegalArgumentException(
          "Wanted a parameter '" + name + "', the model has " + weights.keySet() + ".");
    }
    return "p[" + index + "]";
  }

  /** Where the gradient of that weight goes; empty for one that is not trained. */
  Optional<String> gradient(String name) {
    return Optional.ofNullable(gradients.get(name)).map(index -> "g[" + index + "]");
  }

  /** A tensor in the precision of matrix products; converted once in a method. */
  String narrow(String x) {
    if (options.precision() != Precision.BFLOAT16) {
      return x;
    }
    if (kind == Kind.GENERATION && x.startsWith("p[")) {
      return "n" + x.substring(1); // converted once for a whole text
    }
    String known = narrowed.get(x);
    if (known == null) {
      known = let("narrow", "torch.to(" + x + ", " + BFLOAT16 + ")");
      narrowed.put(x, known);
      narrowed.put(known, known);
    }
    return known;
  }

  /** A result of matrix products back in float32. */
  String wide(String x) {
    return options.precision() == Precision.BFLOAT16
        ? let("wide", "torch.to(" + x + ", " + FLOAT32 + ")")
        : x;
  }

  /** Adds to a gradient, or begins it: {@code add} is 0 for the first micro-batch of a step. */
  void put(String gradient, String value) {
    line("self.put(" + gradient + ", " + value + ", add)");
  }

  /** y = x W^T + b. */
  String product(String x, String weight, Optional<String> bias) {
    String b = bias.orElse("None");
    if (kind == Kind.GENERATION && options.packs()) {
      return let("y", ProductKernel.ONEDNN.linear(x, weight, b));
    }
    if (kind == Kind.GENERATION
        && options.precision() != Precision.BFLOAT16
        && options.attention() == ScriptOptions.AttentionKernel.CPU) {
      return let("y", "self.product(" + x + ", " + weight + ", " + b + ")");
    }
    return let("y", products().linear(x, weight, b));
  }

  /** dx = dy W. */
  String inputGradient(String dy, String weight) {
    return let("dx", products().inputGradient(dy, weight));
  }

  /** dW = dy^T x and db = the sum of dy over its rows, each put where it goes if it is trained. */
  void gradients(
      Optional<String> weightGradient,
      Optional<String> biasGradient,
      String dy,
      String x,
      String weight) {
    if (isOneDnn() && weightGradient.isPresent() && biasGradient.isPresent()) {
      List<String> both =
          let(List.of("dw", "db"), ProductKernel.ONEDNN.weightGradient(dy, x, weight, true));
      put(weightGradient.get(), both.get(0));
      put(biasGradient.get(), both.get(1));
      return;
    }
    weightGradient.ifPresent(g -> weightGradient(g, dy, x, "add", 1));
    biasGradient.ifPresent(g -> put(g, "torch.sum(" + dy + ", [0], False, dtype=6)"));
  }

  /** dW = scale dy^T x, put into the gradient. */
  void weightGradient(String gradient, String dy, String x, String add, double scale) {
    String transposed = "torch.t(" + dy + ")";
    if (options.precision() == Precision.BFLOAT16) {
      String dw = scaled("torch.mm(" + transposed + ", " + x + ")", scale);
      line("self.put(%s, %s, %s)".formatted(gradient, dw, add));
    } else if (isOneDnn()) {
      String both = ProductKernel.ONEDNN.weightGradient(dy, x, x, false);
      String dw = scaled(let(List.of("dw", "db"), both).get(0), scale);
      line("self.put(%s, %s, %s)".formatted(gradient, dw, add));
    } else {
      line(
          "_ = torch.addmm(%s, %s, %s, beta=%s, alpha=%s, out=%s)"
              .formatted(gradient, transposed, x, add, scale, gradient));
    }
  }

  private boolean isOneDnn() {
    return products() == ProductKernel.ONEDNN;
  }

  private static String scaled(String x, double scale) {
    return scale == 1 ? x : "torch.mul(" + x + ", " + scale + ")";
  }

  /** The dial is about float32 matrices; bfloat16 ones are oneDNN's by default. */
  private ProductKernel products() {
    return options.precision() == Precision.BFLOAT16 ? ProductKernel.DEFAULT : options.products();
  }
}
