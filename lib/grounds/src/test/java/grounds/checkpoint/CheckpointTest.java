package grounds.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.model.Bigram;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.model.Llama;
import grounds.model.LlamaConfig;
import grounds.model.ValueOnly;
import grounds.model.layer.LowRank;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CheckpointTest {

  private static final GptConfig TINY = new GptConfig(11, 8, 12, 2, 3);

  private static final LlamaConfig LLAMA =
      new LlamaConfig(11, 8, 16, 2, 4).withKeyValueHeads(2).withHidden(24).withRotaryBase(500);

  @TempDir Path folder;

  static Stream<LongFunction<LanguageModel>> families() {
    return Stream.of(
        seed -> new Bigram(new Bigram.Config(11, 8), seed),
        seed -> new ValueOnly(new ValueOnly.Config(11, 8, 12), seed),
        seed -> new Gpt(TINY.withDropout(0.1), seed),
        seed -> new Gpt(TINY.withBias(true).withTiedHead(false), seed),
        seed -> new Llama(LLAMA.withDropout(0.1), seed),
        seed -> new Llama(LLAMA.withTiedHead(true).withNormEpsilon(1e-5), seed));
  }

  private static void assertSame(LanguageModel expected, LanguageModel actual) {
    assertEquals(expected.config(), actual.config());
    assertEquals(expected.parameters().byName().keySet(), actual.parameters().byName().keySet());
    expected.parameters().stream()
        .forEach(p -> assertArrayEquals(p.values(), actual.parameters().get(p.name()).values()));
  }

  @ParameterizedTest
  @MethodSource("families")
  void everyFamilyOpensAgain(LongFunction<LanguageModel> family) {
    Path file = folder.resolve("model.safetensors");
    try (LanguageModel model = family.apply(1)) {
      Checkpoint.write(file, model);
      try (LanguageModel loaded = Checkpoint.load(file)) {
        assertSame(model, loaded);
      }
    }
  }

  @Test
  void aFamilyIsStoredUnderItsName() {
    Path file = folder.resolve("model.safetensors");
    try (Llama model = new Llama(LLAMA, 1)) {
      Checkpoint.write(file, model);
    }
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertEquals("llama", checkpoint.text("family"));
    }
  }

  @Test
  void fillsAModelThatIsThere() {
    Path file = folder.resolve("model.safetensors");
    try (Gpt model = new Gpt(TINY, 1);
        Gpt other = new Gpt(TINY, 2)) {
      Checkpoint.write(file, model, Map.of(), Map.of("note", "the first"));
      try (Checkpoint checkpoint = Checkpoint.open(file)) {
        assertEquals("the first", checkpoint.text("note"));
        checkpoint.restore(other);
      }
      assertSame(model, other);
    }
  }

  @Test
  void refusesAnotherModelAndChangesNothing() {
    Path file = folder.resolve("model.safetensors");
    try (Gpt model = new Gpt(TINY, 1);
        Gpt other = new Gpt(new GptConfig(11, 8, 24, 2, 3), 2)) {
      Checkpoint.write(file, model);
      float[] before = other.parameters().get("tokenEmbedding.weight").values();
      try (Checkpoint checkpoint = Checkpoint.open(file)) {
        String message =
            assertThrows(IllegalArgumentException.class, () -> checkpoint.restore(other))
                .getMessage();
        assertTrue(message.contains("\"channels\":12") && message.contains("\"channels\":24"));
      }
      assertArrayEquals(before, other.parameters().get("tokenEmbedding.weight").values());
    }
  }

  @Test
  void aForeignOrTruncatedFileIsRefused() throws IOException {
    Path file = folder.resolve("foreign.safetensors");
    SafeTensors.write(file, Map.of(), Map.of());
    String message =
        assertThrows(IllegalArgumentException.class, () -> Checkpoint.open(file)).getMessage();
    assertTrue(message.contains("not a checkpoint of this library"), message);

    Files.writeString(file, "This is a novel, and a long one, by no means a set of weights.");
    message =
        assertThrows(IllegalArgumentException.class, () -> Checkpoint.load(file)).getMessage();
    assertTrue(message.contains("not a whole safetensors file"), message);

    try (Gpt model = new Gpt(TINY, 1)) {
      Checkpoint.write(file, model);
    }
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    message =
        assertThrows(IllegalArgumentException.class, () -> Checkpoint.load(file)).getMessage();
    assertTrue(message.contains("not a whole safetensors file"), message);
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    Path file = folder.resolve("nowhere.safetensors");
    String message =
        assertThrows(java.io.UncheckedIOException.class, () -> Checkpoint.load(file)).getMessage();
    assertTrue(message.contains(file.toString()), message);
  }

  @Test
  void anAdaptedModelIsStoredWholeAndFillsOneAdaptedAlike() {
    Path file = folder.resolve("model.safetensors");
    try (Gpt model = new Gpt(TINY, 1);
        Gpt other = new Gpt(TINY, 2)) {
      model.adapt(new LowRank(2, 4), name -> true);
      Checkpoint.write(file, model);
      String message =
          assertThrows(IllegalArgumentException.class, () -> Checkpoint.load(file)).getMessage();
      assertTrue(message.contains("adapter.down.weight"), message);
      other.adapt(new LowRank(2, 4), name -> true);
      try (Checkpoint checkpoint = Checkpoint.open(file)) {
        checkpoint.restore(other);
      }
      assertSame(model, other);
    }
  }
}
