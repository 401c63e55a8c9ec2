package grounds.model.script;

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

  private final String weight;
  private final int vocabularySize;

  HeadPart(String weight, int vocabularySize) {
    this.weight = weight;
    this.vocabularySize = vocabularySize;
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
    String w = pass.narrow(pass.weight(weight));
    String input = pass.narrow(x);
    pass.line("loss = torch.new_zeros(" + x + ", [], dtype=6)");
    return inParts(
        pass,
        "torch.empty_like(" + input + ")",
        part -> {
          String rows = part.of(input);
          String scores = pass.wide(pass.product(rows, w, Optional.empty()));
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
          pass.gradient(weight).ifPresent(g -> pass.weightGradient(g, dy, rows, part.add(), 1));
          return pass.inputGradient(dy, w);
        });
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
            "for start in range(0, rows, " + ROWS + "):",
            () -> {
              Part part =
                  new Part(
                      Optional.of("start"), pass.let("count", "min(" + ROWS + ", rows - start)"));
              pass.line("_ = torch.copy_(" + part.of(result) + ", " + body.apply(part) + ")");
            });
    return result;
  }
}
