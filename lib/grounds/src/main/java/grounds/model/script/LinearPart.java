package grounds.model.script;

import java.util.Optional;
import java.util.OptionalDouble;

/** {@link grounds.model.layer.Linear}, with a low-rank adapter where it has one. */
final class LinearPart implements ScriptPart {

  private final String name;
  private final boolean bias;
  private final OptionalDouble adapterScale;
  private String input = "";
  private String between = "";

  /**
   * A layer over the weights of that name.
   *
   * @param adapterScale alpha / rank of its adapter; empty: it has none
   */
  LinearPart(String name, boolean bias, OptionalDouble adapterScale) {
    this.name = name;
    this.bias = bias;
    this.adapterScale = adapterScale;
  }

  @Override
  public String forward(Pass pass, String x) {
    input = pass.narrow(x);
    String y =
        pass.product(
            input,
            pass.narrow(pass.weight(name + ".weight")),
            bias ? Optional.of(pass.narrow(pass.weight(name + ".bias"))) : Optional.empty());
    if (adapterScale.isPresent()) {
      between = pass.product(input, adapter(pass, "down"), Optional.empty());
      String update = pass.product(between, adapter(pass, "up"), Optional.empty());
      pass.line(
          "_ = torch.add_(%s, %s, alpha=%s)".formatted(y, update, adapterScale.getAsDouble()));
    }
    return y;
  }

  @Override
  public String backward(Pass pass, String gradient) {
    String dy = pass.narrow(gradient);
    pass.gradients(
        pass.gradient(name + ".weight"),
        bias ? pass.gradient(name + ".bias") : Optional.empty(),
        dy,
        input,
        pass.weight(name + ".weight"));
    String dx = pass.inputGradient(dy, pass.narrow(pass.weight(name + ".weight")));
    if (adapterScale.isPresent()) {
      double scale = adapterScale.getAsDouble();
      pass.gradient(name + ".adapter.up.weight")
          .ifPresent(g -> pass.weightGradient(g, dy, between, "add", scale));
      String dBetween = pass.inputGradient(dy, adapter(pass, "up"));
      pass.line("_ = torch.mul_(%s, %s)".formatted(dBetween, scale));
      pass.gradient(name + ".adapter.down.weight")
          .ifPresent(g -> pass.weightGradient(g, dBetween, input, "add", 1));
      pass.line(
          "_ = torch.add_(%s, %s)"
              .formatted(dx, pass.inputGradient(dBetween, adapter(pass, "down"))));
    }
    return dx;
  }

  private String adapter(Pass pass, String which) {
    return pass.narrow(pass.weight(name + ".adapter." + which + ".weight"));
  }
}
