package grounds.notebook;

import static grounds.notebook.Answers.assertRefused;
import static grounds.notebook.Answers.assertWanted;
import static grounds.notebook.Answers.solution;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import grounds.model.layer.RotaryPositions;
import grounds.model.layer.SinusoidalPositions;
import grounds.tensor.Parameters;
import grounds.tensor.TensorScope;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PositionTasksTest {

  @Test
  void aRowThatIsReadTwiceGetsBothGradients() {
    assertWanted(
        new double[][] {{0, 0}, {6, 8}, {0, 0}, {3, 4}, {0, 0}},
        "position-1",
        new int[] {1, 3, 1},
        new double[][] {{1, 2}, {3, 4}, {5, 6}});
    assertRefused(
        "position-1",
        a -> {
          double[][] gradients = (double[][]) a[1];
          double[][] last = new double[5][gradients[0].length];
          IntStream.range(0, gradients.length).forEach(t -> last[((int[]) a[0])[t]] = gradients[t]);
          return last;
        },
        "the last gradient in place of the sum");
  }

  @Test
  void nearIsWhatPointsTheSameWay() {
    double[][] table = {{1, 1}, {9, 0}, {0.2, 0.1}, {-1, -1}};
    assertWanted(2, "position-2", table, 0);
    assertWanted(2, "position-2", table, 1);
    assertRefused("position-2", a -> a[1], "nobody is its own neighbour");
    assertRefused(
        "position-2", a -> largestProduct((double[][]) a[0], (int) a[1]), "without the lengths");
  }

  private static int largestProduct(double[][] table, int word) {
    return IntStream.range(0, table.length)
        .filter(row -> row != word)
        .boxed()
        .max(
            Comparator.comparingDouble(
                row ->
                    IntStream.range(0, 3).mapToDouble(c -> table[row][c] * table[word][c]).sum()))
        .orElseThrow();
  }

  @Test
  void wavesAreTheLibrarysTable() {
    try (Parameters parameters = new Parameters(1)) {
      NDArray table = new SinusoidalPositions(parameters, 100, 6).table();
      for (int place : new int[] {0, 1, 7, 99}) {
        assertWanted(table.get(place).toFloatArray(), "position-3", place, 6);
      }
    }
    assertRefused(
        "position-3",
        a -> {
          double[] row = new double[(int) a[1]];
          for (int c = 0; c < row.length; c++) {
            double angle = (int) a[0] * Math.pow(10_000, -2 * (c / 2) / row.length);
            row[c] = c % 2 == 0 ? Math.sin(angle) : Math.cos(angle);
          }
          return row;
        },
        "a division of whole numbers");
  }

  @Test
  void turningIsTheLibrarysAndChangesNoLength() {
    double[] vector = {1, -2, 0.5, 3, 0.25, -1};
    try (Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      RotaryPositions rotary = new RotaryPositions(parameters, 16, 6);
      float[] single = {1, -2, 0.5f, 3, 0.25f, -1};
      NDArray everywhere = scope.manager().create(single, new Shape(1, 1, 1, 6)).repeat(2, 16);
      NDArray turned = rotary.forward(everywhere, false).reshape(16, 6);
      for (int place : new int[] {0, 1, 15}) {
        assertWanted(turned.get(place).toFloatArray(), "position-4", vector, place);
      }
    }
    assertRefused(
        "position-4",
        a -> {
          double[] x = ((double[]) a[0]).clone();
          double[] right = (double[]) solution("position-4", x, a[1]);
          int half = x.length / 2;
          for (int i = 0; i < half; i++) {
            double angle = (int) a[1] * Math.pow(10_000, -2.0 * i / x.length);
            x[i] = right[i];
            x[i + half] = x[i] * Math.sin(angle) + x[i + half] * Math.cos(angle);
          }
          return x;
        },
        "the second number from a first that was turned already");
  }
}
