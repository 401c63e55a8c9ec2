package grounds.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.training.GradientCollector;
import com.google.gson.Gson;
import com.google.gson.JsonObject;
import grounds.Reference;
import grounds.evaluation.SequenceLogProbabilities;
import grounds.model.layer.LowRank;
import grounds.tensor.Devices;
import grounds.tensor.TensorScope;
import grounds.training.AdamW;
import grounds.training.ReadableStep;
import grounds.training.TrainingStep;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
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
    if (reference.json().has("adapter")) {
      LowRank adapter = reference.get("adapter", LowRank.class);
      Set<String> layers = adaptedLayers(reference);
      if (model instanceof Llama llama) {
        llama.adapt(adapter, layers::contains);
      } else {
        ((Gpt) model).adapt(adapter, layers::contains);
      }
    }
    reference.load(model.parameters());
    return model;
  }

  private static Set<String> adaptedLayers(Reference reference) {
    return Set.of(
        new Gson()
            .fromJson(reference.json().getAsJsonObject("adapter").get("layers"), String[].class));
  }

  private static Batch batch(Reference reference) {
    long[][] ids = reference.get("ids", long[][].class);
    long[][] targets = reference.get("targets", long[][].class);
    Batch batch = new Batch(ids.length, ids[0].length, flat(ids), flat(targets));
    return reference.json().has("mask") ? batch.withMask(mask(reference)) : batch;
  }

  private static boolean[] mask(Reference reference) {
    boolean[][] rows = reference.get("mask", boolean[][].class);
    boolean[] mask = new boolean[rows.length * rows[0].length];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = rows[i / rows[0].length][i % rows[0].length];
    }
    return mask;
  }

  private static long[] flat(long[][] rows) {
    return Arrays.stream(rows).flatMapToLong(Arrays::stream).toArray();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt",
        "gpt-tied",
        "gpt-adapted",
        "gpt-masked",
        "value-only",
        "self-attention",
        "llama",
        "llama-tied",
        "llama-adapted"
      })
  void logitsLossAndGradientsEqualPyTorchs(String name) {
    try (Reference reference = Reference.open(name);
        LanguageModel model = create(reference);
        TensorScope scope = TensorScope.open(model.parameters().manager())) {
      Batch batch = batch(reference);
      NDArray ids = batch.inputs(scope.manager());
      try (GradientCollector collector = Devices.engine().newGradientCollector()) {
        NDArray logits = model.logits(ids, true);
        NDArray loss = CrossEntropy.mean(logits, batch, scope.manager());
        collector.backward(loss);
        reference.assertClose("logits", logits);
        assertEquals(
            reference.json().get("loss").getAsDouble(), loss.getFloat(), reference.tolerance());
      }
      model
          .parameters()
          .trained()
          .forEach(p -> reference.assertClose("gradient." + p.name(), p.gradient()));
      reference.assertClose("short.logits", model.logits(ids.get(new NDIndex(":,0:3")), false));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt",
        "gpt-tied",
        "gpt-adapted",
        "gpt-masked",
        "value-only",
        "self-attention",
        "llama",
        "llama-tied",
        "llama-adapted"
      })
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

  @ParameterizedTest
  @ValueSource(strings = {"gpt-adapted", "llama-adapted"})
  void onlyAdaptersMoveAndToWherePyTorchsDo(String name) {
    try (Reference reference = Reference.open(name);
        LanguageModel model = create(reference);
        TrainingStep step =
            new ReadableStep(
                model, new AdamW.Config(0.9, 0.99, 1e-8, 0.1), OptionalDouble.of(1.0))) {
      Map<String, float[]> before =
          model.parameters().stream().collect(Collectors.toMap(p -> p.name(), p -> p.values()));
      for (int i = 0; i < 5; i++) {
        step.take(List.of(batch(reference)), 1e-2, 0);
      }
      int moved = 0;
      for (var p : model.parameters().byName().values()) {
        if (p.name().contains(".adapter.")) {
          reference.assertClose("after." + p.name(), p.array());
          moved++;
        } else {
          assertArrayEquals(before.get(p.name()), p.values(), p.name());
        }
      }
      assertEquals(2 * adaptedLayers(reference).size(), moved, "two matrices of each layer");
      assertTrue(
          step.optimizerState().keySet().stream().allMatch(key -> key.contains(".adapter.")));
      assertEquals(2 * moved, step.optimizerState().size(), "two means of each matrix");
    }
  }

  @Test
  void sequenceLogProbabilitiesEqualPyTorchs() {
    try (Reference reference = Reference.open("gpt-masked");
        LanguageModel model = create(reference);
        TensorScope scope = TensorScope.open(model.parameters().manager())) {
      double[] sums = SequenceLogProbabilities.of(model, batch(reference));
      float[] floats = new float[sums.length];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = (float) sums[i];
      }
      reference.assertClose("sequenceLogProbabilities", scope.manager().create(floats));
    }
  }
}
