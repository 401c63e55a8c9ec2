package grounds.model.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import grounds.Reference;
import grounds.tensor.Devices;
import grounds.tensor.Parameters;
import grounds.tensor.Seeds;
import grounds.tensor.TensorScope;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sinusoidal and rotary positions equal transformers', and mean what they promise. */
class PositionsTest {

  private static final int TIME = 24;
  private static final int CHANNELS = 10;
  private static final int HEAD_DIM = 8;

  /** Of float32 values near 1, with sines of angles below 24. */
  private static final float ROUNDING = 2e-6f;

  private static float[] random(int size, long seed) {
    SplittableRandom random = Seeds.random(seed);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static double dot(float[] a, int rowOfA, float[] b, int rowOfB, int width) {
    double sum = 0;
    for (int c = 0; c < width; c++) {
      sum += (double) a[rowOfA * width + c] * b[rowOfB * width + c];
    }
    return sum;
  }

  // ------------------------------------------------------------------------------- sinusoidal

  @Test
  void sinusoidalTableEqualsTransformers() {
    try (Reference reference = Reference.open("positions");
        Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      SinusoidalPositions positions = new SinusoidalPositions(parameters, TIME, CHANNELS);
      reference.assertClose("sinusoidal", positions.table());
      NDArray zeros = scope.manager().zeros(new Shape(1, TIME, CHANNELS));
      reference.assertClose("sinusoidal", positions.forward(zeros, true).get(0));
      assertEquals(0, parameters.count(), "nothing is trained");
    }
  }

  @Test
  void sinusoidalPositionsAreAddedToEveryTextOfTheBatch() {
    try (Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      SinusoidalPositions positions = new SinusoidalPositions(parameters, TIME, 4);
      float[] input = random(2 * 3 * 4, 5);
      float[] output =
          positions
              .forward(scope.manager().create(input, new Shape(2, 3, 4)), false)
              .toFloatArray();
      for (int i = 0; i < output.length; i++) {
        int place = i / 4 % 3;
        int channel = i % 4;
        // By hand for four channels: 10,000^(-2/4) = 1/100.
        double angle = place * (channel < 2 ? 1 : 0.01);
        double wave = channel % 2 == 0 ? Math.sin(angle) : Math.cos(angle);
        assertEquals(input[i] + wave, output[i], ROUNDING);
      }
    }
  }

  @Test
  void theDotProductOfTwoSinusoidalPositionsDependsOnTheirDistance() {
    try (Parameters parameters = new Parameters(1)) {
      float[] table = new SinusoidalPositions(parameters, TIME, CHANNELS).table().toFloatArray();
      for (int a = 0; a < TIME; a++) {
        for (int b = a; b < TIME; b++) {
          assertEquals(
              dot(table, 0, table, b - a, CHANNELS), dot(table, a, table, b, CHANNELS), 1e-5);
        }
      }
      assertEquals(CHANNELS / 2.0, dot(table, 7, table, 7, CHANNELS), 1e-5);
    }
  }

  // ----------------------------------------------------------------------------------- rotary

  @ParameterizedTest
  @ValueSource(doubles = {10_000, 500})
  void turnsQueriesAndKeysAsTransformersLlamaDoes(double base) {
    try (Reference reference = Reference.open("positions");
        Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      RotaryPositions rotary = new RotaryPositions(parameters, TIME, HEAD_DIM, base);
      String suffix = "." + (int) base;
      NDArray query = reference.tensor(scope.manager(), "query");
      NDArray key = reference.tensor(scope.manager(), "key");
      NDArray upstream = reference.tensor(scope.manager(), "gradient.rotatedQuery");
      reference.assertClose("rotatedKey" + suffix, rotary.forward(key, false));
      query.setRequiresGradient(true);
      try (GradientCollector collector = Devices.engine().newGradientCollector()) {
        NDArray rotated = rotary.forward(query, true);
        reference.assertClose("rotatedQuery" + suffix, rotated);
        collector.backward(rotated.mul(upstream).sum());
      }
      reference.assertClose("gradient.query" + suffix, query.getGradient());
      assertEquals(0, parameters.count(), "nothing is trained");
    }
  }

  @Test
  void theBaseIsThePapersUnlessOneIsGiven() {
    try (Reference reference = Reference.open("positions");
        Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      NDArray query = reference.tensor(scope.manager(), "query");
      reference.assertClose(
          "rotatedQuery.10000",
          new RotaryPositions(parameters, TIME, HEAD_DIM).forward(query, false));
    }
  }

  @Test
  void theScoreOfAQueryAndAKeyDependsOnTheirDistanceAlone() {
    float[] query = random(HEAD_DIM, 1);
    float[] key = random(HEAD_DIM, 2);
    try (Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      RotaryPositions rotary = new RotaryPositions(parameters, TIME, HEAD_DIM);
      float[] queries = everywhere(rotary, scope, query);
      float[] keys = everywhere(rotary, scope, key);
      double largest = 0;
      for (int m = 0; m < TIME; m++) {
        for (int n = 0; n < TIME; n++) {
          double want =
              m >= n
                  ? dot(queries, m - n, keys, 0, HEAD_DIM)
                  : dot(queries, 0, keys, n - m, HEAD_DIM);
          double score = dot(queries, m, keys, n, HEAD_DIM);
          assertEquals(want, score, 1e-5, m + " and " + n);
          largest = Math.max(largest, Math.abs(score - dot(query, 0, key, 0, HEAD_DIM)));
        }
      }
      assertTrue(largest > 1, "distance changes nothing: " + largest);
    }
  }

  /** One vector at every place, turned there: [time, headDim]. */
  private static float[] everywhere(RotaryPositions rotary, TensorScope scope, float[] vector) {
    NDArray one = scope.manager().create(vector, new Shape(1, 1, 1, HEAD_DIM));
    return rotary.forward(one.repeat(2, TIME), false).toFloatArray();
  }

  @Test
  void theFirstPlaceIsNotTurnedAndNoLengthChanges() {
    float[] values = random(TIME * HEAD_DIM, 3);
    try (Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      NDArray input = scope.manager().create(values, new Shape(1, 1, TIME, HEAD_DIM));
      float[] turned =
          new RotaryPositions(parameters, TIME, HEAD_DIM).forward(input, false).toFloatArray();
      for (int c = 0; c < HEAD_DIM; c++) {
        assertEquals(values[c], turned[c]);
      }
      for (int t = 0; t < TIME; t++) {
        double length = dot(values, t, values, t, HEAD_DIM);
        assertEquals(length, dot(turned, t, turned, t, HEAD_DIM), 1e-5 * length);
      }
    }
  }

  @Test
  void aShortTextIsTurnedAsTheStartOfALongOne() {
    try (Reference reference = Reference.open("positions");
        Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      RotaryPositions rotary = new RotaryPositions(parameters, TIME, HEAD_DIM);
      NDIndex start = new NDIndex(":, :, 0:5");
      NDArray query = reference.tensor(scope.manager(), "query");
      NDArray whole = rotary.forward(query, false).get(start);
      NDArray part = rotary.forward(query.get(start), false);
      assertEquals(new Shape(2, 3, 5, HEAD_DIM), part.getShape());
      assertArrayEquals(whole.toFloatArray(), part.toFloatArray());
    }
  }

  // ----------------------------------------------------------------------------------- errors

  @Test
  void refusesWhatHasNoPlace() {
    try (Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      Layer sinusoidal = new SinusoidalPositions(parameters, 4, 6);
      Layer rotary = new RotaryPositions(parameters, 4, 6);
      for (Layer layer : new Layer[] {sinusoidal, rotary}) {
        NDArray tooLong = scope.manager().zeros(new Shape(1, 5, 6));
        NDArray tooWide = scope.manager().zeros(new Shape(1, 4, 8));
        NDArray ofWidthOne = scope.manager().zeros(new Shape(1, 4, 1)); // it would broadcast
        NDArray row = scope.manager().zeros(new Shape(6));
        assertMessage("(1, 5, 6)", () -> layer.forward(tooLong, false));
        assertMessage("(1, 4, 8)", () -> layer.forward(tooWide, false));
        assertMessage("(1, 4, 1)", () -> layer.forward(ofWidthOne, false));
        assertMessage("(6)", () -> layer.forward(row, false));
      }
      assertMessage("got 7", () -> new SinusoidalPositions(parameters, 4, 7));
      assertMessage("got 0", () -> new RotaryPositions(parameters, 4, 0));
      assertMessage("got 0", () -> new RotaryPositions(parameters, 0, 6));
      assertMessage("got -1.0", () -> new RotaryPositions(parameters, 4, 6, -1));
      assertMessage("got NaN", () -> new RotaryPositions(parameters, 4, 6, Double.NaN));
    }
  }

  private static void assertMessage(String part, Runnable action) {
    String message = assertThrows(IllegalArgumentException.class, action::run).getMessage();
    assertTrue(message.contains(part), message);
  }

  // ------------------------------------------------------------------------------------ MXNet

  @Test
  @EnabledOnOs(
      value = OS.LINUX,
      architectures = "amd64",
      disabledReason = "MXNet 1.9.1 has native code for Linux on x86-64 only in this build")
  void givesOnMxnetWhatItGivesOnPytorch() {
    assertArrayEquals(
        onEngine("PyTorch", p -> new RotaryPositions(p, TIME, HEAD_DIM)),
        onEngine("MXNet", p -> new RotaryPositions(p, TIME, HEAD_DIM)),
        ROUNDING);
    assertArrayEquals(
        onEngine("PyTorch", p -> new SinusoidalPositions(p, TIME, HEAD_DIM)),
        onEngine("MXNet", p -> new SinusoidalPositions(p, TIME, HEAD_DIM)),
        ROUNDING);
  }

  /** The output, then the gradient of the input, for a text shorter than the context. */
  private static float[] onEngine(String name, Function<Parameters, Layer> positions) {
    Engine engine = Engine.getEngine(name);
    try (Parameters parameters = new Parameters(engine.newBaseManager(Device.cpu()), 1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      Layer layer = positions.apply(parameters);
      Shape shape = new Shape(2, 3, 5, HEAD_DIM);
      int size = (int) shape.size();
      NDArray input = scope.manager().create(random(size, 1), shape);
      NDArray upstream = scope.manager().create(random(size, 2), shape);
      float[] both = new float[2 * size];
      input.setRequiresGradient(true);
      try (GradientCollector collector = engine.newGradientCollector()) {
        NDArray output = layer.forward(input, true);
        System.arraycopy(output.toFloatArray(), 0, both, 0, size);
        collector.backward(output.mul(upstream).sum());
      }
      System.arraycopy(input.getGradient().toFloatArray(), 0, both, size, size);
      return both;
    }
  }
}
