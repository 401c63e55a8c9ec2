package grounds.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import grounds.model.layer.LowRank;
import grounds.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LlamaTest extends LanguageModelContract {

  private static final LlamaConfig TINY = new LlamaConfig(11, 8, 16, 2, 4).withKeyValueHeads(2);

  @Override
  protected LanguageModel create(long seed) {
    return new Llama(TINY, seed);
  }

  /** The sizes that the published configs give; the counts are those of the published weights. */
  @Test
  void countsPublishedModelsFromTheirConfigs() {
    LlamaConfig llama2 =
        new LlamaConfig(32_000, 4096, 4096, 32, 32, 32, 11_008, 10_000, 1e-5, 0, false);
    assertEquals(6_738_415_616L, llama2.parameterCount());
    LlamaConfig llama3 =
        new LlamaConfig(128_256, 8192, 4096, 32, 32, 8, 14_336, 500_000, 1e-5, 0, false);
    assertEquals(8_030_261_248L, llama3.parameterCount());
  }

  @Test
  void countsWhatItMakes() {
    for (LlamaConfig config :
        List.of(
            TINY,
            TINY.withTiedHead(true),
            TINY.withKeyValueHeads(1),
            TINY.withKeyValueHeads(4).withHidden(7))) {
      try (Llama model = new Llama(config, 1)) {
        assertEquals(config.parameterCount(), model.parameters().count(), config.toString());
      }
    }
  }

  @Test
  void namesItsParameters() {
    LlamaConfig config = new LlamaConfig(11, 8, 16, 1, 4);
    List<String> names =
        List.of(
            "tokenEmbedding.weight",
            "blocks.0.attentionNorm.weight",
            "blocks.0.attention.query.weight",
            "blocks.0.attention.key.weight",
            "blocks.0.attention.value.weight",
            "blocks.0.attention.output.weight",
            "blocks.0.feedForwardNorm.weight",
            "blocks.0.feedForward.gate.weight",
            "blocks.0.feedForward.expand.weight",
            "blocks.0.feedForward.contract.weight",
            "finalNorm.weight",
            "head.weight");
    try (Llama model = new Llama(config, 1);
        Llama tied = new Llama(config.withTiedHead(true), 1)) {
      assertEquals(names, List.copyOf(model.parameters().byName().keySet()));
      assertEquals(
          names.subList(0, names.size() - 1), List.copyOf(tied.parameters().byName().keySet()));
    }
  }

  @Test
  void theShortConfigIsTheFirstLlamas() {
    assertEquals(
        new LlamaConfig(65, 64, 192, 4, 6, 6, 512, 10_000, 1e-6, 0, false),
        new LlamaConfig(65, 64, 192, 4, 6));
    // 8/3 of 100 is 266.7, the next multiple of 8 is 272.
    assertEquals(272, new LlamaConfig(65, 64, 100, 4, 2).hidden());
  }

  @Test
  void aWitherChangesOneDialAndKeepsTheOthers() {
    LlamaConfig odd = new LlamaConfig(11, 8, 16, 2, 4, 2, 24, 500, 1e-5, 0.1, true);
    assertEquals(
        odd,
        new LlamaConfig(11, 8, 16, 2, 4)
            .withKeyValueHeads(2)
            .withHidden(24)
            .withRotaryBase(500)
            .withNormEpsilon(1e-5)
            .withDropout(0.1)
            .withTiedHead(true));
    assertEquals(
        new LlamaConfig(11, 8, 16, 2, 4).withHidden(40),
        odd.withTiedHead(false)
            .withDropout(0)
            .withNormEpsilon(1e-6)
            .withRotaryBase(10_000)
            .withHidden(40)
            .withKeyValueHeads(4));
  }

  @Test
  void startsFromGpt2sDeviations() {
    try (Llama model = new Llama(new LlamaConfig(65, 64, 192, 4, 6).withKeyValueHeads(3), 1)) {
      double residual = 0.02 / Math.sqrt(8);
      for (String name :
          List.of(
              "tokenEmbedding",
              "blocks.0.attention.query",
              "blocks.0.attention.key",
              "blocks.3.attention.value",
              "blocks.3.feedForward.gate",
              "blocks.3.feedForward.expand",
              "head")) {
        assertEquals(0.02, deviation(model, name + ".weight"), 0.0005, name);
      }
      assertEquals(residual, deviation(model, "blocks.3.feedForward.contract.weight"), 0.0002);
      assertEquals(residual, deviation(model, "blocks.0.attention.output.weight"), 0.0002);
    }
  }

  private static double deviation(Llama model, String name) {
    double sum = 0;
    float[] values = model.parameters().get(name).values();
    for (float value : values) {
      sum += value * value;
    }
    return Math.sqrt(sum / values.length);
  }

  @Test
  void attentionWeightsAreCausalAndSumToOne() {
    try (Llama model = new Llama(TINY, 1);
        TensorScope scope = TensorScope.open(model.parameters().manager())) {
      NDArray ids = scope.manager().create(new long[] {1, 2, 3, 4, 5}, new Shape(1, 5));
      List<NDArray> blocks = model.attentionWeights(ids);
      assertEquals(2, blocks.size());
      for (NDArray weights : blocks) {
        assertEquals(new Shape(1, 4, 5, 5), weights.getShape());
        float[] values = weights.toFloatArray();
        for (int row = 0; row < 20; row++) {
          float sum = 0;
          for (int column = 0; column < 5; column++) {
            float value = values[row * 5 + column];
            sum += value;
            assertTrue(column <= row % 5 || value == 0, "position " + row % 5 + " saw " + column);
          }
          assertEquals(1, sum, 1e-6);
        }
      }
      assertFalse(
          Arrays.equals(blocks.get(0).toFloatArray(), blocks.get(1).toFloatArray()),
          "each block shows its own");
    }
  }

  @Test
  void dropoutActsOnlyInTraining() {
    try (Llama model = new Llama(TINY.withDropout(0.5), 1);
        TensorScope scope = TensorScope.open(model.parameters().manager())) {
      NDArray ids = scope.manager().create(new long[] {1, 2, 3, 4}, new Shape(1, 4));
      float[] evaluated = model.logits(ids, false).toFloatArray();
      assertArrayEquals(evaluated, model.logits(ids, false).toFloatArray());
      assertFalse(Arrays.equals(evaluated, model.logits(ids, true).toFloatArray()));
    }
  }

  @Test
  void everyMatrixOfTheBlocksCanBeAdapted() {
    try (Llama model = new Llama(TINY, 1)) {
      GptTest.assertOffersEveryMatrixOfTheBlocks(
          14, model, targets -> model.adapt(new LowRank(1, 1), targets));
    }
  }

  @Test
  void anAdaptedModelStartsEqualToItsBaseAndThenLeavesIt() {
    try (Llama model = new Llama(TINY, 1);
        TensorScope scope = TensorScope.open(model.parameters().manager())) {
      NDArray ids = scope.manager().create(new long[] {1, 2, 3, 4}, new Shape(1, 4));
      float[] base = model.logits(ids, false).toFloatArray();
      model.adapt(new LowRank(2, 4), name -> name.endsWith(".value"));
      assertEquals(Optional.of(new LowRank(2, 4)), model.adapter());
      assertArrayEquals(base, model.logits(ids, false).toFloatArray());
      float[] values = new float[8 * 2];
      Arrays.fill(values, 0.1f);
      model.parameters().get("blocks.1.attention.value.adapter.up.weight").load(values);
      assertFalse(Arrays.equals(base, model.logits(ids, false).toFloatArray()));
    }
  }

  @Test
  void refusesShapesThatCannotBe() {
    assertMessage("vocabulary size", () -> new LlamaConfig(0, 8, 16, 2, 4));
    assertMessage("context length", () -> new LlamaConfig(11, 0, 16, 2, 4));
    assertMessage("number of channels", () -> new LlamaConfig(11, 8, -16, 2, 4));
    assertMessage("number of layers", () -> new LlamaConfig(11, 8, 16, 0, 4));
    assertMessage("16, got 5", () -> new LlamaConfig(11, 8, 16, 2, 5));
    assertMessage("12 channels / 4 heads = 3", () -> new LlamaConfig(11, 8, 12, 2, 4));
    assertMessage("heads, 4, got 3", () -> TINY.withKeyValueHeads(3));
    assertMessage("heads, 4, got 0", () -> TINY.withKeyValueHeads(0));
    assertMessage("hidden width", () -> TINY.withHidden(0));
    assertMessage("epsilon above 0, got 0.0", () -> TINY.withNormEpsilon(0));
    assertMessage("dropout in [0, 1), got 1.0", () -> TINY.withDropout(1));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
  void refusesABaseThatTurnsNothing(double base) {
    assertMessage("base above 0, got " + base, () -> TINY.withRotaryBase(base));
  }

  private static void assertMessage(String part, Runnable action) {
    String message = assertThrows(IllegalArgumentException.class, action::run).getMessage();
    assertTrue(message.contains(part), message);
  }
}
