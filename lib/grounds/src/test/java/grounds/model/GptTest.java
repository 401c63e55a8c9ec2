package grounds.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import grounds.model.layer.LowRank;
import grounds.tensor.Parameter;
import grounds.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class GptTest extends LanguageModelContract {

  private static final GptConfig TINY = new GptConfig(11, 8, 12, 2, 3);

  @Override
  protected LanguageModel create(long seed) {
    return new Gpt(TINY, seed);
  }

  @Test
  void countsGpt2SmallFromItsConfig() {
    assertEquals(124_439_808, GptConfig.gpt2Small().parameterCount());
    assertEquals(124_337_664, GptConfig.gpt2Small().withBias(false).parameterCount());
    assertEquals(163_037_184, GptConfig.gpt2Small().withTiedHead(false).parameterCount());
  }

  @Test
  void countsWhatItMakes() {
    for (boolean bias : new boolean[] {false, true}) {
      for (boolean tied : new boolean[] {false, true}) {
        GptConfig config = TINY.withBias(bias).withTiedHead(tied);
        try (Gpt model = new Gpt(config, 1)) {
          assertEquals(config.parameterCount(), model.parameters().count(), config.toString());
        }
      }
    }
  }

  @Test
  void startsFromGpt2sDeviations() {
    try (Gpt model = new Gpt(new GptConfig(65, 64, 192, 4, 3), 1)) {
      double residual = 0.02 / Math.sqrt(8);
      assertEquals(0.02, deviation(model, "tokenEmbedding.weight"), 0.0005);
      assertEquals(0.02, deviation(model, "blocks.3.feedForward.expand.weight"), 0.0005);
      assertEquals(residual, deviation(model, "blocks.3.feedForward.contract.weight"), 0.0002);
      assertEquals(residual, deviation(model, "blocks.0.attention.output.weight"), 0.0002);
    }
  }

  private static double deviation(Gpt model, String name) {
    double sum = 0;
    float[] values = model.parameters().get(name).values();
    for (float value : values) {
      sum += value * value;
    }
    return Math.sqrt(sum / values.length);
  }

  @Test
  void attentionWeightsAreCausalAndSumToOne() {
    try (Gpt model = new Gpt(TINY, 1);
        TensorScope scope = TensorScope.open(model.parameters().manager())) {
      NDArray ids = scope.manager().create(new long[] {1, 2, 3, 4}, new Shape(1, 4));
      assertEquals(2, model.attentionWeights(ids).size());
      for (NDArray weights : model.attentionWeights(ids)) {
        assertEquals(new Shape(1, 3, 4, 4), weights.getShape());
        float[] values = weights.toFloatArray();
        for (int row = 0; row < 12; row++) {
          float sum = 0;
          for (int column = 0; column < 4; column++) {
            float value = values[row * 4 + column];
            sum += value;
            assertTrue(column <= row % 4 || value == 0, "position " + row % 4 + " saw " + column);
          }
          assertEquals(1, sum, 1e-6);
        }
      }
    }
  }

  @Test
  void dropoutActsOnlyInTraining() {
    try (Gpt model = new Gpt(TINY.withDropout(0.5), 1);
        TensorScope scope = TensorScope.open(model.parameters().manager())) {
      NDArray ids = scope.manager().create(new long[] {1, 2, 3, 4}, new Shape(1, 4));
      float[] evaluated = model.logits(ids, false).toFloatArray();
      assertArrayEquals(evaluated, model.logits(ids, false).toFloatArray());
      float[] trained = model.logits(ids, true).toFloatArray();
      assertTrue(!Arrays.equals(evaluated, trained));
    }
  }

  @Test
  void refusesHeadsThatDoNotDivideTheWidth() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> new GptConfig(65, 64, 192, 4, 5))
            .getMessage();
    assertTrue(message.contains("192") && message.contains("5"), message);
  }

  private static float[] logits(Gpt model) {
    try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
      NDArray ids = scope.manager().create(new long[] {1, 2, 3, 4, 5, 6, 7, 8}, new Shape(2, 4));
      return model.logits(ids, false).toFloatArray();
    }
  }

  @Test
  void anAdaptedModelStartsEqualToItsBaseAndThenLeavesIt() {
    try (Gpt model = new Gpt(TINY, 1)) {
      float[] base = logits(model);
      model.adapt(new LowRank(2, 4), name -> true);
      assertArrayEquals(base, logits(model));
      Parameter up = model.parameters().get("blocks.1.feedForward.contract.adapter.up.weight");
      float[] values = up.values();
      Arrays.fill(values, 0.1f);
      up.load(values);
      assertFalse(Arrays.equals(base, logits(model)));
    }
  }

  @Test
  void adaptersComeAfterTheFrozenWeightsInTheOrderOfTheBlocks() {
    try (Gpt model = new Gpt(TINY.withBias(true), 1)) {
      List<String> base = List.copyOf(model.parameters().byName().keySet());
      long count = model.parameters().count();
      assertEquals(Optional.empty(), model.adapter());
      model.adapt(new LowRank(2, 4), name -> name.endsWith(".queryKeyValue"));
      assertEquals(Optional.of(new LowRank(2, 4)), model.adapter());
      List<String> all = List.copyOf(model.parameters().byName().keySet());
      assertEquals(base, all.subList(0, base.size()));
      List<String> adapters =
          List.of(
              "blocks.0.attention.queryKeyValue.adapter.down.weight",
              "blocks.0.attention.queryKeyValue.adapter.up.weight",
              "blocks.1.attention.queryKeyValue.adapter.down.weight",
              "blocks.1.attention.queryKeyValue.adapter.up.weight");
      assertEquals(adapters, all.subList(base.size(), all.size()));
      assertEquals(adapters, model.parameters().trained().map(Parameter::name).toList());
      assertArrayEquals(new long[] {2, 12}, model.parameters().get(adapters.get(0)).shape());
      assertArrayEquals(new long[] {36, 2}, model.parameters().get(adapters.get(1)).shape());
      assertEquals(2 * (2 * 12 + 36 * 2), model.parameters().trainedCount());
      assertEquals(count + model.parameters().trainedCount(), model.parameters().count());
    }
  }

  @Test
  void everyMatrixOfTheBlocksCanBeAdapted() {
    try (Gpt model = new Gpt(TINY, 1)) {
      assertOffersEveryMatrixOfTheBlocks(
          8, model, targets -> model.adapt(new LowRank(1, 1), targets));
    }
  }

  /** How many matrices there are, and that they are asked for in the order of their making. */
  static void assertOffersEveryMatrixOfTheBlocks(
      int expected, LanguageModel model, Consumer<Predicate<String>> adapt) {
    List<String> matrices =
        model.parameters().stream()
            .filter(p -> p.name().startsWith("blocks.") && p.isMatrix())
            .map(p -> p.name().replace(".weight", ""))
            .toList();
    assertEquals(expected, matrices.size());
    List<String> offered = new ArrayList<>();
    adapt.accept(
        name -> {
          offered.add(name);
          return true;
        });
    assertEquals(matrices, offered);
    assertEquals(2 * expected, model.parameters().trained().count(), "two matrices of each");
  }

  @Test
  void aFreshAdaptersFirstMatrixHasTheVarianceOfTheAuthors() {
    try (Gpt model = new Gpt(new GptConfig(65, 64, 192, 1, 3), 1)) {
      model.adapt(new LowRank(64, 64), name -> true);
      String attention = "blocks.0.attention.output.adapter.";
      // 12,288 draws: a deviation is known to 0.6%.
      assertEquals(1 / Math.sqrt(3 * 192), deviation(model, attention + "down.weight"), 0.001);
      assertEquals(0, deviation(model, attention + "up.weight"));
    }
  }

  @Test
  void refusesAnAdapterThatFitsNothingAndStaysAsItWas() {
    try (Gpt model = new Gpt(TINY, 1)) {
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> model.adapt(new LowRank(2, 4), name -> name.equals("head")))
              .getMessage();
      assertTrue(message.contains("blocks.0.attention.queryKeyValue"), message);
      message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> model.adapt(new LowRank(13, 4), name -> true))
              .getMessage();
      assertTrue(message.contains("blocks.0.attention.queryKeyValue (36, 12), got 13"), message);
      assertEquals(Optional.empty(), model.adapter());
      assertEquals(TINY.parameterCount(), model.parameters().trainedCount());

      model.adapt(new LowRank(12, 4), name -> true);
      message =
          assertThrows(
                  IllegalStateException.class, () -> model.adapt(new LowRank(2, 4), name -> true))
              .getMessage();
      assertTrue(message.contains("LowRank[rank=12, alpha=4.0]"), message);
    }
  }

  @Test
  void refusesARankOrAnAlphaThatIsNone() {
    assertThrows(IllegalArgumentException.class, () -> new LowRank(0, 1));
    for (double alpha : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(IllegalArgumentException.class, () -> new LowRank(1, alpha));
    }
    assertEquals(0.5, new LowRank(8, 4).scale());
  }
}
