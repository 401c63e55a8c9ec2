package grounds.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import com.google.gson.Gson;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.model.Llama;
import grounds.model.LlamaConfig;
import grounds.tensor.TensorScope;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What we write, Hugging Face's transformers loads, and computes the same with it. */
class TransformersTest {

  private static final String PYTHON =
      Optional.ofNullable(System.getenv("GROUNDS_PYTHON")).orElse("python3");

  private static boolean installed;

  @TempDir Path folder;

  @BeforeAll
  static void lookForTransformers() {
    try {
      Process process =
          new ProcessBuilder(PYTHON, "-c", "import torch, transformers")
              .redirectErrorStream(true)
              .start();
      process.getInputStream().readAllBytes();
      installed = process.waitFor() == 0;
    } catch (IOException e) {
      installed = false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!installed) {
      System.out.println(
          "Not run: TransformersTest needs a Python with torch and transformers (pip install torch"
              + " transformers); name it in GROUNDS_PYTHON.");
    }
  }

  private static Stream<Named<Supplier<LanguageModel>>> models() {
    GptConfig gpt = new GptConfig(50, 16, 24, 2, 3);
    LlamaConfig llama = new LlamaConfig(50, 16, 24, 2, 2);
    return Stream.of(
        Named.of("gpt", () -> new Gpt(gpt, 1)),
        Named.of("as GPT-2", () -> new Gpt(gpt.withBias(true).withTanhGelu(true), 1)),
        Named.of("own head", () -> new Gpt(gpt.withTiedHead(false).withBias(true), 1)),
        Named.of("llama", () -> new Llama(llama, 1)),
        Named.of(
            "grouped",
            () -> new Llama(new LlamaConfig(50, 16, 24, 2, 6, 2, 40, 500_000, 1e-5, 0, true), 1)));
  }

  private record Answer(List<String> missing, List<String> unexpected, float[] logits) {}

  @ParameterizedTest
  @MethodSource("models")
  void transformersComputesTheSame(Supplier<LanguageModel> make) throws Exception {
    assumeTrue(installed, "no Python with torch and transformers");
    try (LanguageModel model = make.get();
        TensorScope scope = TensorScope.open(model.parameters().manager())) {
      model.parameters().stream().forEach(p -> enlarge(p.array()));
      PublishedWeights.save(folder, model);
      Process process =
          new ProcessBuilder(
                  PYTHON,
                  Path.of("src/test/python/check_export.py").toString(),
                  folder.toString(),
                  "[[3, 1, 4, 1, 5, 9, 2, 6]]")
              .redirectError(folder.resolve("error.txt").toFile())
              .start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      assertEquals(
          0,
          process.waitFor(),
          () -> {
            try {
              return java.nio.file.Files.readString(folder.resolve("error.txt"));
            } catch (IOException e) {
              return e.toString();
            }
          });
      Answer theirs =
          new Gson().fromJson(output.substring(output.lastIndexOf('\n') + 1), Answer.class);
      assertEquals(List.of(), theirs.missing);
      assertEquals(List.of(), theirs.unexpected);
      NDArray ids = scope.manager().create(new long[] {3, 1, 4, 1, 5, 9, 2, 6}, new Shape(1, 8));
      assertArrayEquals(model.logits(ids, false).toFloatArray(), theirs.logits, 1e-4f);
    }
  }

  /** Small fresh weights would let a wrong one pass. */
  private static void enlarge(NDArray weight) {
    float[] values = weight.toFloatArray();
    for (int i = 0; i < values.length; i++) {
      values[i] = values[i] * 5 + (float) Math.sin(i) / 10;
    }
    try (NDArray larger = weight.getManager().create(values, weight.getShape())) {
      larger.copyTo(weight);
    }
  }
}
