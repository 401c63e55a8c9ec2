package grounds.model.script;

import grounds.model.script.ScriptOptions.AttentionKernel;
import java.util.List;

/**
 * softmax(Q K^T / sqrt(headDim)) V under the causal mask, by a fused kernel that never stores the
 * square of scores (Dao et al. 2022). Queries, keys and values are [batch, heads, time, headDim].
 */
final class AttentionCore {

  private final int block;
  private final int heads;
  private final int keyValueHeads;
  private final int headDim;
  private List<String> inputs = List.of();
  private String output = "";
  private String normalizer = "";

  /**
   * The attention of one block.
   *
   * @param block its number, for the keys and values it keeps
   * @param keyValueHeads heads of keys and values; each serves heads / keyValueHeads queries
   */
  AttentionCore(int block, int heads, int keyValueHeads, int headDim) {
    this.block = block;
    this.heads = heads;
    this.keyValueHeads = keyValueHeads;
    this.headDim = headDim;
  }

  /** Writes the mixed values, [rows, channels]. */
  String forward(Pass pass, String query, String keyHeads, String valueHeads) {
    if (pass.kind() == Pass.Kind.GENERATION) {
      return joined(pass, fromCache(pass, query, keyHeads, valueHeads));
    }
    String key = repeated(pass, keyHeads);
    String value = repeated(pass, valueHeads);
    switch (pass.kind()) {
      case EVALUATION:
        return joined(pass, pass.let("mixed", causal(query, key, value)));
      default:
        return pass.options().attention() == AttentionKernel.CPU
            ? byName(pass, query, key, value)
            : byAutograd(pass, query, key, value);
    }
  }

  /** Writes the gradients of query, key and value. */
  List<String> backward(Pass pass, String dmixed) {
    if (pass.options().attention() == AttentionKernel.ANY_DEVICE) {
      String wanted = pass.let("grads", "annotate(List[Optional[Tensor]], [" + dmixed + "])");
      String all =
          pass.let(
              "grads",
              "torch.grad([" + output + "], [" + String.join(", ", inputs) + "], " + wanted + ")");
      return List.of(
          pass.let("dq", "unchecked_cast(Tensor, " + all + "[0])"),
          summed(pass, pass.let("dk", "unchecked_cast(Tensor, " + all + "[1])")),
          summed(pass, pass.let("dv", "unchecked_cast(Tensor, " + all + "[2])")));
    }
    String split =
        "torch.transpose(torch.view("
            + dmixed
            + ", torch.size(torch.transpose("
            + output
            + ", 1, 2))), 1, 2)";
    String arguments =
        "torch._scaled_dot_product_flash_attention_for_cpu_backward(%s, %s, %s, %s, 0., True)"
            .formatted(split, String.join(", ", inputs), output, normalizer);
    List<String> gradients = pass.let(List.of("dq", "dk", "dv"), arguments);
    return List.of(
        gradients.get(0), summed(pass, gradients.get(1)), summed(pass, gradients.get(2)));
  }

  /** Each head of keys or values as often as there are heads of queries that share it. */
  private String repeated(Pass pass, String x) {
    return heads == keyValueHeads
        ? x
        : pass.let(
            "repeated",
            "torch.reshape(torch.expand(torch.unsqueeze(%s, 2), [-1, -1, %d, -1, -1]), [batch, %d, -1, %d])"
                .formatted(x, heads / keyValueHeads, heads, headDim));
  }

  /** The gradient of what was repeated: the sum over its copies. */
  private String summed(Pass pass, String dx) {
    return heads == keyValueHeads
        ? dx
        : pass.let(
            "summed",
            "torch.sum(torch.reshape(%s, [batch, %d, %d, -1, %d]), [2])"
                .formatted(dx, keyValueHeads, heads / keyValueHeads, headDim));
  }

  private String byName(Pass pass, String query, String key, String value) {
    inputs = List.of(query, key, value);
    List<String> results =
        pass.let(
            List.of("mixed", "normalizer"),
            "torch._scaled_dot_product_flash_attention_for_cpu(%s, %s, %s, 0., True)"
                .formatted(query, key, value));
    output = results.get(0);
    normalizer = results.get(1);
    return joined(pass, output);
  }

  private String byAutograd(Pass pass, String query, String key, String value) {
    inputs =
        List.of(query, key, value).stream()
            .map(x -> pass.let("leaf", "torch.requires_grad_(torch.detach(" + x + "))"))
            .toList();
    pass.line("torch.set_grad_enabled(True)");
    output = joined(pass, pass.let("mixed", causal(inputs.get(0), inputs.get(1), inputs.get(2))));
    pass.line("torch.set_grad_enabled(False)");
    return pass.let("joined", "torch.detach(" + output + ")");
  }

  /** Keeps the new keys and values, and looks at all that are kept. */
  private String fromCache(Pass pass, String query, String key, String value) {
    String keys = repeated(pass, kept(pass, "keys", key));
    String values = repeated(pass, kept(pass, "values", value));
    String mixed = pass.let("mixed", query);
    pass.method()
        .nested(
            "if time == 1:",
            () -> pass.line(mixed + " = " + sdpa(query, keys, values, "None, 0., False")))
        .nested(
            "else:",
            () -> {
              // Row i stands at place at + i, and sees what stands there and before.
              String square = "torch.ones([time, at + time], dtype=11)";
              String mask = pass.let("mask", "torch.tril(" + square + ", at)");
              pass.line(mixed + " = " + sdpa(query, keys, values, mask + ", 0., False"));
            });
    return mixed;
  }

  private String kept(Pass pass, String list, String fresh) {
    String all = "self." + list + "[" + block + "]";
    pass.line("_ = torch.copy_(torch.narrow(" + all + ", 2, at, time), " + fresh + ")");
    return pass.let(list, "torch.narrow(" + all + ", 2, 0, at + time)");
  }

  private static String causal(String query, String key, String value) {
    return sdpa(query, key, value, "None, 0., True");
  }

  private static String sdpa(String query, String key, String value, String rest) {
    return "torch.scaled_dot_product_attention(" + String.join(", ", query, key, value, rest) + ")";
  }

  private String joined(Pass pass, String mixed) {
    return pass.let(
        "joined",
        "torch.reshape(torch.transpose(" + mixed + ", 1, 2), [-1, " + heads * headDim + "])");
  }
}
