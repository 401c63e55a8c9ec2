package grounds.model.script;

import java.util.List;
import java.util.Optional;

/** {@link grounds.model.layer.LayerNorm}: float32 in and out. */
final class LayerNormPart implements ScriptPart {

  private final String name;
  private final int channels;
  private final boolean bias;
  private final double epsilon;
  private String input = "";
  private String mean = "";
  private String deviation = "";

  LayerNormPart(String name, int channels, boolean bias, double epsilon) {
    this.name = name;
    this.channels = channels;
    this.bias = bias;
    this.epsilon = epsilon;
  }

  @Override
  public String forward(Pass pass, String x) {
    input = x;
    List<String> results =
        pass.let(
            List.of("norm", "mean", "deviation"),
            "torch.native_layer_norm(%s, [%d], %s, %s, %s)"
                .formatted(x, channels, weight(pass), bias(pass), epsilon));
    mean = results.get(1);
    deviation = results.get(2);
    return results.get(0);
  }

  @Override
  public String backward(Pass pass, String dy) {
    Optional<String> weightGradient = pass.gradient(name + ".weight");
    Optional<String> biasGradient = bias ? pass.gradient(name + ".bias") : Optional.empty();
    List<String> gradients =
        pass.let(
            List.of("dx", "dweight", "dbias"),
            "torch.native_layer_norm_backward(%s, %s, [%d], %s, %s, %s, %s, [True, %s, %s])"
                .formatted(
                    pass.wide(dy),
                    input,
                    channels,
                    mean,
                    deviation,
                    weight(pass),
                    bias(pass),
                    python(weightGradient.isPresent()),
                    python(biasGradient.isPresent())));
    weightGradient.ifPresent(g -> pass.put(g, gradients.get(1)));
    biasGradient.ifPresent(g -> pass.put(g, gradients.get(2)));
    return gradients.get(0);
  }

  private String weight(Pass pass) {
    return pass.weight(name + ".weight");
  }

  private String bias(Pass pass) {
    return bias ? pass.weight(name + ".bias") : "None";
  }

  private static String python(boolean value) {
    return value ? "True" : "False";
  }
}
