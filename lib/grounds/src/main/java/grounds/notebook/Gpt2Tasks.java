package grounds.notebook;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Lesson 7: a file of weights, small numbers, and matrices on their side. */
final class Gpt2Tasks {

  private static final String LESSON = "07 The published GPT-2";
  private static final int LENGTH_BYTES = 8;
  private static final int SIGN = 0x8000;

  private Gpt2Tasks() {}

  static List<Task> all() {
    return List.of(
        new Task(
            LESSON,
            "gpt2-1",
            List.of("byte[] file", "int[] offsets"),
            "wrap the file in a ByteBuffer of order LITTLE_ENDIAN; its getLong(0) is the length of"
                + " the header, and the offsets count from the end of that: from byte 8 + length.",
            Gpt2Tasks::file,
            a -> floats((byte[]) a[0], (int[]) a[1])),
        new Task(
            LESSON,
            "gpt2-2",
            List.of("int[] halves"),
            "(1 + fraction / 1024) times 2 to the exponent - 15; where the exponent's bits are all"
                + " 0, it is fraction / 1024 times 2 to -14, without the one.",
            random -> new Object[] {halves(random)},
            a -> Arrays.stream((int[]) a[0]).mapToDouble(Gpt2Tasks::number).toArray()),
        new Task(
            LESSON,
            "gpt2-3",
            List.of("double[] x", "double[][] stored"),
            "output j is the sum over i of x[i] times stored[i][j]: the first index is the input.",
            random -> {
              int inputs = 2 + random.nextInt(3);
              double[][] stored = AttentionTasks.matrix(random, inputs, inputs);
              return new Object[] {random.doubles(inputs, -2, 2).toArray(), stored};
            },
            a -> layer((double[]) a[0], (double[][]) a[1])));
  }

  /** A file of two tensors, and where one of them lies. */
  private static Object[] file(Random random) {
    int first = 1 + random.nextInt(3);
    int second = 2 + random.nextInt(2);
    int all = 4 * (first + second);
    byte[] header =
        ("{\"a\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[0,%d]},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[%d,%d]}}")
            .formatted(first, 4 * first, second, 4 * first, all)
            .getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(LENGTH_BYTES + header.length + all).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(header.length).put(header);
    for (int i = 0; i < first + second; i++) {
      file.putFloat((float) random.nextGaussian());
    }
    int[] offsets = random.nextBoolean() ? new int[] {0, 4 * first} : new int[] {4 * first, all};
    return new Object[] {file.array(), offsets};
  }

  private static float[] floats(byte[] file, int[] offsets) {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int start = LENGTH_BYTES + Math.toIntExact(bytes.getLong(0)) + offsets[0];
    float[] floats = new float[(offsets[1] - offsets[0]) / Float.BYTES];
    bytes.position(start).asFloatBuffer().get(floats);
    return floats;
  }

  /**
   * One of either sign, and one below the smallest with a hidden one. That one is neither so small
   * that it passes for 0 nor so large that its missing one is hardly missed.
   */
  private static int[] halves(Random random) {
    return new int[] {
      12 + random.nextInt(19) << 10 | random.nextInt(1024),
      SIGN | 12 + random.nextInt(19) << 10 | random.nextInt(1024),
      256 + random.nextInt(256)
    };
  }

  private static double number(int half) {
    int exponent = half >> 10 & 0x1F;
    int fraction = half & 0x3FF;
    double size =
        exponent == 0
            ? Math.scalb((double) fraction, -24)
            : Math.scalb(1024.0 + fraction, exponent - 25);
    return (half & SIGN) == 0 ? size : -size;
  }

  private static double[] layer(double[] x, double[][] stored) {
    return IntStream.range(0, stored[0].length)
        .mapToDouble(j -> IntStream.range(0, x.length).mapToDouble(i -> x[i] * stored[i][j]).sum())
        .toArray();
  }
}
