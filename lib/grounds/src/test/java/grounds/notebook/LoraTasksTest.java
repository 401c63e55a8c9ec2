package grounds.notebook;

import static grounds.notebook.Answers.assertRefused;
import static grounds.notebook.Answers.solution;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.types.Shape;
import grounds.model.layer.Linear;
import grounds.model.layer.LowRank;
import grounds.tensor.Parameters;
import grounds.tensor.TensorScope;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class LoraTasksTest {

  @Test
  void countsWhatTheLessonCounts() {
    int[][] block = {{384, 128}, {128, 128}, {512, 128}, {128, 512}};
    assertEquals(16_384, 4 * (int) solution("lora-1", block, 2), "four blocks, as attached there");
    assertRefused("lora-1", a -> ((int[][]) a[0]).length * (int) a[1]);
    assertRefused(
        "lora-1", a -> Arrays.stream((int[][]) a[0]).mapToInt(s -> (int) a[1] * s[0] * s[1]).sum());
  }

  /** A layer without weight is its adapter: of unit vectors it makes the change's columns. */
  @Test
  void theChangeIsTheLibrarysAdapter() {
    double[][] down = {{1, 2, 0.5}, {-1, 0, 3}};
    double[][] up = {{1, 0}, {2, -1}, {0, 4}, {0.5, 1}};
    double[][] change = (double[][]) solution("lora-2", down, up);
    try (Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      Linear layer = new Linear(parameters, 3, 4, false, 0);
      layer.adapt(new LowRank(2, 16));
      parameters.get("adapter.down.weight").load(new float[] {1, 2, 0.5f, -1, 0, 3});
      parameters.get("adapter.up.weight").load(new float[] {1, 0, 2, -1, 0, 4, 0.5f, 1});
      float[] units = {1, 0, 0, 0, 1, 0, 0, 0, 1};
      float[] columns =
          layer.forward(scope.manager().create(units, new Shape(1, 3, 3)), false).toFloatArray();
      for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 3; j++) {
          assertEquals(columns[4 * j + i], change[i][j], 1e-5);
        }
      }
    }
    assertRefused("lora-2", a -> times((double[][]) a[1], (double[][]) a[0], 1));
    assertRefused("lora-2", a -> times((double[][]) a[1], (double[][]) a[0], 16));
  }

  private static double[][] times(double[][] one, double[][] other, double scale) {
    double[][] product = new double[one.length][other[0].length];
    for (int i = 0; i < product.length; i++) {
      for (int j = 0; j < product[i].length; j++) {
        for (int k = 0; k < other.length; k++) {
          product[i][j] += scale * one[i][k] * other[k][j];
        }
      }
    }
    return product;
  }

  /** The loss is half the square of what comes out, whose derivative by an output is the output. */
  @Test
  void theGradientIsTheQuotient() {
    double[] between = {0.5, -2};
    double[][] up = {{1, 0.5}, {-1, 2}, {0.3, 0}};
    double[] slopes = output(up, between);
    double[][] gradient = (double[][]) solution("lora-3", slopes, between);
    for (int i = 0; i < 3; i++) {
      for (int k = 0; k < 2; k++) {
        up[i][k] += 1e-6;
        double more = halfSquare(output(up, between));
        up[i][k] -= 2e-6;
        double less = halfSquare(output(up, between));
        up[i][k] += 1e-6;
        assertEquals((more - less) / 2e-6, gradient[i][k], 1e-5);
      }
    }
    // A zero A leaves B where it is.
    assertArrayEquals(
        new double[][] {{0, 0}, {0, 0}},
        (double[][]) solution("lora-3", new double[] {1, 2}, new double[2]));
    assertRefused(
        "lora-3",
        a -> {
          double[] given = (double[]) a[0];
          return times(
              Arrays.stream(given).mapToObj(s -> new double[] {s}).toArray(double[][]::new),
              new double[][] {(double[]) a[1]},
              1);
        });
  }

  private static double[] output(double[][] up, double[] between) {
    double[][] column =
        Arrays.stream(between).mapToObj(b -> new double[] {b}).toArray(double[][]::new);
    return Arrays.stream(times(up, column, 16.0 / between.length)).mapToDouble(y -> y[0]).toArray();
  }

  private static double halfSquare(double[] y) {
    return Arrays.stream(y).map(v -> v * v / 2).sum();
  }
}
