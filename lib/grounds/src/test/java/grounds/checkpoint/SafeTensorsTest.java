package grounds.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import grounds.tensor.Parameters;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafeTensorsTest {

  private static final Path TYPES = Path.of("src/test/resources/reference/types.safetensors");

  @TempDir Path folder;

  private Path example() {
    Path file = folder.resolve("example.safetensors");
    Map<String, SafeTensors.Source> tensors = new LinkedHashMap<>();
    tensors.put(
        "b", new SafeTensors.Source(new long[] {2, 3}, () -> new float[] {1, 2, 3, 4, 5, 6}));
    tensors.put("a", new SafeTensors.Source(new long[] {}, () -> new float[] {-0.5f}));
    SafeTensors.write(file, tensors, Map.of("step", "17", "quote", "\"ü\n"));
    return file;
  }

  @Test
  void readsWhatItWrote() {
    try (SafeTensors tensors = SafeTensors.open(example())) {
      assertEquals(List.of("b", "a"), tensors.names());
      assertArrayEquals(new long[] {2, 3}, tensors.shape("b"));
      assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, tensors.floats("b"));
      assertArrayEquals(new long[] {}, tensors.shape("a"));
      assertArrayEquals(new float[] {-0.5f}, tensors.floats("a"));
      assertEquals(Map.of("step", "17", "quote", "\"ü\n"), tensors.metadata());
    }
  }

  /** The layout that the format's specification gives, byte by byte. */
  @Test
  void writesTheFormat() throws IOException {
    ByteBuffer bytes =
        ByteBuffer.wrap(Files.readAllBytes(example())).order(ByteOrder.LITTLE_ENDIAN);
    int header = (int) bytes.getLong();
    assertEquals(0, header % 8, "the values are aligned");
    String json = new String(bytes.array(), 8, header, StandardCharsets.UTF_8);
    assertTrue(
        json.contains("\"b\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}"), json);
    assertTrue(
        json.contains("\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[24,28]}"), json);
    assertEquals(8 + header + 28, bytes.capacity());
    assertEquals(1f, bytes.getFloat(8 + header));
    assertEquals(-0.5f, bytes.getFloat(8 + header + 24));
  }

  /** A file of the format's own library, with each type and beside it the same as float32. */
  @Test
  void readsEveryType() {
    try (SafeTensors tensors = SafeTensors.open(TYPES)) {
      for (TensorType type : TensorType.values()) {
        assertEquals(type, tensors.type(type.name()));
        assertArrayEquals(
            tensors.floats(type + " as F32"), tensors.floats(type.name()), type.name());
      }
      assertArrayEquals(
          new long[] {0, 1, -1, 127, -128, Long.MAX_VALUE, Long.MIN_VALUE}, tensors.longs("I64"));
      assertArrayEquals(new long[] {0, 1, 1L << 40}, tensors.longs("U64"));
      assertArrayEquals(new long[] {1, 0, 1}, tensors.longs("BOOL"));
      assertThrows(IllegalArgumentException.class, () -> tensors.longs("F16"));
    }
  }

  @Test
  void roundsAsPyTorchDoes() {
    Path file = folder.resolve("rounded.safetensors");
    try (SafeTensors tensors = SafeTensors.open(TYPES)) {
      float[] values = tensors.floats("rounded F32");
      Map<String, SafeTensors.Source> sources = new LinkedHashMap<>();
      for (TensorType type : List.of(TensorType.F32, TensorType.F16, TensorType.BF16)) {
        sources.put(
            type.name(), new SafeTensors.Source(type, new long[] {values.length}, () -> values));
      }
      SafeTensors.write(file, sources, Map.of());
      try (SafeTensors written = SafeTensors.open(file)) {
        for (String type : sources.keySet()) {
          assertEquals(TensorType.valueOf(type), written.type(type));
          assertArrayEquals(tensors.floats("rounded " + type), written.floats(type), type);
        }
      }
    }
    Map<String, SafeTensors.Source> whole =
        Map.of("a", new SafeTensors.Source(TensorType.I64, new long[] {1}, () -> new float[1]));
    assertThrows(IllegalArgumentException.class, () -> SafeTensors.write(file, whole, Map.of()));
  }

  @Test
  void everyHalfComesBack() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Float16.toFloat((short) bits);
      if (Float.isNaN(value)) {
        assertTrue(Float.isNaN(Float16.toFloat(Float16.of(value))));
      } else {
        assertEquals((short) bits, Float16.of(value));
      }
    }
  }

  /** Weights arrive in the engine as they do in Java, whatever their type, also as columns. */
  @Test
  void fillsTensors() {
    Map<String, SafeTensors.Source> sources = new LinkedHashMap<>();
    float[] values = {1, 2, 3, 4, 5, 6};
    for (TensorType type : List.of(TensorType.F32, TensorType.F16, TensorType.BF16)) {
      sources.put(type.name(), new SafeTensors.Source(type, new long[] {2, 3}, () -> values));
    }
    sources.put("scalar", new SafeTensors.Source(new long[] {}, () -> new float[] {7}));
    // Several pieces.
    float[] many = new float[3 << 22];
    for (int i = 0; i < many.length; i++) {
      many[i] = i % 1001;
    }
    sources.put("large", new SafeTensors.Source(new long[] {3 << 12, 1 << 10}, () -> many));
    Path file = folder.resolve("fill.safetensors");
    SafeTensors.write(file, sources, Map.of());
    try (SafeTensors tensors = SafeTensors.open(file);
        Parameters parameters = new Parameters(1)) {
      NDArray plain = parameters.zeros("plain", 2, 3);
      NDArray turned = parameters.zeros("turned", 3, 2);
      for (TensorType type : List.of(TensorType.F32, TensorType.F16, TensorType.BF16)) {
        plain.set(new NDIndex("..."), 0f);
        turned.set(new NDIndex("..."), 0f);
        tensors.copyTo(type.name(), plain, false);
        assertArrayEquals(values, plain.toFloatArray());
        tensors.copyTo(type.name(), turned, true);
        assertArrayEquals(new float[] {1, 4, 2, 5, 3, 6}, turned.toFloatArray());
        String message =
            assertThrows(
                    IllegalArgumentException.class, () -> tensors.copyTo(type.name(), plain, true))
                .getMessage();
        assertTrue(message.contains("[3, 2]") && message.contains("[2, 3]"), message);
      }
      NDArray scalar = parameters.constant(new float[1]);
      tensors.copyTo("scalar", scalar, false);
      assertEquals(7, scalar.getFloat());
      NDArray large = parameters.zeros("large", 3 << 12, 1 << 10);
      tensors.copyTo("large", large, false);
      assertArrayEquals(many, large.toFloatArray());
      NDArray columns = parameters.zeros("columns", 1 << 10, 3 << 12);
      tensors.copyTo("large", columns, true);
      try (NDArray back = columns.transpose()) {
        assertArrayEquals(many, back.toFloatArray());
      }
    }
  }

  @Test
  void opensShardsByTheirIndex() throws IOException {
    SafeTensors.write(
        folder.resolve("one.safetensors"),
        Map.of("a", new SafeTensors.Source(new long[] {1}, () -> new float[] {1})),
        Map.of());
    SafeTensors.write(
        folder.resolve("two.safetensors"),
        Map.of("b", new SafeTensors.Source(new long[] {1}, () -> new float[] {2})),
        Map.of());
    Path index = folder.resolve("model.safetensors.index.json");
    Files.writeString(
        index,
        "{'metadata': {'total_size': 8}, 'weight_map': {'a': 'one.safetensors', 'b': 'two.safetensors'}}"
            .replace('\'', '"'));
    try (SafeTensors tensors = SafeTensors.open(index)) {
      assertEquals(List.of("a", "b"), tensors.names());
      assertArrayEquals(new float[] {2}, tensors.floats("b"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'weight_map': {'a': 'one.safetensors', 'b': 'one.safetensors'}} | b in one.safetensors",
        "{'weight_map': {'a': '../one.safetensors'}} | a file beside it",
        "{'weight_map': {'a': '/one.safetensors'}} | a file beside it",
        "{'weight_map': {'a': '..'}} | a file beside it",
        "{'weight_map': {'a': 'one.safetensors', 'b': 'again.safetensors'}} | Both",
        "{'weight_map': 3} | not an index",
        "{} | not an index",
        "[ | not an index",
        "{'weight_map': {'a': 'none.safetensors'}} | Could not read"
      })
  void aWrongIndexIsRefused(String text, String expected) throws IOException {
    Map<String, SafeTensors.Source> one =
        Map.of("a", new SafeTensors.Source(new long[] {1}, () -> new float[] {1}));
    SafeTensors.write(folder.resolve("one.safetensors"), one, Map.of());
    SafeTensors.write(folder.resolve("again.safetensors"), one, Map.of());
    Path index =
        Files.writeString(folder.resolve("model.safetensors.index.json"), text.replace('\'', '"'));
    String message =
        assertThrows(RuntimeException.class, () -> SafeTensors.open(index)).getMessage();
    assertTrue(message.contains(expected), message);
  }

  @ParameterizedTest
  @CsvSource({"0", "4", "7", "8", "40", "200"})
  void aTruncatedFileIsRefused(int bytes) throws IOException {
    Path file = example();
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, Math.min(bytes, whole.length - 1)));
    String message =
        assertThrows(IllegalArgumentException.class, () -> SafeTensors.open(file)).getMessage();
    assertTrue(message.contains(file.toString()), message);
    assertTrue(message.contains("not a whole safetensors file"), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}} | takes 8 bytes",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | where 0 was due",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | describes 8 bytes",
        "{'a':{'dtype':'F31','shape':[1],'data_offsets':[0,4]}} | type F31",
        "{'a':{'dtype':'F32','shape':[1e0],'data_offsets':[0,4]}} | JSON",
        "{'a':{'dtype':'F32','shape':[1.5],'data_offsets':[0,4]}} | JSON",
        "{'a':{'dtype':'F32','shape':1,'data_offsets':[0,4]}} | JSON",
        "{'a':{'dtype':'F32','shape':[0],'data_offsets':[0,0]},'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | two tensors 'a'",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} {} | JSON",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[-4,0]}} | lies at",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[9223372036854775804,-9223372036854775808]}} | shape",
        "{'a':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}} | shape [-1]",
        "{'a':{'dtype':'F32','shape':[9223372036854775807],'data_offsets':[0,4]}} | shape",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0]}} | 1 offsets",
        "{'a':{'dtype':'F32'}} | JSON",
        "{'a':3} | JSON",
        "[1,2] | JSON",
        "{'a' | JSON",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'b':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | where 4 was due"
      })
  void aWrongHeaderIsRefused(String header, String expected) throws IOException {
    byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(json.length).put(json);
    Path file = Files.write(folder.resolve("wrong.safetensors"), bytes.array());
    String message =
        assertThrows(IllegalArgumentException.class, () -> SafeTensors.open(file)).getMessage();
    assertTrue(message.contains(expected), message);
  }

  /** Whatever the bytes are, the answer is a clear exception or a readable file. */
  @Test
  void mutatedFilesNeverCrash() throws IOException {
    byte[] whole = Files.readAllBytes(example());
    SplittableRandom random = new SplittableRandom(5);
    Path file = folder.resolve("mutated.safetensors");
    int refused = 0;
    for (int i = 0; i < 2000; i++) {
      byte[] bytes = whole.clone();
      for (int change = random.nextInt(1, 4); change > 0; change--) {
        bytes[random.nextInt(bytes.length - 28)] = (byte) random.nextInt(256);
      }
      Files.write(file, bytes);
      try (SafeTensors tensors = SafeTensors.open(file)) {
        tensors.names().forEach(tensors::floats);
        tensors.names().forEach(tensors::bytes);
      } catch (IllegalArgumentException e) {
        refused++;
      }
    }
    assertTrue(refused > 1000, "only " + refused + " of 2,000 were refused");
  }

  @Test
  void namesWhatItHasWhenATensorIsMissing() {
    try (SafeTensors tensors = SafeTensors.open(example())) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> tensors.floats("c")).getMessage();
      assertTrue(message.contains("'c'") && message.contains("[b, a]"), message);
    }
  }

  @Test
  void aFailedWriteLeavesTheOldFileAndNothingElse() throws IOException {
    Path file = example();
    byte[] before = Files.readAllBytes(file);
    Map<String, SafeTensors.Source> tensors = new LinkedHashMap<>();
    tensors.put("a", new SafeTensors.Source(new long[] {1000}, () -> new float[1000]));
    tensors.put(
        "b",
        new SafeTensors.Source(
            new long[] {1},
            () -> {
              throw new IllegalStateException("in mid-write");
            }));
    assertThrows(IllegalStateException.class, () -> SafeTensors.write(file, tensors, Map.of()));
    assertArrayEquals(before, Files.readAllBytes(file));
    try (var files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  /** A real full disk: a process whose files may not grow beyond a few kilobytes. */
  @Test
  void aFullDiskIsToldWithThePath() throws Exception {
    if (!Files.isExecutable(Path.of("/bin/bash"))) {
      System.out.println("Not run: aFullDiskIsToldWithThePath needs bash and its ulimit.");
      return;
    }
    Path file = folder.resolve("large.safetensors");
    Process process =
        new ProcessBuilder(
                "/bin/bash",
                "-c",
                "ulimit -f 64; exec \"$0\" -XX:-UsePerfData -cp \"$1\" \"$2\" \"$3\"",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                LargeWrite.class.getName(),
                file.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    assertTrue(output.contains("told: Could not write " + file), output);
    assertTrue(output.contains("Make room"), output);
    try (var files = Files.list(folder)) {
      assertEquals(List.of(), files.toList());
    }
  }

  /** Writes 4 MB. */
  static final class LargeWrite {
    public static void main(String[] arguments) {
      try {
        SafeTensors.write(
            Path.of(arguments[0]),
            Map.of("a", new SafeTensors.Source(new long[] {1 << 20}, () -> new float[1 << 20])),
            Map.of());
      } catch (UncheckedIOException e) {
        System.out.println("told: " + e.getMessage());
      }
    }
  }
}
