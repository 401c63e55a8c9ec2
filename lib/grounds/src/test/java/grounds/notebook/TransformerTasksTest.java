package grounds.notebook;

import static grounds.notebook.Answers.assertRefused;
import static grounds.notebook.Answers.assertWanted;
import static grounds.notebook.Answers.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.training.GradientCollector;
import grounds.model.GptConfig;
import grounds.model.layer.LayerNorm;
import grounds.tensor.Devices;
import grounds.tensor.Parameters;
import grounds.tensor.TensorScope;
import grounds.training.AdamW;
import grounds.training.LearningRateSchedule;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class TransformerTasksTest {

  @Test
  void layerNormIsTheLibrarys() {
    double[] x = {5, 2, 3, 9, -1, 6};
    try (Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      NDArray input = scope.manager().create(new float[] {5, 2, 3, 9, -1, 6});
      NDArray output = new LayerNorm(parameters, 6, true).forward(input, false);
      assertWanted(output.toFloatArray(), "transformer-1", x);
    }
    assertWanted(new double[3], "transformer-1", new double[] {4, 4, 4});
    assertRefused("transformer-1", a -> normed((double[]) a[0], 1, 1e-5), "divided by n - 1");
    double unprotected = refused("transformer-1", a -> normed((double[]) a[0], 0, 0));
    assertTrue(unprotected > 0.5, "without epsilon, refused " + unprotected);
  }

  private static double[] normed(double[] x, int fewer, double epsilon) {
    double mean = Arrays.stream(x).average().orElseThrow();
    double squares = Arrays.stream(x).map(v -> (v - mean) * (v - mean)).sum();
    double deviation = Math.sqrt(squares / (x.length - fewer) + epsilon);
    return Arrays.stream(x).map(v -> (v - mean) / deviation).toArray();
  }

  @Test
  void parametersAreThoseOfTheConfiguration() {
    assertWanted(124_439_808L, "transformer-2", 12, 768);
    GptConfig small = new GptConfig(50_257, 1_024, 96, 3, 3).withBias(true).withTiedHead(true);
    assertEquals(small.parameterCount(), Answers.solution("transformer-2", 3, 96));
    assertRefused(
        "transformer-2",
        a -> {
          long layers = (int) a[0];
          long channels = (int) a[1];
          return (50_257 + 1_024 + 12 * layers * channels + 13 * layers) * channels;
        },
        "without the final norm");
  }

  @Test
  void adamWIsTheLibrarys() {
    // The first step is as large as the rate, whatever the gradient; the decay comes on top.
    assertWanted(1 - 0.1 - 0.1 * 0.1, "transformer-3", new double[] {0.3}, 0.1);
    double[] gradients = {0.5, -0.25, 1, 0.125};
    try (Parameters parameters = new Parameters(1)) {
      NDArray weight = parameters.zeros("weight", 1, 1);
      parameters.get("weight").load(new float[] {1});
      try (AdamW optimizer = new AdamW(parameters, AdamW.Config.SMALL)) {
        for (double gradient : gradients) {
          optimizer.zeroGradients();
          try (GradientCollector collector = Devices.engine().newGradientCollector()) {
            collector.backward(weight.mul((float) gradient).sum());
          }
          optimizer.step(0.125, 1);
        }
      }
      assertWanted(parameters.get("weight").values()[0], "transformer-3", gradients, 0.125);
    }
    assertRefused("transformer-3", a -> adam((double[]) a[0], (double) a[1], false, 0), "no decay");
    assertRefused(
        "transformer-3", a -> adam((double[]) a[0], (double) a[1], true, 0.1), "means too small");
  }

  private static double adam(double[] gradients, double rate, boolean raw, double decay) {
    double weight = 1;
    double mean = 0;
    double square = 0;
    for (int t = 1; t <= gradients.length; t++) {
      mean = 0.9 * mean + 0.1 * gradients[t - 1];
      square = 0.99 * square + 0.01 * gradients[t - 1] * gradients[t - 1];
      double whole = raw ? 1 : 1 - Math.pow(0.9, t);
      double wholeSquare = raw ? 1 : 1 - Math.pow(0.99, t);
      weight *= 1 - rate * decay;
      weight -= rate * mean / whole / Math.sqrt(square / wholeSquare);
    }
    return weight;
  }

  @Test
  void theRateIsTheLibrarysSchedule() {
    LearningRateSchedule schedule = LearningRateSchedule.warmupCosine(1, 120, 1_000);
    for (int step : new int[] {0, 60, 119, 120, 560, 999}) {
      assertWanted(schedule.at(step), "transformer-4", step, 120);
    }
    assertRefused(
        "transformer-4",
        a -> {
          double done = ((int) a[0] - (int) a[1]) / (1_000 - (int) a[1]);
          return (int) a[0] < (int) a[1]
              ? ((int) a[0] + 1) / ((int) a[1] + 1)
              : 0.1 + 0.9 * (1 + Math.cos(Math.PI * done)) / 2;
        },
        "divisions of whole numbers");
  }

  @Test
  void clippingTakesOneNormForAll() {
    assertWanted(
        new double[][] {{3 / 13.0, 4 / 13.0}, {12 / 13.0}},
        "transformer-5",
        (Object) new double[][] {{3, 4}, {12}});
    double[][] small = {{0.3, -0.4}, {0.5}};
    assertWanted(small, "transformer-5", (Object) small);
    assertRefused(
        "transformer-5",
        a -> Arrays.stream((double[][]) a[0]).map(TransformerTasksTest::alone).toArray(),
        "each array by itself");
    double always =
        refused(
            "transformer-5",
            a -> {
              double[][] all = (double[][]) a[0];
              double norm =
                  Math.sqrt(
                      Arrays.stream(all).flatMapToDouble(Arrays::stream).map(g -> g * g).sum());
              return Arrays.stream(all)
                  .map(g -> Arrays.stream(g).map(v -> v / norm).toArray())
                  .toArray();
            });
    assertTrue(always > 0.5, "short ones made longer, refused " + always);
  }

  private static double[] alone(double[] gradient) {
    double norm = Math.sqrt(Arrays.stream(gradient).map(g -> g * g).sum());
    return Arrays.stream(gradient).map(g -> g / Math.max(1, norm)).toArray();
  }
}
