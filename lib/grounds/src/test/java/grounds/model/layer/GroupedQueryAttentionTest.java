package grounds.model.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import grounds.Reference;
import grounds.tensor.Parameters;
import grounds.tensor.Seeds;
import grounds.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GroupedQueryAttentionTest {

  private static final int TIME = 6;
  private static final int CHANNELS = 16;
  private static final int HEADS = 4;
  private static final int HEAD_DIM = 4;

  /** Two ways to compute the same in float32, values near 1. */
  private static final float ROUNDING = 2e-6f;

  private static float[] random(int size, long seed) {
    SplittableRandom random = Seeds.random(seed);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static NDArray input(TensorScope scope) {
    return scope.manager().create(random(2 * TIME * CHANNELS, 7), new Shape(2, TIME, CHANNELS));
  }

  private static GroupedQueryAttention create(
      Parameters parameters, int keyValueHeads, double base) {
    return new GroupedQueryAttention(
        parameters, TIME, CHANNELS, HEADS, keyValueHeads, base, 0.3, 0.3);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void equalsTheLoops(int keyValueHeads) {
    try (Reference reference = Reference.open("llama-layers");
        Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      double base = reference.json().get("rotaryBase").getAsDouble();
      GroupedQueryAttention attention = create(parameters, keyValueHeads, base);
      String name = "attention." + keyValueHeads + ".";
      assertEquals(
          List.of("query.weight", "key.weight", "value.weight", "output.weight"),
          List.copyOf(parameters.byName().keySet()));
      parameters.stream()
          .forEach(p -> reference.tensor(scope.manager(), name + p.name()).copyTo(p.array()));
      NDArray input = reference.tensor(scope.manager(), "attention.input");
      reference.assertClose(name + "weights", attention.weights(input));
      reference.assertClose(name + "output", attention.forward(input, true));
    }
  }

  /**
   * With a key and a value for each head nothing but the turning is left: the fastest pair (numbers
   * 0 and 2 of a head of 4) is emptied, and the base is so large that the other one stands still.
   */
  @Test
  void withAsManyKeyValueHeadsAsHeadsItIsMultiHeadAttention() {
    try (Parameters ours = new Parameters(1);
        Parameters plain = new Parameters(2);
        TensorScope scope = TensorScope.open(ours.manager())) {
      GroupedQueryAttention grouped = create(ours, HEADS, 1e30);
      CausalSelfAttention multiHead =
          new CausalSelfAttention(plain, TIME, CHANNELS, HEADS, false, 0.3, 0.3);
      float[] queryKeyValue = plain.get("queryKeyValue.weight").values();
      for (int row = 0; row < 2 * CHANNELS; row++) {
        if (row % HEAD_DIM % 2 == 0) {
          Arrays.fill(queryKeyValue, row * CHANNELS, (row + 1) * CHANNELS, 0f);
        }
      }
      plain.get("queryKeyValue.weight").load(queryKeyValue);
      int part = CHANNELS * CHANNELS;
      List<String> names = List.of("query.weight", "key.weight", "value.weight");
      for (int i = 0; i < 3; i++) {
        ours.get(names.get(i)).load(Arrays.copyOfRange(queryKeyValue, i * part, (i + 1) * part));
      }
      ours.get("output.weight").load(plain.get("output.weight").values());
      NDArray input = input(scope);
      assertArrayEquals(
          multiHead.weights(input).toFloatArray(), grouped.weights(input).toFloatArray(), ROUNDING);
      assertArrayEquals(
          multiHead.forward(input, false).toFloatArray(),
          grouped.forward(input, false).toFloatArray(),
          ROUNDING);
    }
  }

  /** Heads 0 and 1 share key/value head 0, heads 2 and 3 share head 1. */
  @Test
  void aSharedKeyAndValueIsTheSameOneInSeveralHeads() {
    try (Parameters shared = new Parameters(1);
        Parameters copied = new Parameters(2);
        TensorScope scope = TensorScope.open(shared.manager())) {
      GroupedQueryAttention two = create(shared, 2, RotaryPositions.BASE);
      GroupedQueryAttention four = create(copied, HEADS, RotaryPositions.BASE);
      for (String name : List.of("query.weight", "output.weight")) {
        copied.get(name).load(shared.get(name).values());
      }
      int head = HEAD_DIM * CHANNELS;
      for (String name : List.of("key.weight", "value.weight")) {
        float[] values = shared.get(name).values();
        assertEquals(2 * head, values.length, name);
        float[] repeated = new float[HEADS * head];
        for (int h = 0; h < HEADS; h++) {
          System.arraycopy(values, h / 2 * head, repeated, h * head, head);
        }
        copied.get(name).load(repeated);
      }
      NDArray input = input(scope);
      assertArrayEquals(
          four.forward(input, false).toFloatArray(),
          two.forward(input, false).toFloatArray(),
          ROUNDING);
    }
  }

  @Test
  void aBlockShowsTheWeightsOfAnyAttention() {
    try (Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      Layer same = (input, training) -> input;
      Layer twice = (input, training) -> input.add(input);
      GroupedQueryAttention attention = create(parameters, 2, RotaryPositions.BASE);
      NDArray input = input(scope);
      assertArrayEquals(
          attention.weights(twice.forward(input, false)).toFloatArray(),
          new TransformerBlock(twice, attention, same, same, new Dropout(0))
              .attentionWeights(input)
              .toFloatArray());
      TransformerBlock blind = new TransformerBlock(same, same, same, same, new Dropout(0));
      String message =
          assertThrows(IllegalStateException.class, () -> blind.attentionWeights(input))
              .getMessage();
      assertTrue(message.contains("Attention"), message);
    }
  }

  @Test
  void refusesHeadsThatCannotBe() {
    try (Parameters parameters = new Parameters(1)) {
      assertMessage("16, got 5", () -> attention(parameters, 16, 5, 1));
      assertMessage("12 channels / 4 heads = 3", () -> attention(parameters, 12, 4, 2));
      assertMessage("heads, 4, got 3", () -> attention(parameters, 16, 4, 3));
      assertMessage("heads, 4, got 8", () -> attention(parameters, 16, 4, 8));
      assertMessage("heads, 4, got 0", () -> attention(parameters, 16, 4, 0));
      assertEquals(0, parameters.count(), "a refused layer leaves nothing behind");
    }
  }

  private static void attention(Parameters parameters, int channels, int heads, int answers) {
    new GroupedQueryAttention(parameters, 4, channels, heads, answers, 10_000, 0.1, 0.1);
  }

  @Test
  void anRmsNormRefusesAnEpsilonThatIsNone() {
    try (Parameters parameters = new Parameters(1)) {
      assertMessage("got 0.0", () -> new RmsNorm(parameters, 4, 0));
      assertMessage("got NaN", () -> new RmsNorm(parameters, 4, Double.NaN));
    }
  }

  private static void assertMessage(String part, Runnable action) {
    String message = assertThrows(IllegalArgumentException.class, action::run).getMessage();
    assertTrue(message.contains(part), message);
  }
}
