package grounds.notebook;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Lesson 9: operations, memory, several devices, and the bill. */
final class ComputeTasks {

  private static final String LESSON = "09 Compute and memory";
  private static final double[] PEAKS = {125e12, 312e12, 989e12};

  private ComputeTasks() {}

  static List<Task> all() {
    return List.of(
        new Task(
            LESSON,
            "compute-1",
            List.of("int[] widths", "Integer tokens"),
            "the matrix from widths[i] to widths[i + 1] takes 2 operations for each of its numbers"
                + " and each token forward, and twice as many backward: 6 in all.",
            random ->
                new Object[] {
                  random.ints(2 + random.nextInt(3), 4, 33).toArray(), 8 + random.nextInt(57)
                },
            a -> operations((int[]) a[0], (Integer) a[1])),
        new Task(
            LESSON,
            "compute-2",
            List.of("Double parameters", "Integer devices"),
            "2 bytes of weight, 2 of gradient and 12 of optimizer for each parameter; stage 1"
                + " divides the 12 by the devices, stage 2 the gradients too, stage 3 all.",
            random -> new Object[] {1e9 * (1 + random.nextInt(400) / 4.0), 2 << random.nextInt(8)},
            a -> gigabytes((Double) a[0], (Integer) a[1])),
        new Task(
            LESSON,
            "compute-3",
            List.of("double[][] gradients", "int[] windows"),
            "row i is a mean over windows[i] windows: multiply it by their number, add the rows,"
                + " divide by the number of all windows.",
            ComputeTasks::devices,
            a -> averaged((double[][]) a[0], (int[]) a[1])),
        new Task(
            LESSON,
            "compute-4",
            List.of("double[] run", "double[] bill"),
            "6 N D operations were needed; hours times 3,600 times the peak could have been done.",
            ComputeTasks::bill,
            a -> utilization((double[]) a[0], (double[]) a[1])));
  }

  private static double operations(int[] widths, int tokens) {
    return IntStream.range(0, widths.length - 1)
        .mapToDouble(i -> 6.0 * tokens * widths[i] * widths[i + 1])
        .sum();
  }

  private static double[] gigabytes(double parameters, int devices) {
    double each = parameters / 1e9;
    double shared = each / devices;
    return new double[] {16 * each, 4 * each + 12 * shared, 2 * each + 14 * shared, 16 * shared};
  }

  /** Two or three devices with unequal numbers of windows. */
  private static Object[] devices(Random random) {
    int[] windows = random.ints(2 + random.nextInt(2), 1, 5).toArray();
    windows[0] = 5 + random.nextInt(4);
    return new Object[] {AttentionTasks.matrix(random, windows.length, 3), windows};
  }

  private static double[] averaged(double[][] gradients, int[] windows) {
    double[] mean = new double[gradients[0].length];
    double all = IntStream.of(windows).sum();
    for (int i = 0; i < gradients.length; i++) {
      for (int j = 0; j < mean.length; j++) {
        mean[j] += gradients[i][j] * windows[i] / all;
      }
    }
    return mean;
  }

  private static Object[] bill(Random random) {
    double parameters = 1e9 * (1 + random.nextInt(100));
    double tokens = 1e11 * (1 + random.nextInt(20));
    double peak = PEAKS[random.nextInt(PEAKS.length)];
    double used = 0.25 + 0.3 * random.nextDouble();
    double hours = Math.rint(6 * parameters * tokens / (peak * used) / 3600);
    return new Object[] {new double[] {parameters, tokens}, new double[] {hours, peak}};
  }

  private static double utilization(double[] run, double[] bill) {
    return 6 * run[0] * run[1] / (bill[0] * 3600 * bill[1]);
  }
}
