package grounds.model.script;

import grounds.tensor.Precision;
import java.util.List;

/** {@link grounds.model.layer.TransformerBlock}: two sublayers beside the residual stream. */
final class BlockPart implements ScriptPart {

  private final List<Sublayer> sublayers;
  private String input = "";

  BlockPart(
      ScriptPart attentionNorm,
      ScriptPart attention,
      ScriptPart feedForwardNorm,
      ScriptPart feedForward,
      double dropout) {
    sublayers =
        List.of(
            new Sublayer(attentionNorm, attention, new DropoutPart(dropout)),
            new Sublayer(feedForwardNorm, feedForward, new DropoutPart(dropout)));
  }

  /** x + dropout(layer(norm(x))). */
  private record Sublayer(ScriptPart norm, ScriptPart layer, ScriptPart dropout)
      implements ScriptPart {

    @Override
    public String forward(Pass pass, String x) {
      String y = dropout.forward(pass, layer.forward(pass, norm.forward(pass, x)));
      // Into y, which nothing else reads, unless it is narrower than the stream.
      return pass.options().precision() == Precision.BFLOAT16
          ? pass.let("stream", "torch.add(" + x + ", " + y + ")")
          : pass.let("stream", "torch.add_(" + y + ", " + x + ")");
    }

    @Override
    public String backward(Pass pass, String dy) {
      String dx = norm.backward(pass, layer.backward(pass, dropout.backward(pass, dy)));
      pass.line("_ = torch.add_(" + dx + ", " + dy + ")");
      return dx;
    }
  }

  @Override
  public String forward(Pass pass, String x) {
    input = x;
    String y = x;
    for (Sublayer sublayer : sublayers) {
      y = sublayer.forward(pass, y);
    }
    return y;
  }

  @Override
  public String backward(Pass pass, String dy) {
    if (pass.options().checkpointing()) {
      // The same lines under new names: what the first ones made is not used again, so it is freed
      // as soon as it is made.
      forward(pass, input);
    }
    String dx = dy;
    for (int i = sublayers.size() - 1; i >= 0; i--) {
      dx = sublayers.get(i).backward(pass, dx);
    }
    return dx;
  }
}
