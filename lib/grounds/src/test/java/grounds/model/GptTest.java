package grounds.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import grounds.tensor.TensorScope;
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
      assertTrue(!java.util.Arrays.equals(evaluated, trained));
    }
  }

  @Test
  void refusesHeadsThatDoNotDivideTheWidth() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> new GptConfig(65, 64, 192, 4, 5))
            .getMessage();
    assertTrue(message.contains("192") && message.contains("5"), message);
  }
}
