package grounds.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

  @Test
  void readsAFileOfThePythonLibrary() {
    Path file =
        Path.of(System.getenv().getOrDefault("GROUNDS_VECTORS", "none"))
            .resolve("tiny_gpt2/model.safetensors");
    if (!Files.exists(file)) {
      System.out.println(
          "Not run: readsAFileOfThePythonLibrary needs the fixtures; name their folder in"
              + " GROUNDS_VECTORS.");
    }
    org.junit.jupiter.api.Assumptions.assumeTrue(Files.exists(file), "no GROUNDS_VECTORS");
    try (SafeTensors tensors = SafeTensors.open(file)) {
      assertTrue(tensors.names().contains("transformer.wte.weight"), tensors.names().toString());
      assertEquals(
          Arrays.stream(tensors.shape("transformer.wte.weight")).reduce(1, (a, b) -> a * b),
          tensors.floats("transformer.wte.weight").length);
    }
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
        "{'a':{'dtype':'I64','shape':[1],'data_offsets':[0,8]}} | type I64",
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
