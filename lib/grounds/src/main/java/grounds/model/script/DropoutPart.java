package grounds.model.script;

import java.util.List;

/**
 * {@link grounds.model.layer.Dropout}. What was dropped is one byte a value; written a second time,
 * as checkpointing does, it drops the same again.
 */
final class DropoutPart implements ScriptPart {

  private final double rate;
  private String kept = "";

  DropoutPart(double rate) {
    this.rate = rate;
  }

  @Override
  public String forward(Pass pass, String x) {
    if (rate == 0 || !pass.isTraining()) {
      return x;
    }
    if (!kept.isEmpty()) {
      return pass.let("again", "torch.mul(torch.mul(" + x + ", " + kept + "), " + scale() + ")");
    }
    List<String> results =
        pass.let(List.of("dropped", "kept"), "torch.native_dropout(" + x + ", " + rate + ", True)");
    kept = results.get(1);
    return results.get(0);
  }

  @Override
  public String backward(Pass pass, String dy) {
    return rate == 0
        ? dy
        : pass.let(
            "dx", "torch.native_dropout_backward(" + dy + ", " + kept + ", " + scale() + ")");
  }

  private double scale() {
    return 1 / (1 - rate);
  }
}
