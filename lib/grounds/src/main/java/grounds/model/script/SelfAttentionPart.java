package grounds.model.script;

import java.util.List;
import java.util.stream.IntStream;

/** {@link grounds.model.layer.CausalSelfAttention}: query, key and value from one product. */
final class SelfAttentionPart implements ScriptPart {

  private final ScriptPart queryKeyValue;
  private final ScriptPart output;
  private final AttentionCore core;
  private final int heads;
  private final int headDim;

  SelfAttentionPart(
      ScriptPart queryKeyValue, ScriptPart output, AttentionCore core, int heads, int headDim) {
    this.queryKeyValue = queryKeyValue;
    this.output = output;
    this.core = core;
    this.heads = heads;
    this.headDim = headDim;
  }

  @Override
  public String forward(Pass pass, String x) {
    String all =
        pass.let(
            "heads",
            "torch.transpose(torch.view(%s, [batch, time, %d, %d]), 1, 2)"
                .formatted(queryKeyValue.forward(pass, x), 3 * heads, headDim));
    List<String> parts =
        IntStream.range(0, 3)
            .mapToObj(
                i ->
                    pass.let(
                        List.of("q", "k", "v").get(i),
                        "torch.narrow(%s, 1, %d, %d)".formatted(all, i * heads, heads)))
            .toList();
    return output.forward(pass, core.forward(pass, parts.get(0), parts.get(1), parts.get(2)));
  }

  @Override
  public String backward(Pass pass, String dy) {
    List<String> gradients = core.backward(pass, output.backward(pass, dy));
    // Side by side for each position, in one copy: [batch, time, 3 heads, headDim].
    List<String> byTime =
        gradients.stream().map(dx -> "torch.transpose(" + dx + ", 1, 2)").toList();
    String all =
        "torch.view(torch.cat([%s], 2), [-1, %d])"
            .formatted(String.join(", ", byTime), 3 * heads * headDim);
    return queryKeyValue.backward(pass, pass.let("dqkv", all));
  }
}
