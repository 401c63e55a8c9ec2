package grounds.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import grounds.generation.BeamSearch;
import grounds.generation.Generator;
import grounds.model.Bigram;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.model.Llama;
import grounds.model.LlamaConfig;
import grounds.model.layer.LowRank;
import grounds.tensor.TensorScope;
import grounds.tokenizer.CharTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against models that Hugging Face's transformers wrote, and what it computed with them. */
class PublishedWeightsTest {

  private static final Path FIXTURES = Path.of("../../data/fixtures");

  /** A hundred letters, for models of a hundred tokens. */
  private static final CharTokenizer LETTERS =
      CharTokenizer.of(
          IntStream.range(0x100, 0x164)
              .mapToObj(Character::toString)
              .collect(Collectors.joining()));

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"tiny-gpt2", "tiny-llama"})
  void computesWhatTransformersDoes(String name) {
    try (LanguageModel model = PublishedWeights.load(FIXTURES.resolve(name));
        SafeTensors expected = SafeTensors.open(FIXTURES.resolve(name + "/io.safetensors"));
        TensorScope scope = TensorScope.open(model.parameters().manager())) {
      long[] ids = expected.longs("input_ids");
      NDArray input = scope.manager().create(ids, new Shape(expected.shape("input_ids")));
      assertArrayEquals(
          expected.floats("logits"), model.logits(input, false).toFloatArray(), 1e-4f);

      // The mean over the predictions of each text.
      float[] surprises = model.surprises(input.get(":, :-1"), input.get(":, 1:")).toFloatArray();
      double mean = IntStream.range(0, surprises.length).mapToDouble(i -> surprises[i]).sum();
      assertEquals(expected.floats("ce_loss")[0], mean / surprises.length, 1e-5);

      int[] greedy = ints(expected.longs("greedy"));
      int[] prompt = Arrays.copyOf(greedy, 4);
      assertArrayEquals(
          Arrays.copyOfRange(greedy, 4, greedy.length),
          new Generator(model, LETTERS).temperature(0).complete(prompt, 12).ids());
      int[] beams = ints(expected.longs("beam4"));
      assertArrayEquals(
          Arrays.copyOfRange(beams, 4, beams.length),
          new BeamSearch(model, LETTERS, 4).search(prompt, 8).get(0).ids());
    }
  }

  private static int[] ints(long[] values) {
    return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
  }

  @Test
  void readsTheirConfigs() {
    assertEquals(
        new GptConfig(100, 32, 32, 2, 4, 0.1, true, true, true),
        PublishedWeights.config(FIXTURES.resolve("tiny-gpt2/config.json")));
    assertEquals(
        new LlamaConfig(100, 32, 32, 2, 4, 2, 64, 10_000, 1e-6, 0, false),
        PublishedWeights.config(FIXTURES.resolve("tiny-llama/config.json")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tiny-gpt2 | \"n_inner\": null | \"n_inner\": 64 | n_inner 64",
        "tiny-gpt2 | \"gelu_new\" | \"relu\" | relu",
        "tiny-gpt2 | 1e-05 | 1e-06 | layer_norm_epsilon",
        "tiny-gpt2 | \"n_embd\": 32, | | no 'n_embd'",
        "tiny-gpt2 | \"n_embd\": 32 | \"n_embd\": \"wide\" | 'n_embd' that cannot be read",
        "tiny-gpt2 | \"model_type\": \"gpt2\" | \"model_type\": \"gpt3\" | [gpt2, llama]",
        "tiny-gpt2 | { | [ | no JSON object",
        "tiny-llama | \"head_dim\": 8 | \"head_dim\": 16 | head_dim 16",
        "tiny-llama | \"rope_type\": \"default\" | \"rope_type\": \"yarn\" | yarn",
        "tiny-llama | \"attention_bias\": false | \"attention_bias\": true | attention_bias true",
        "tiny-llama | \"silu\" | \"gelu\" | gelu"
      })
  void refusesWhatOurModelsDoNotCompute(String name, String before, String after, String expected)
      throws IOException {
    String text = Files.readString(FIXTURES.resolve(name + "/config.json"));
    assertTrue(text.contains(before), before);
    Path file =
        Files.writeString(
            folder.resolve("config.json"),
            text.replaceFirst(java.util.regex.Pattern.quote(before), after == null ? "" : after));
    String message =
        assertThrows(IllegalArgumentException.class, () -> PublishedWeights.config(file))
            .getMessage();
    assertTrue(message.contains(expected) && message.contains(file.toString()), message);
  }

  @Test
  void readsOlderConfigsOfLlama() throws IOException {
    String text = Files.readString(FIXTURES.resolve("tiny-llama/config.json"));
    int start = text.indexOf("\"rope_parameters\"");
    String old =
        text.substring(0, start)
            + "\"rope_theta\": 500000.0, \"rope_scaling\": null, "
            + text.substring(text.indexOf("\"tie_word"));
    Path file = Files.writeString(folder.resolve("config.json"), old);
    assertEquals(500_000, ((LlamaConfig) PublishedWeights.config(file)).rotaryBase());
  }

  /** The weights of a fixture with some changed, beside its config. */
  private Path changed(String name, Consumer<Map<String, SafeTensors.Source>> change)
      throws IOException {
    Files.copy(FIXTURES.resolve(name + "/config.json"), folder.resolve("config.json"));
    Map<String, SafeTensors.Source> sources = new LinkedHashMap<>();
    try (SafeTensors tensors = SafeTensors.open(FIXTURES.resolve(name + "/model.safetensors"))) {
      for (String tensor : tensors.names()) {
        float[] values = tensors.floats(tensor);
        sources.put(tensor, new SafeTensors.Source(tensors.shape(tensor), () -> values));
      }
    }
    change.accept(sources);
    SafeTensors.write(folder.resolve("model.safetensors"), sources, Map.of("format", "pt"));
    return folder;
  }

  private static SafeTensors.Source zeros(int... shape) {
    long[] sizes = Arrays.stream(shape).asLongStream().toArray();
    return new SafeTensors.Source(
        sizes, () -> new float[Arrays.stream(shape).reduce(1, (a, b) -> a * b)]);
  }

  @Test
  void namesAllThatDoesNotFit() throws IOException {
    Path broken =
        changed(
            "tiny-gpt2",
            sources -> {
              sources.remove("transformer.ln_f.bias");
              sources.remove("transformer.h.1.mlp.c_fc.weight");
              sources.put("transformer.h.2.ln_1.weight", zeros(32));
              sources.put("score.weight", zeros(2, 32));
              sources.put("transformer.wte.weight", zeros(101, 32));
            });
    String message =
        assertThrows(IllegalArgumentException.class, () -> PublishedWeights.load(broken))
            .getMessage();
    for (String part :
        new String[] {
          "transformer.ln_f.bias",
          "transformer.h.1.mlp.c_fc.weight",
          "transformer.h.2.ln_1.weight",
          "score.weight",
          "transformer.wte.weight [101, 32] instead of [100, 32]",
          "vocabularySize=100"
        }) {
      assertTrue(message.contains(part), message);
    }
  }

  /**
   * As in the published file of GPT-2: no prefix, and the masks of the blocks among the weights.
   */
  @Test
  void readsFilesWithoutPrefixAndWithMasks() throws IOException {
    Path other =
        changed(
            "tiny-gpt2",
            sources -> {
              Map<String, SafeTensors.Source> bare = new LinkedHashMap<>();
              sources.forEach((name, source) -> bare.put(name.replace("transformer.", ""), source));
              bare.put("h.0.attn.bias", zeros(1, 1, 32, 32));
              bare.put("h.1.attn.masked_bias", zeros());
              sources.clear();
              sources.putAll(bare);
            });
    try (LanguageModel one = PublishedWeights.load(FIXTURES.resolve("tiny-gpt2"));
        LanguageModel two = PublishedWeights.load(other)) {
      assertSameWeights(one, two);
    }
  }

  @Test
  void aSecondHeadMustBeTheTable() throws IOException {
    Path twice =
        changed(
            "tiny-gpt2",
            sources -> sources.put("lm_head.weight", sources.get("transformer.wte.weight")));
    PublishedWeights.load(twice).close();
    Files.delete(folder.resolve("config.json"));
    Path other = changed("tiny-gpt2", sources -> sources.put("lm_head.weight", zeros(100, 32)));
    String message =
        assertThrows(IllegalArgumentException.class, () -> PublishedWeights.load(other))
            .getMessage();
    assertTrue(message.contains("tie_word_embeddings"), message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tiny-gpt2", "tiny-llama"})
  void whatIsSavedComesBack(String name) {
    Path copy = folder.resolve("copy");
    try (LanguageModel model = PublishedWeights.load(FIXTURES.resolve(name))) {
      PublishedWeights.save(copy, model);
      try (LanguageModel again = PublishedWeights.load(copy)) {
        assertEquals(model.config(), again.config());
        assertSameWeights(model, again);
      }
      PublishedWeights.save(copy, model, TensorType.BF16);
      try (LanguageModel again = PublishedWeights.load(copy)) {
        float[] exact = model.parameters().get("finalNorm.weight").values();
        assertArrayEquals(exact, again.parameters().get("finalNorm.weight").values(), 1f / 128);
      }
    }
  }

  /** Theirs always has biases: a model without them gets zeros. */
  @Test
  void aModelWithoutBiasesIsSavedWithZeros() {
    Path copy = folder.resolve("copy");
    try (Gpt model = new Gpt(new GptConfig(100, 32, 32, 2, 4), 1)) {
      PublishedWeights.save(copy, model);
      try (LanguageModel again = PublishedWeights.load(copy);
          TensorScope scope = TensorScope.open(model.parameters().manager())) {
        NDArray ids = scope.manager().create(new long[] {3, 1, 4}, new Shape(1, 3));
        assertArrayEquals(
            model.logits(ids, false).toFloatArray(),
            again.logits(ids, false).toFloatArray(),
            1e-6f);
      }
    }
  }

  @Test
  void refusesToSaveWhatHasNoNamesThere() {
    try (Bigram model = new Bigram(new Bigram.Config(4, 4), 1)) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> PublishedWeights.save(folder, model))
              .getMessage();
      assertTrue(message.contains("bigram"), message);
    }
    try (Llama model = new Llama(new LlamaConfig(10, 8, 8, 1, 2), 1)) {
      model.adapt(new LowRank(2, 2), name -> true);
      assertThrows(IllegalArgumentException.class, () -> PublishedWeights.save(folder, model));
      assertThrows(
          IllegalArgumentException.class,
          () -> PublishedWeights.save(folder, model, TensorType.I64));
    }
  }

  private static void assertSameWeights(LanguageModel one, LanguageModel two) {
    one.parameters().stream()
        .forEach(
            p -> assertArrayEquals(p.values(), two.parameters().get(p.name()).values(), p.name()));
    assertEquals(one.parameters().count(), two.parameters().count());
  }
}
