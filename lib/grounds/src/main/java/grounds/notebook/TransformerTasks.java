package grounds.notebook;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Lesson 5: norm, parameters, and what happens to a gradient before the weights move. */
final class TransformerTasks {

  private static final String LESSON = "05 The transformer";
  private static final long GPT2_VOCABULARY = 50_257;
  private static final long GPT2_CONTEXT = 1_024;
  private static final int STEPS = 1_000;

  private TransformerTasks() {}

  static List<Task> all() {
    return List.of(
        new Task(
            LESSON,
            "transformer-1",
            List.of("double[] x"),
            "subtract the mean, divide by the root of variance + 0.00001; the variance is the mean"
                + " of the squared distances, and ε is what remains where all numbers are equal.",
            TransformerTasks::vector,
            a -> layerNorm((double[]) a[0])),
        new Task(
            LESSON,
            "transformer-2",
            List.of("Integer layers", "Integer channels"),
            "C a token, C a place, 12 C C + 13 C a block, and 2 C for the final norm; the head is"
                + " the token table.",
            random -> new Object[] {1 + random.nextInt(6), 16 * (2 + random.nextInt(7))},
            a -> parameters((Integer) a[0], (Integer) a[1])),
        new Task(
            LESSON,
            "transformer-3",
            List.of("double[] gradients", "Double rate"),
            "both means start at 0, and at step t, from 1, they are divided by 1 - 0.9^t and"
                + " 1 - 0.99^t; the decay of rate times 0.1 times the weight stands outside the"
                + " ratio.",
            random ->
                new Object[] {
                  random.doubles(2 + random.nextInt(4), -1, 1).toArray(),
                  0.05 + 0.15 * random.nextDouble()
                },
            a -> adamW((double[]) a[0], (Double) a[1])),
        new Task(
            LESSON,
            "transformer-4",
            List.of("Integer step", "Integer warmup"),
            "before: (step + 1) / (warmup + 1); from then on 0.1 + 0.9 (1 + cos(π done)) / 2, where"
                + " done is the share of the way from warmup to 1,000. Divide doubles, not ints.",
            random -> {
              int warmup = 50 + random.nextInt(150);
              boolean rising = random.nextBoolean();
              int step = rising ? random.nextInt(warmup) : warmup + random.nextInt(STEPS - warmup);
              return new Object[] {step, warmup};
            },
            a -> shareOfPeak((Integer) a[0], (Integer) a[1])),
        new Task(
            LESSON,
            "transformer-5",
            List.of("double[][] gradients"),
            "one norm for all arrays together, the root of the sum of all squares; divide by it"
                + " where it is above 1, and only there.",
            TransformerTasks::gradients,
            a -> clipped((double[][]) a[0])));
  }

  /** Now and then all numbers are equal, and only the epsilon saves from dividing by 0. */
  private static Object[] vector(Random random) {
    double[] x = random.doubles(3 + random.nextInt(4), -9, 9).toArray();
    if (random.nextInt(3) == 0) {
      Arrays.fill(x, Math.rint(x[0]));
    }
    return new Object[] {x};
  }

  /** Arrays of several lengths; now and then so short in all that nothing is to be done. */
  private static Object[] gradients(Random random) {
    double most = random.nextInt(3) == 0 ? 0.3 : 4;
    double[][] gradients = new double[2 + random.nextInt(2)][];
    Arrays.setAll(gradients, i -> random.doubles(1 + random.nextInt(3), -most, most).toArray());
    return new Object[] {gradients};
  }

  private static double[] layerNorm(double[] x) {
    double mean = Arrays.stream(x).average().orElseThrow();
    double variance = Arrays.stream(x).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
    return Arrays.stream(x).map(v -> (v - mean) / Math.sqrt(variance + 1e-5)).toArray();
  }

  private static long parameters(long layers, long channels) {
    long tables = (GPT2_VOCABULARY + GPT2_CONTEXT) * channels;
    long block = 12 * channels * channels + 13 * channels;
    return tables + layers * block + 2 * channels;
  }

  private static double adamW(double[] gradients, double rate) {
    double weight = 1;
    double mean = 0;
    double square = 0;
    for (int t = 1; t <= gradients.length; t++) {
      double gradient = gradients[t - 1];
      mean = 0.9 * mean + 0.1 * gradient;
      square = 0.99 * square + 0.01 * gradient * gradient;
      double step =
          mean / (1 - Math.pow(0.9, t)) / (Math.sqrt(square / (1 - Math.pow(0.99, t))) + 1e-8);
      weight -= rate * (0.1 * weight + step);
    }
    return weight;
  }

  private static double shareOfPeak(int step, int warmup) {
    if (step < warmup) {
      return (step + 1.0) / (warmup + 1);
    }
    double done = (double) (step - warmup) / (STEPS - warmup);
    return 0.1 + 0.9 * (1 + Math.cos(Math.PI * done)) / 2;
  }

  private static double[][] clipped(double[][] gradients) {
    double squares = Arrays.stream(gradients).flatMapToDouble(Arrays::stream).map(g -> g * g).sum();
    double norm = Math.max(1, Math.sqrt(squares));
    return Arrays.stream(gradients)
        .map(array -> Arrays.stream(array).map(g -> g / norm).toArray())
        .toArray(double[][]::new);
  }
}
