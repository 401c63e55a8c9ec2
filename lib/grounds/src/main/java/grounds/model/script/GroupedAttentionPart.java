package grounds.model.script;

import java.util.List;

/**
 * {@link grounds.model.layer.GroupedQueryAttention}: rotary positions, and fewer heads for keys and
 * values than for queries.
 */
final class GroupedAttentionPart implements ScriptPart {

  private final ScriptPart query;
  private final ScriptPart key;
  private final ScriptPart value;
  private final ScriptPart output;
  private final AttentionCore core;
  private final int heads;
  private final int keyValueHeads;
  private final int headDim;
  private String cosines = "";
  private String sines = "";

  GroupedAttentionPart(
      ScriptPart query,
      ScriptPart key,
      ScriptPart value,
      ScriptPart output,
      AttentionCore core,
      int heads,
      int keyValueHeads,
      int headDim) {
    this.query = query;
    this.key = key;
    this.value = value;
    this.output = output;
    this.core = core;
    this.heads = heads;
    this.keyValueHeads = keyValueHeads;
    this.headDim = headDim;
  }

  @Override
  public String forward(Pass pass, String x) {
    cosines = rows(pass, "cosines", 0);
    sines = rows(pass, "sines", 1);
    String q = turned(pass, split(pass, query.forward(pass, x), heads));
    String k = turned(pass, split(pass, key.forward(pass, x), keyValueHeads));
    String v = split(pass, value.forward(pass, x), keyValueHeads);
    return output.forward(pass, core.forward(pass, q, k, v));
  }

  @Override
  public String backward(Pass pass, String dy) {
    List<String> gradients = core.backward(pass, output.backward(pass, dy));
    String dq = joined(pass, turnedBack(pass, gradients.get(0)), heads);
    String dk = joined(pass, turnedBack(pass, gradients.get(1)), keyValueHeads);
    String dv = joined(pass, gradients.get(2), keyValueHeads);
    String dx = query.backward(pass, dq);
    pass.line("_ = torch.add_(" + dx + ", " + key.backward(pass, dk) + ")");
    pass.line("_ = torch.add_(" + dx + ", " + value.backward(pass, dv) + ")");
    return dx;
  }

  /** The angles of the places that are there, [time, headDim], as precise as the products. */
  private static String rows(Pass pass, String stem, int table) {
    String first = pass.kind() == Pass.Kind.GENERATION ? "at" : "0";
    return pass.narrow(
        pass.let(stem, "torch.narrow(self.constants[" + table + "], 0, " + first + ", time)"));
  }

  private String split(Pass pass, String x, int parts) {
    return pass.let(
        "split",
        "torch.transpose(torch.view(%s, [batch, time, %d, %d]), 1, 2)"
            .formatted(x, parts, headDim));
  }

  private String joined(Pass pass, String x, int parts) {
    return pass.let(
        "joined",
        "torch.reshape(torch.transpose(%s, 1, 2), [-1, %d])".formatted(x, parts * headDim));
  }

  private String turned(Pass pass, String x) {
    return pass.let(
        "turned",
        "torch.add(torch.mul(%s, %s), torch.mul(%s, %s))".formatted(x, cosines, swapped(x), sines));
  }

  /** A turn the other way: the transpose of a rotation. */
  private String turnedBack(Pass pass, String dy) {
    String through = pass.let("through", "torch.mul(" + dy + ", " + sines + ")");
    return pass.let(
        "dx", "torch.add(torch.mul(%s, %s), %s)".formatted(dy, cosines, swapped(through)));
  }

  private String swapped(String x) {
    return "torch.roll(" + x + ", [" + headDim / 2 + "], [3])";
  }
}
