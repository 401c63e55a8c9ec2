package grounds.model.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Activation;
import ai.djl.training.GradientCollector;
import grounds.Reference;
import grounds.model.CrossEntropy;
import grounds.tensor.Devices;
import grounds.tensor.Parameters;
import grounds.tensor.TensorScope;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Each layer equals PyTorch's, or a computation by loops. */
class LayerReferenceTest {

  @Test
  void layerNormAndItsGradientsEqualPyTorchs() {
    try (Reference reference = Reference.open("layers");
        Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      LayerNorm norm = new LayerNorm(parameters, 6, true);
      assertEqualsReference("layerNorm", norm, reference, parameters, scope);
    }
  }

  @Test
  void rmsNormAndItsGradientsEqualPyTorchs() {
    try (Reference reference = Reference.open("llama-layers");
        Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      RmsNorm norm = new RmsNorm(parameters, 6, reference.json().get("epsilon").getAsDouble());
      assertEqualsReference("rmsNorm", norm, reference, parameters, scope);
    }
  }

  @Test
  void gatedFeedForwardAndItsGradientsEqualPyTorchs() {
    try (Reference reference = Reference.open("llama-layers");
        Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      int hidden = reference.json().get("hidden").getAsInt();
      GatedFeedForward network = new GatedFeedForward(parameters, 6, hidden, 0.1, 0.1);
      assertEqualsReference("gated", network, reference, parameters, scope);
    }
  }

  /** Output, and gradients of the input and of every parameter. */
  private static void assertEqualsReference(
      String name, Layer layer, Reference reference, Parameters parameters, TensorScope scope) {
    parameters.stream()
        .forEach(p -> reference.tensor(scope.manager(), name + "." + p.name()).copyTo(p.array()));
    NDArray input = reference.tensor(scope.manager(), name + ".input");
    NDArray upstream = reference.tensor(scope.manager(), name + ".gradient.output");
    input.setRequiresGradient(true);
    try (GradientCollector collector = Devices.engine().newGradientCollector()) {
      NDArray output = layer.forward(input, true);
      reference.assertClose(name + ".output", output);
      collector.backward(output.mul(upstream).sum());
    }
    reference.assertClose(name + ".gradient.input", input.getGradient());
    parameters.stream()
        .forEach(p -> reference.assertClose(name + ".gradient." + p.name(), p.gradient()));
  }

  @Test
  void geluIsTheExactOne() {
    try (Reference reference = Reference.open("layers");
        Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      NDArray input = reference.tensor(scope.manager(), "gelu.input");
      reference.assertClose("gelu.output", Activation.gelu(input));
    }
  }

  @Test
  void crossEntropyAndItsGradientEqualPyTorchs() {
    try (Reference reference = Reference.open("layers");
        Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      NDArray logits = reference.tensor(scope.manager(), "crossEntropy.logits");
      long[][] rows = reference.get("crossEntropyTargets", long[][].class);
      NDArray targets =
          scope
              .manager()
              .create(Arrays.stream(rows).flatMapToLong(Arrays::stream).toArray())
              .reshape(rows.length, rows[0].length);
      logits.setRequiresGradient(true);
      try (GradientCollector collector = Devices.engine().newGradientCollector()) {
        NDArray loss = CrossEntropy.mean(logits, targets);
        double want = reference.json().get("loss").getAsDouble();
        assertEquals(want, loss.getFloat(), reference.tolerance());
        collector.backward(loss);
      }
      reference.assertClose("crossEntropy.gradient.logits", logits.getGradient());
    }
  }

  @Test
  void attentionEqualsTheLoops() {
    try (Reference reference = Reference.open("attention");
        Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      CausalSelfAttention attention = new CausalSelfAttention(parameters, 4, 6, 2, true, 0.1, 0.1);
      reference.load(parameters);
      NDArray input = reference.tensor(scope.manager(), "input");
      reference.assertClose("weights", attention.weights(input));
      reference.assertClose("output", attention.forward(input, false));
    }
  }
}
