package grounds.model.script;

import java.util.List;
import java.util.Optional;

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
        "torch.empty([rows, 1], dtype=6, device=torch.device(" + x + "))",
        (start, count, part, result) -> {
          String logits = logits(pass, narrow(x, start, count, part));
          String log = pass.let("log", "torch.log_softmax(" + logits + ", 1)");
          String picked =
              "torch.gather(" + log + ", 1, " + narrow("target", start, count, part) + ")";
          pass.line("_ = torch.copy_(" + narrow(result, start, count, part) + ", " + picked + ")");
        });
  }

  /**
   * Writes the weighted loss into {@code loss}, and its gradient.
   *
   * @return the gradient of the input, float32 or narrow
   */
  String lossAndGradient(Pass pass, String x) {
    String w = pass.narrow(pass.weight(weight));
    String input = pass.narrow(x);
    pass.line("loss = torch.zeros([], dtype=6, device=torch.device(" + x + "))");
    return inParts(
        pass,
        "torch.empty_like(" + input + ")",
        (start, count, part, dx) -> {
          String rows = pass.let("rows", narrow(input, start, count, part));
          String target = pass.let("target", narrow("target", start, count, part));
          String share = pass.let("share", narrow("share", start, count, part));
          String scores = pass.wide(pass.product(rows, w, Optional.empty()));
          // The logarithm of the softmax, then the softmax, then the gradient, in one place.
          String d = pass.let("d", "torch.log_softmax(" + scores + ", 1)");
          String picked = pass.let("picked", "torch.gather(" + d + ", 1, " + target + ")");
          pass.line("_ = torch.sub_(loss, torch.sum(torch.mul(" + picked + ", " + share + ")))");
          pass.line("_ = torch.exp_(" + d + ")");
          pass.line(
              "_ = torch.scatter_add_(%s, 1, %s, torch.full_like(%s, -1))"
                  .formatted(d, target, picked));
          pass.line("_ = torch.mul_(" + d + ", " + share + ")");
          String dy = pass.narrow(d);
          pass.gradient(weight)
              .ifPresent(
                  g ->
                      pass.weightGradient(
                          g, dy, rows, part ? "max(add, int(bool(" + start + ")))" : "add", 1));
          pass.line(
              "_ = torch.copy_(%s, %s)"
                  .formatted(narrow(dx, start, count, part), pass.inputGradient(dy, w)));
        });
  }

  @FunctionalInterface
  private interface Body {
    void write(String start, String count, boolean part, String result);
  }

  private String inParts(Pass pass, String empty, Body body) {
    String result = pass.let("result", empty);
    if (vocabularySize <= LARGE_VOCABULARY) {
      body.write("0", "rows", false, result);
    } else {
      String start = pass.let(List.of("start"), "0").get(0);
      pass.method()
          .nested(
              "for " + start + " in range(0, rows, " + ROWS + "):",
              () -> {
                String count = pass.let("count", "min(" + ROWS + ", rows - " + start + ")");
                body.write(start, count, true, result);
              });
    }
    return result;
  }

  private static String narrow(String x, String start, String count, boolean part) {
    return part ? "torch.narrow(" + x + ", 0, " + start + ", " + count + ")" : x;
  }
}
