package grounds.notebook;

import static grounds.notebook.Answers.assertRefused;
import static grounds.notebook.Answers.assertWanted;

import com.google.gson.JsonArray;
import com.google.gson.JsonParser;
import grounds.checkpoint.SafeTensors;
import grounds.checkpoint.TensorType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Gpt2TasksTest {

  private static final float[] VALUES = {1, -0.1f, 3e-5f, 65504, 0, -5.96e-8f};

  @TempDir Path folder;

  private byte[] written(TensorType type) throws Exception {
    Path file = folder.resolve(type + ".safetensors");
    SafeTensors.Source source =
        new SafeTensors.Source(type, new long[] {VALUES.length}, () -> VALUES);
    SafeTensors.write(file, Map.of("other", source, "this", source), Map.of());
    return Files.readAllBytes(file);
  }

  private static int headerLength(byte[] file) {
    return (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
  }

  private static int[] offsets(byte[] file) {
    String header = new String(file, 8, headerLength(file), StandardCharsets.UTF_8);
    JsonArray offsets =
        JsonParser.parseString(header)
            .getAsJsonObject()
            .getAsJsonObject("this")
            .getAsJsonArray("data_offsets");
    return new int[] {offsets.get(0).getAsInt(), offsets.get(1).getAsInt()};
  }

  @Test
  void aFileOfTheLibraryIsRead() throws Exception {
    byte[] file = written(TensorType.F32);
    assertWanted(VALUES, "gpt2-1", file, offsets(file));
  }

  @Test
  void offsetsFromTheBeginningOfTheFileAreRefused() {
    assertRefused(
        "gpt2-1",
        a -> {
          int[] offsets = (int[]) a[1];
          float[] floats = new float[(offsets[1] - offsets[0]) / 4];
          ByteBuffer bytes = ByteBuffer.wrap((byte[]) a[0]).order(ByteOrder.LITTLE_ENDIAN);
          Arrays.fill(floats, bytes.getFloat(8 + offsets[0]));
          return floats;
        });
  }

  @Test
  void halvesAreThoseOfTheLibrary() throws Exception {
    byte[] file = written(TensorType.F16);
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int start = 8 + headerLength(file) + offsets(file)[0];
    int[] halves =
        IntStream.range(0, VALUES.length)
            .map(i -> bytes.getShort(start + 2 * i) & 0xFFFF)
            .toArray();
    try (SafeTensors tensors = SafeTensors.open(folder.resolve("F16.safetensors"))) {
      assertWanted(tensors.floats("this"), "gpt2-2", halves);
    }
    assertWanted(
        new double[] {1, -2, 65504, Math.pow(2, -14), Math.pow(2, -15), -0.0},
        "gpt2-2",
        new int[] {0x3C00, 0xC000, 0x7BFF, 0x0400, 0x0200, 0x8000});
  }

  @Test
  void smallHalvesWithAHiddenOneAndThoseWithoutASignAreRefused() {
    assertRefused("gpt2-2", a -> numbers(a, bits -> (bits & 0x8000) == 0 ? 1 : -1));
    assertRefused("gpt2-2", a -> numbers(a, bits -> 1));
  }

  private static double[] numbers(Object[] a, IntUnaryOperator sign) {
    return Arrays.stream((int[]) a[0])
        .mapToDouble(
            bits ->
                sign.applyAsInt(bits)
                    * Math.scalb(1024.0 + (bits & 0x3FF), (bits >> 10 & 0x1F) - 25))
        .toArray();
  }

  @Test
  void theFirstIndexOfAStoredMatrixIsTheInput() {
    assertWanted(
        new double[] {9, 12, 15},
        "gpt2-3",
        new double[] {1, 2},
        new double[][] {{1, 2, 3}, {4, 5, 6}});
    assertRefused(
        "gpt2-3",
        a -> {
          double[] x = (double[]) a[0];
          return Arrays.stream((double[][]) a[1])
              .mapToDouble(
                  row -> IntStream.range(0, x.length).mapToDouble(i -> x[i] * row[i]).sum())
              .toArray();
        });
  }
}
