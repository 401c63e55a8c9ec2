package grounds.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.training.GradientCollector;
import com.google.gson.JsonObject;
import grounds.Reference;
import grounds.tensor.Devices;
import grounds.tensor.TensorScope;
import grounds.training.AdamW;
import grounds.training.ReadableStep;
import grounds.training.TrainingStep;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every model equals the same model in PyTorch (Llama: in transformers), with the same weights. */
class ModelReferenceTest {

  private static LanguageModel create(Reference reference) {
    JsonObject config = reference.json().getAsJsonObject("config");
    int vocabularySize = config.get("vocabularySize").getAsInt();
    int contextLength = config.get("contextLength").getAsInt();
    int channels = config.get("channels").getAsInt();
    int heads = config.get("heads").getAsInt();
    LanguageModel model;
    if (config.has("keyValueHeads")) {
      model = new Llama(reference.get("config", LlamaConfig.class), 1);
    } else {
      model =
          heads == 0
              ? new ValueOnly(new ValueOnly.Config(vocabularySize, contextLength, channels), 1)
              : new Gpt(
                  new GptConfig(
                      vocabularySize,
                      contextLength,
                      channels,
                      config.get("layers").getAsInt(),
                      heads,
                      0,
                      config.get("bias").getAsBoolean(),
                      config.get("tiedHead").getAsBoolean()),
                  1);
    }
    reference.load(model.parameters());
    return model;
  }

  private static Batch batch(Reference reference) {
    long[][] ids = reference.get("ids", long[][].class);
    long[][] targets = reference.get("targets", long[][].class);
    return new Batch(ids.length, ids[0].length, flat(ids), flat(targets));
  }

  private static long[] flat(long[][] rows) {
    return Arrays.stream(rows).flatMapToLong(Arrays::stream).toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt", "gpt-tied", "value-only", "self-attention", "llama", "llama-tied"})
  void logitsLossAndGradientsEqualPyTorchs(String name) {
    try (Reference reference = Reference.open(name);
        LanguageModel model = create(reference);
        TensorScope scope = TensorScope.open(model.parameters().manager())) {
      Batch batch = batch(reference);
      NDArray ids = batch.inputs(scope.manager());
      NDArray targets = batch.targets(scope.manager());
      try (GradientCollector collector = Devices.engine().newGradientCollector()) {
        NDArray logits = model.logits(ids, true);
        NDArray loss = CrossEntropy.mean(logits, targets);
        collector.backward(loss);
        reference.assertClose("logits", logits);
        assertEquals(
            reference.json().get("loss").getAsDouble(), loss.getFloat(), reference.tolerance());
      }
      model.parameters().stream()
          .forEach(p -> reference.assertClose("gradient." + p.name(), p.gradient()));
      reference.assertClose("short.logits", model.logits(ids.get(new NDIndex(":,0:3")), false));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt", "gpt-tied", "value-only", "self-attention", "llama", "llama-tied"})
  void fiveOptimizerStepsEqualPyTorchs(String name) {
    try (Reference reference = Reference.open(name);
        LanguageModel model = create(reference);
        TrainingStep step =
            new ReadableStep(
                model, new AdamW.Config(0.9, 0.99, 1e-8, 0.1), OptionalDouble.of(1.0))) {
      double[] losses = reference.get("losses", double[].class);
      double[] norms = reference.get("gradientNorms", double[].class);
      for (int i = 0; i < norms.length; i++) {
        TrainingStep.Result result = step.take(List.of(batch(reference)), 1e-2, 0);
        assertEquals(losses[i], result.loss(), reference.tolerance(), "loss of step " + i);
        assertEquals(norms[i], result.gradientNorm(), reference.tolerance(), "norm of step " + i);
      }
    }
  }
}
