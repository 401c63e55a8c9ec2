package grounds.model.script;

import grounds.tensor.Precision;
import java.util.Optional;
import java.util.function.Function;

/**
 * The scores of all tokens and the loss over them. For a large vocabulary the scores of all
 * positions would be the largest tensor of the step, so they are made, used and dropped a few
 * hundred positions at a time.
 */
final class HeadPart {

  /** Above this many tokens positions are taken in parts... */
  private static final int LARGE_VOCABULARY = 8192;

  /** ...of so many: enough for matrix products to run at full speed. */
  private static final int ROWS = 512;

  /**
   * The same on a GPU, whose products are done so soon that adding the weight's gradient after each
   * part would be a tenth of a step.
   */
  private static final int ROWS_ON_A_GPU = 2048;

  /**
   * A GPU reads bfloat16 matrices in pieces of so many columns, and takes twice as long where they
   * do not divide the vocabulary (GPT-2's 50,257): it is filled up then...
   */
  private static final int ALIGNED = 8;

  /** ...to a multiple of this. */
  private static final int WHOLE_TILES = 64;

  private final String weight;
  private final int vocabularySize;
  private final int rows;
  private final int padding;

  HeadPart(String weight, int vocabularySize, ScriptOptions options) {
    this.weight = weight;
    this.vocabularySize = vocabularySize;
    boolean gpu = options.attention() == ScriptOptions.AttentionKernel.ANY_DEVICE;
    this.rows = gpu ? ROWS_ON_A_GPU : ROWS;
    boolean odd = vocabularySize % ALIGNED != 0;
    boolean pads = gpu && odd && options.precision() == Precision.BFLOAT16;
    this.padding = pads ? WHOLE_TILES - vocabularySize % WHOLE_TILES : 0;
  }

  /** Writes the scores, float32 [rows, vocabularySize]. */
  String logits(Pass pass, String x) {
    return pass.wide(
        pass.product(pass.narrow(x), pass.narrow(pass.weight(weight)), Optional.empty()));
  }

  /** Writes the logarithm of the probability of each target, [rows, 1]. */
  String logProbabilities(Pass pass, String x) {
    return inParts(
        pass,
        "torch.new_empty(" + x + ", [rows, 1], dtype=6)",
        part -> {
          String log = pass.let("log", "torch.log_softmax(" + logits(pass, part.of(x)) + ", 1)");
          return pass.let("picked", "torch.gather(" + log + ", 1, " + part.of("target") + ")");
        });
  }

  /**
   * Writes the weighted loss into {@code loss}, and its gradient.
   *
   * @return the gradient of the input, as precise as products
   */
  String lossAndGradient(Pass pass, String x) {
    String w = padded(pass, pass.narrow(pass.weight(weight)));
    String input = pass.narrow(x);
    pass.line("loss = torch.new_zeros(" + x + ", [], dtype=6)");
    return inParts(
        pass,
        "torch.empty_like(" + input + ")",
        part -> {
          String rows = part.of(input);
          String scores = pass.wide(pass.product(rows, w, Optional.empty()));
          if (padding > 0) {
            // What fills the vocabulary up has no probability, and so no gradient.
            pass.line(
                "_ = torch.fill_(torch.narrow(%s, 1, %d, %d), -10000.)"
                    .formatted(scores, vocabularySize, padding));
          }
          // The logarithm of the softmax, then the softmax, then the gradient, in one place.
          String d = pass.let("d", "torch.log_softmax(" + scores + ", 1)");
          String target = part.of("target");
          String share = part.of("share");
          String picked = pass.let("picked", "torch.gather(" + d + ", 1, " + target + ")");
          pass.line("_ = torch.sub_(loss, torch.sum(torch.mul(" + picked + ", " + share + ")))");
          pass.line("_ = torch.exp_(" + d + ")");
          pass.line(
              "_ = torch.scatter_add_(%s, 1, %s, torch.full_like(%s, -1))"
                  .formatted(d, target, picked));
          pass.line("_ = torch.mul_(" + d + ", " + share + ")");
          String dy = pass.narrow(d);
          pass.gradient(weight).ifPresent(g -> weightGradient(pass, g, dy, rows, part.add()));
          return pass.inputGradient(dy, w);
        });
  }

  private String padded(Pass pass, String w) {
    return padding == 0
        ? w
        : pass.let("padded", "torch.constant_pad_nd(" + w + ", [0, 0, 0, " + padding + "], 0)");
  }

  private void weightGradient(Pass pass, String gradient, String dy, String x, String add) {
    if (padding == 0) {
      pass.weightGradient(gradient, dy, x, add, 1);
    } else {
      pass.line(
          "self.put(%s, torch.narrow(torch.mm(torch.t(%s), %s), 0, 0, %d), %s)"
              .formatted(gradient, dy, x, vocabularySize, add));
    }
  }

  /** Some of the rows: all of them, or those from a start on. */
  private record Part(Optional<String> start, String count) {

    String of(String x) {
      return start.map(from -> "torch.narrow(" + x + ", 0, " + from + ", " + count + ")").orElse(x);
    }

    /** Whether gradients are added to what is there: they are for all parts but the first. */
    String add() {
      return start.map(from -> "max(add, int(bool(" + from + ")))").orElse("add");
    }
  }

  /**
   * Writes the body once for all rows, or in a loop over parts of them.
   *
   * @param empty where the results of the parts go
   * @param body writes what is done with some rows, and gives the variable with their results
   */
  private String inParts(Pass pass, String empty, Function<Part, String> body) {
    if (vocabularySize <= LARGE_VOCABULARY) {
      return body.apply(new Part(Optional.empty(), "rows"));
    }
    String result = pass.let("result", empty);
    pass.method()
        .nested(
            "for start in range(0, rows, " + rows + "):",
            () -> {
              Part part =
                  new Part(
                      Optional.of("start"), pass.let("count", "min(" + rows + ", rows - start)"));
              pass.line("_ = torch.copy_(" + part.of(result) + ", " + body.apply(part) + ")");
            });
    return result;
  }
}
