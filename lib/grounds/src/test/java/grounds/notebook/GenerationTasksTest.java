package grounds.notebook;

import static grounds.notebook.Answers.assertRefused;
import static grounds.notebook.Answers.assertWanted;
import static grounds.notebook.Answers.refused;
import static grounds.notebook.Answers.solution;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.generation.RepetitionPenalty;
import grounds.generation.Sampler;
import grounds.generation.Temperature;
import grounds.generation.TopP;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GenerationTasksTest {

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    IntStream.range(0, floats.length).forEach(i -> floats[i] = (float) values[i]);
    return floats;
  }

  private static float[] logs(double[] probabilities) {
    return floats(Arrays.stream(probabilities).map(Math::log).toArray());
  }

  @Test
  void temperatureIsTheLibrarys() {
    double[] scores = {1, -2, 0.5, 3};
    float[] changed = floats(scores);
    new Temperature(0.5).process(changed, new int[0]);
    assertWanted(Sampler.probabilities(changed), "generation-1", scores, 0.5);
    // A ratio of 4 becomes its square.
    assertWanted(
        new double[] {16 / 17.0, 1 / 17.0}, "generation-1", new double[] {Math.log(4), 0}, 0.5);
    assertRefused(
        "generation-1",
        a -> solution("generation-1", a[0], 1 / (double) a[1]),
        "multiplied by the temperature");
    double overflowing =
        refused(
            "generation-1",
            a -> {
              double[] powers =
                  Arrays.stream((double[]) a[0]).map(z -> Math.exp(z / (double) a[1])).toArray();
              double sum = Arrays.stream(powers).sum();
              return Arrays.stream(powers).map(power -> power / sum).toArray();
            });
    assertTrue(overflowing > 0.5, "large scores refused " + overflowing);
  }

  @Test
  void drawingIsTheLibrarys() {
    Task task = Task.named("generation-2");
    for (int seed = 0; seed < 50; seed++) {
      Object[] given = task.inputs().apply(new Random(seed));
      Random fixed =
          new Random() {
            private static final long serialVersionUID = 1;

            @Override
            public double nextDouble() {
              return (double) given[1];
            }
          };
      int drawn = Sampler.temperature(1).choose(logs((double[]) given[0]), new int[0], fixed);
      assertEquals(drawn, solution("generation-2", given));
    }
    double[] filtered = {0, 0.25, 0.75};
    assertWanted(1, "generation-2", filtered, 0.0);
    assertWanted(1, "generation-2", filtered, 0.24);
    assertWanted(2, "generation-2", filtered, 0.25);
    double first = refused("generation-2", a -> drawn((double[]) a[0], (double) a[1]));
    assertTrue(first > 0.5, "tokens that were filtered out, refused " + first);
  }

  /** Draws a token of probability 0 where u is 0. */
  private static int drawn(double[] probabilities, double u) {
    int token = 0;
    for (double sum = probabilities[0]; sum < u; sum += probabilities[token]) {
      token++;
    }
    return token;
  }

  @Test
  void theNucleusIsTheLibrarys() {
    assertWanted(
        new double[] {0.375, 0, 0.625, 0},
        "generation-3",
        new double[] {0.3, 0.05, 0.5, 0.15},
        0.7);
    Task task = Task.named("generation-3");
    for (int seed = 0; seed < 50; seed++) {
      Object[] given = task.inputs().apply(new Random(seed));
      float[] scores = logs((double[]) given[0]);
      new TopP((double) given[1]).process(scores, new int[0]);
      assertWanted(Sampler.probabilities(scores), "generation-3", given);
    }
    assertRefused(
        "generation-3",
        a -> {
          double[] shares = (double[]) a[0];
          double[] kept = new double[shares.length];
          double sum = 0;
          for (int i = 0; i < kept.length && sum < (double) a[1]; i++) {
            kept[i] = shares[i];
            sum += kept[i];
          }
          return scaled(kept);
        },
        "in the order of the ids");
    assertRefused(
        "generation-3",
        a -> {
          double[] shares = (double[]) a[0];
          double[] right = (double[]) solution("generation-3", a);
          return IntStream.range(0, right.length)
              .mapToDouble(i -> right[i] > 0 ? shares[i] : 0)
              .toArray();
        },
        "not divided by what is left");
  }

  private static double[] scaled(double[] shares) {
    double sum = Arrays.stream(shares).sum();
    return Arrays.stream(shares).map(share -> share / sum).toArray();
  }

  @Test
  void thePenaltyIsTheLibrarys() {
    double[] scores = {2.6, -1, 0.5, -2};
    int[] soFar = {1, 0, 1};
    float[] changed = floats(scores);
    new RepetitionPenalty(1.3).process(changed, soFar);
    assertWanted(changed, "generation-4", scores, soFar);
    assertWanted(new double[] {2, -1.3, 0.5, -2}, "generation-4", scores, soFar);
    assertRefused(
        "generation-4",
        a -> {
          double[] twice = ((double[]) a[0]).clone();
          for (int id : (int[]) a[1]) {
            twice[id] = twice[id] > 0 ? twice[id] / 1.3 : twice[id] * 1.3;
          }
          return twice;
        },
        "once for each time it occurs");
    assertRefused(
        "generation-4",
        a -> {
          double[] divided = ((double[]) a[0]).clone();
          Arrays.stream((int[]) a[1]).distinct().forEach(id -> divided[id] /= 1.3);
          return divided;
        },
        "scores below 0 divided, too");
  }

  @Test
  void allExtensionsOfAllTextsCompete() {
    double[][] logs = {{Math.log(0.6), Math.log(0.4)}, {Math.log(0.9), Math.log(0.1)}};
    assertWanted(
        new int[][] {{0, 0}, {0, 1}}, "generation-5", new double[] {Math.log(0.9), -3}, logs);
    assertWanted(
        new int[][] {{1, 0}, {0, 0}},
        "generation-5",
        new double[] {Math.log(0.5), Math.log(0.5)},
        logs);
    assertRefused(
        "generation-5",
        a -> {
          double[] sums = (double[]) a[0];
          double[][] given = (double[][]) a[1];
          List<int[]> each =
              IntStream.range(0, sums.length).mapToObj(b -> new int[] {b, top(given[b])}).toList();
          return each.stream()
              .sorted(Comparator.comparingDouble(pair -> -sums[pair[0]] - given[pair[0]][pair[1]]))
              .toArray();
        },
        "the best of each text");
  }

  private static int top(double[] values) {
    return IntStream.range(0, values.length)
        .boxed()
        .max(Comparator.comparingDouble(i -> values[i]))
        .orElseThrow();
  }
}
