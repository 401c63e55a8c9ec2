package grounds.model.script;

import ai.djl.ndarray.NDArray;
import grounds.model.LanguageModel;
import grounds.tensor.Parameters;
import grounds.tensor.Precision;
import grounds.tensor.ProductKernel;
import grounds.tensor.Script;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A decoder-only transformer as a script: forward and backward pass, AdamW, evaluation and
 * generation with kept keys and values, each one native call.
 *
 * <p>The backward pass is written out, layer by layer in reverse, with the formulas of lesson 1;
 * nothing is left to autograd but, on a GPU, the fused attention. That spares the engine the graph
 * of the computation, whose making costs a small model dearly.
 *
 * <p>Methods of the script of {@link #training} (tensors are float32, and rows are batch x time):
 *
 * <ul>
 *   <li>{@code accumulate(ids, targets, share, control)}: loss and gradients of one micro-batch.
 *       ids and targets are int64 [batch, time]; share, [rows, 1] or [1, 1], is what each target
 *       counts in the loss; control, int64 [2] on the CPU, holds the seed of dropout and whether to
 *       add to the gradients that are there (1) or begin anew (0).
 *   <li>{@code apply(rate)}: clips, takes the step of AdamW, gives [loss, gradient norm]; where one
 *       of them is not finite, nothing changes.
 *   <li>{@code step(ids, targets, share, control, rate)}: both.
 * </ul>
 *
 * <p>And of {@link #inference}:
 *
 * <ul>
 *   <li>{@code evaluate(ids, targets)}: the surprise at each target, [batch, time].
 *   <li>{@code logits(ids)}: [batch, time, vocabularySize].
 *   <li>{@code narrow(any)}: makes the copies of the weights in the precision of products.
 *   <li>{@code begin(size)}, then {@code generate(ids, at)}: room for the keys and values of that
 *       many texts, then the scores after the ids [batch, time] that stand at place {@code at},
 *       [batch, vocabularySize]. size and at are int64 scalars on the CPU.
 *   <li>{@code select(rows)}: goes on with the texts of those numbers, int64 [texts].
 * </ul>
 */
public final class DecoderScript {

  /**
   * AdamW in numbers.
   *
   * @param maxGradientNorm infinite: no clipping
   */
  public record Update(
      double beta1, double beta2, double epsilon, double weightDecay, double maxGradientNorm) {}

  /** Into so many parts a product with a single row is dealt out: more than a CPU's threads. */
  private static final int PARTS = 8;

  private final Family family;
  private final ScriptOptions options;
  private final EmbeddingPart embedding;
  private final DropoutPart dropout;
  private final List<BlockPart> blocks = new ArrayList<>();
  private final ScriptPart finalNorm;
  private final HeadPart head;

  private DecoderScript(Family family, ScriptOptions options) {
    this.family = family;
    this.options = options;
    this.embedding =
        new EmbeddingPart(
            "tokenEmbedding.weight",
            family.positionTable(),
            family.config().vocabularySize(),
            family.config().channels());
    this.dropout = new DropoutPart(family.config().dropout());
    for (int i = 0; i < family.config().layers(); i++) {
      String block = "blocks." + i + ".";
      blocks.add(
          new BlockPart(
              family.norm(block + "attentionNorm"),
              family.attention(block + "attention", i),
              family.norm(block + "feedForwardNorm"),
              family.feedForward(block + "feedForward"),
              family.config().dropout()));
    }
    this.finalNorm = family.norm("finalNorm");
    this.head =
        new HeadPart(
            family.config().tiedHead() ? "tokenEmbedding.weight" : "head.weight",
            family.config().vocabularySize(),
            options);
  }

  /** The script of a model; empty for a family that has none. */
  public static Optional<DecoderScript> of(LanguageModel model, ScriptOptions options) {
    return Family.of(model).map(family -> new DecoderScript(family, options));
  }

  /**
   * About how much memory the blocks leave for the backward pass.
   *
   * @param positions windows x tokens of a micro-batch
   */
  public long activationBytes(long positions, boolean checkpointing) {
    int bytes = options.precision() == Precision.BFLOAT16 ? 2 : 4;
    long kept =
        checkpointing ? family.config().channels() * 4L : family.valuesPerPosition() * bytes;
    return family.config().layers() * positions * kept;
  }

  /** Tensors that never change, for {@code setup}; the given set makes and owns them. */
  public List<NDArray> constants(Parameters owner) {
    return family.constants(owner);
  }

  /**
   * Writes the methods of training.
   *
   * @param parameters the names of all weights, in the order in which they will be given
   * @param decayed the names of the trained ones that decay
   * @param plain the names of the trained ones that do not; gradients are given in this order, the
   *     decayed ones first
   */
  public Script training(
      List<String> parameters, List<String> decayed, List<String> plain, Update update) {
    List<String> trained = new ArrayList<>(decayed);
    trained.addAll(plain);
    Script script = new Script();
    keep(script, "setup", "weights", "gradients", "loss");
    keep(script, "setConstants", "constants");
    for (String group : List.of("decayed", "plain")) {
      keep(
          script,
          group + "Optimizer",
          group,
          group + "Gradients",
          group + "Means",
          group + "Squares",
          group + "Steps");
    }
    put(script);
    accumulate(script, numbered(parameters), numbered(trained));
    apply(script, update, !decayed.isEmpty(), !plain.isEmpty());
    step(script);
    return script;
  }

  /**
   * Writes the methods of a model that is used.
   *
   * @param parameters the names of all weights, in the order in which they will be given
   */
  public Script inference(List<String> parameters) {
    Map<String, Integer> weights = numbered(parameters);
    Script script = new Script();
    keep(script, "setup", "weights");
    keep(script, "setConstants", "constants");
    for (String list : List.of("keys", "values", "narrowed")) {
      script.attribute(list, "List[Tensor]");
    }
    evaluate(script, weights);
    logits(script, weights);
    narrow(script);
    begin(script);
    select(script);
    product(script);
    generate(script, weights);
    return script;
  }

  private static Map<String, Integer> numbered(List<String> names) {
    Map<String, Integer> numbers = new LinkedHashMap<>();
    names.forEach(name -> numbers.put(name, numbers.size()));
    return numbers;
  }

  /** A method that keeps the lists it is given; an empty list need not be given. */
  private static void keep(Script script, String name, String... lists) {
    Script.Method method =
        script.method(name, String.join(": List[Tensor], ", lists) + ": List[Tensor]", "Tensor");
    for (String list : lists) {
      script.attribute(list, "List[Tensor]");
      method.line("self." + list + " = " + list);
    }
    method.result(lists[0] + "[0]");
  }

  private static void put(Script script) {
    Script.Method method =
        script.method("put", "gradient: Tensor, value: Tensor, add: int", "None");
    method.nested("if add == 0:", () -> method.line("_ = torch.copy_(gradient, value)"));
    method.nested("else:", () -> method.line("_ = torch.add_(gradient, value)"));
    method.result("None");
  }

  private void accumulate(
      Script script, Map<String, Integer> weights, Map<String, Integer> gradients) {
    Script.Method method =
        script.method(
            "accumulate", "ids: Tensor, targets: Tensor, share: Tensor, control: Tensor", "Tensor");
    Pass pass = new Pass(method, Pass.Kind.TRAINING, options, weights, gradients);
    open(method);
    method.line("g = self.gradients");
    method.line("target = torch.view(targets, [-1, 1])");
    method.line("rows = batch * time");
    method.line("share = torch.expand(share, [rows, 1])");
    method.line("add = int(torch.item(torch.select(control, 0, 1)))");
    method.line("_ = torch.manual_seed(int(torch.item(torch.select(control, 0, 0))))");
    String last = body(pass);
    String dx = method.by("head", () -> head.lossAndGradient(pass, last));
    String dLast = dx;
    dx = method.by("finalNorm", () -> finalNorm.backward(pass, dLast));
    for (int i = blocks.size() - 1; i >= 0; i--) {
      BlockPart block = blocks.get(i);
      String dy = dx;
      dx = method.by("blocks." + i, () -> block.backward(pass, dy));
    }
    String bottom = dx;
    method.by(
        "embedding",
        () -> {
          embedding.backward(pass, dropout.backward(pass, bottom), family.config().tiedHead());
          return bottom;
        });
    method.line("self.put(self.loss[0], loss, add)");
    method.result("loss");
  }

  private static void apply(Script script, Update update, boolean decayed, boolean plain) {
    Script.Method method = script.method("apply", "rate: Tensor", "Tensor");
    method.line("torch.set_grad_enabled(False)");
    method.line("loss = self.loss[0]");
    method.line("squares = annotate(List[Tensor], [])");
    method.nested(
        "for gradient in self.gradients:",
        () -> {
          method.line("flat = torch.view(gradient, [-1])");
          // A dot product sums in many lanes: more precise than the norm kernel of a CPU.
          method.line("_ = torch.append(squares, torch.dot(flat, flat))");
        });
    method.line("norm = torch.sqrt(torch.sum(torch.stack(squares)))");
    // The kernel divides gradients by the scale, and does nothing at all where found is 1.
    method.line(
        Double.isInfinite(update.maxGradientNorm())
            ? "scale = torch.ones_like(norm)"
            : "scale = torch.clamp_min(torch.div(norm, " + update.maxGradientNorm() + "), 1)");
    method.line("finite = torch.to(torch.isfinite(torch.add(norm, loss)), 6)");
    method.line("found = torch.rsub(finite, 1)");
    if (decayed) {
      adamW(method, "decayed", update, update.weightDecay());
    }
    if (plain) {
      adamW(method, "plain", update, 0);
    }
    method.result("torch.stack([loss, norm])");
  }

  private static void adamW(Script.Method method, String group, Update update, double weightDecay) {
    String self = "self." + group;
    // One counter for all weights of the group: the list holds it as often as the kernel asks.
    method.line("_ = torch.add_(" + self + "Steps[0], finite)");
    method.line(
        ("torch._fused_adamw_(%s, %sGradients, %sMeans, %sSquares, [], %sSteps, lr=rate, beta1=%s,"
                + " beta2=%s, weight_decay=%s, eps=%s, amsgrad=False, maximize=False,"
                + " grad_scale=scale, found_inf=found)")
            .formatted(
                self,
                self,
                self,
                self,
                self,
                update.beta1(),
                update.beta2(),
                weightDecay,
                update.epsilon()));
  }

  private static void step(Script script) {
    script
        .method(
            "step",
            "ids: Tensor, targets: Tensor, share: Tensor, control: Tensor, rate: Tensor",
            "Tensor")
        .line("_ = self.accumulate(ids, targets, share, control)")
        .result("self.apply(rate)");
  }

  private void evaluate(Script script, Map<String, Integer> weights) {
    Script.Method method = script.method("evaluate", "ids: Tensor, targets: Tensor", "Tensor");
    Pass pass = new Pass(method, Pass.Kind.EVALUATION, options, weights, Map.of());
    open(method);
    method.line("target = torch.view(targets, [-1, 1])");
    method.line("rows = batch * time");
    String log = head.logProbabilities(pass, body(pass));
    method.result("torch.view(torch.neg(" + log + "), [batch, time])");
  }

  private void logits(Script script, Map<String, Integer> weights) {
    Script.Method method = script.method("logits", "ids: Tensor", "Tensor");
    Pass pass = new Pass(method, Pass.Kind.EVALUATION, options, weights, Map.of());
    open(method);
    method.result("torch.view(" + head.logits(pass, body(pass)) + ", [batch, time, -1])");
  }

  private void begin(Script script) {
    Script.Method method = script.method("begin", "size: Tensor", "Tensor");
    method.line("torch.set_grad_enabled(False)");
    method.line("batch = int(torch.item(size))");
    int type = options.precision() == Precision.BFLOAT16 ? 15 : 6;
    for (String list : List.of("keys", "values")) {
      method.line(list + " = annotate(List[Tensor], [])");
      method.nested(
          "for _" + list + " in range(" + blocks.size() + "):",
          () ->
              method.line(
                  "_ = torch.append(%s, torch.new_zeros(self.weights[0], [batch, %d, %d, %d], dtype=%d))"
                      .formatted(
                          list,
                          family.keyValueHeads(),
                          family.config().contextLength(),
                          family.headDim(),
                          type)));
      method.line("self." + list + " = " + list);
    }
    method.result("size");
  }

  private void narrow(Script script) {
    Script.Method method = script.method("narrow", "any: Tensor", "Tensor");
    method.line("torch.set_grad_enabled(False)");
    method.line("narrowed = annotate(List[Tensor], [])");
    if (options.precision() == Precision.BFLOAT16) {
      method.nested(
          "for weight in self.weights:",
          () -> {
            method.line("narrow = torch.to(weight, 15)");
            if (options.packs()) {
              method.nested(
                  "if torch.dim(weight) == 2:",
                  () -> method.line("narrow = " + ProductKernel.packed("narrow")));
            }
            method.line("_1 = torch.append(narrowed, narrow)");
          });
    }
    method.line("self.narrowed = narrowed");
    method.result("any");
  }

  private static void select(Script script) {
    Script.Method method = script.method("select", "rows: Tensor", "Tensor");
    method.line("torch.set_grad_enabled(False)");
    for (String list : List.of("keys", "values")) {
      method.line(list + " = annotate(List[Tensor], [])");
      method.nested(
          "for one_" + list + " in self." + list + ":",
          () ->
              method.line(
                  "_ = torch.append(%s, torch.index_select(one_%s, 0, rows))"
                      .formatted(list, list)));
      method.line("self." + list + " = " + list);
    }
    method.result("rows");
  }

  /**
   * One row times a matrix with more outputs than inputs: the libraries of a CPU read such a matrix
   * with one thread. Here the outputs are dealt out.
   */
  private static void product(Script script) {
    Script.Method method =
        script.method("product", "x: Tensor, weight: Tensor, bias: Optional[Tensor]", "Tensor");
    method.line("outputs = torch.size(weight, 0)");
    method.line("inputs = torch.size(weight, 1)");
    method.line("parts = " + PARTS);
    method.line("y = x");
    method.nested(
        "if torch.size(x, 0) == 1 and outputs >= inputs and outputs >= parts:",
        () -> {
          method.line("some = outputs // parts");
          method.line("even = torch.narrow(weight, 0, 0, some * parts)");
          method.line("factors = torch.transpose(torch.view(even, [parts, some, inputs]), 1, 2)");
          method.line("rows = torch.expand(torch.unsqueeze(x, 0), [parts, 1, inputs])");
          method.line("y = torch.view(torch.bmm(rows, factors), [1, some * parts])");
          method.nested(
              "if some * parts < outputs:",
              () -> {
                method.line("rest = torch.narrow(weight, 0, some * parts, outputs - some * parts)");
                method.line("y = torch.cat([y, torch.linear(x, rest, None)], 1)");
              });
          method.nested("if bias is not None:", () -> method.line("y = torch.add(y, bias)"));
        });
    method.nested("else:", () -> method.line("y = torch.linear(x, weight, bias)"));
    method.result("y");
  }

  private void generate(Script script, Map<String, Integer> weights) {
    Script.Method method = script.method("generate", "ids: Tensor, place: Tensor", "Tensor");
    Pass pass = new Pass(method, Pass.Kind.GENERATION, options, weights, Map.of());
    open(method);
    method.line("n = self.narrowed");
    method.line("at = int(torch.item(place))");
    String all = body(pass);
    String last =
        pass.let("last", "torch.select(torch.view(" + all + ", [batch, time, -1]), 1, -1)");
    method.result(head.logits(pass, last));
  }

  private static void open(Script.Method method) {
    method.line("torch.set_grad_enabled(False)");
    method.line("p = self.weights");
    method.line("batch = torch.size(ids, 0)");
    method.line("time = torch.size(ids, 1)");
  }

  /** The forward pass up to the head: the last norm's result, [rows, channels]. */
  private String body(Pass pass) {
    Script.Method method = pass.method();
    String x = method.by("embedding", () -> dropout.forward(pass, embedding.forward(pass)));
    for (int i = 0; i < blocks.size(); i++) {
      BlockPart block = blocks.get(i);
      String input = x;
      x = method.by("blocks." + i, () -> block.forward(pass, input));
    }
    String top = x;
    return method.by("finalNorm", () -> finalNorm.forward(pass, top));
  }
}
