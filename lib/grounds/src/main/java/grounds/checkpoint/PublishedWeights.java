package grounds.checkpoint;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import grounds.model.LanguageModel;
import grounds.model.ModelConfig;
import grounds.tensor.Parameter;
import grounds.tensor.Parameters;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Models as they are published: a folder with {@code config.json} and {@code model.safetensors} (or
 * several such files and their index), in which weights have the names that Hugging Face's
 * transformers gives them. GPT-2 and Llama are read and written.
 *
 * <pre>{@code
 * try (LanguageModel gpt2 = PublishedWeights.load(Path.of("gpt2"))) {
 *   ...
 * }
 * }</pre>
 */
public final class PublishedWeights {

  /** The file of the model's shape. */
  public static final String CONFIG = "config.json";

  /** The file of the weights, if it is one. */
  public static final String WEIGHTS = "model.safetensors";

  /** The file that names the files of the weights, if there are several. */
  public static final String INDEX = WEIGHTS + ".index.json";

  private static final String HEAD = "head.weight";
  private static final String TABLE = "tokenEmbedding.weight";

  private static final List<PublishedFamily> FAMILIES =
      List.of(new PublishedGpt(), new PublishedLlama());

  private final PublishedFamily family;
  private final LanguageModel model;

  private PublishedWeights(LanguageModel model) {
    this.model = model;
    this.family =
        FAMILIES.stream()
            .filter(f -> f.has(model.config()))
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "Wanted a model of a published family, "
                            + FAMILIES.stream().map(PublishedFamily::modelType).toList()
                            + ", got "
                            + ModelFamilies.nameOf(model.config())
                            + ". A Checkpoint stores any model."));
  }

  /**
   * The model of a folder, on the current device. Its weights are float32, whatever they are in the
   * file.
   *
   * @throws IllegalArgumentException if the model is not one that we can compute, a file is not
   *     whole, or config and weights do not fit
   * @throws UncheckedIOException with the path, if a file cannot be read
   */
  public static LanguageModel load(Path folder) {
    PublishedConfig json = PublishedConfig.read(folder.resolve(CONFIG));
    PublishedFamily family = familyOf(folder, json);
    ModelConfig config = family.config(json);
    Path index = folder.resolve(INDEX);
    Path weights = Files.exists(index) ? index : folder.resolve(WEIGHTS);
    try (SafeTensors tensors = SafeTensors.open(weights)) {
      LanguageModel model = family.create(config, Parameters.toFill());
      try {
        new PublishedWeights(model).fill(tensors);
        model.parameters().filled();
        return model;
      } catch (RuntimeException e) {
        model.close();
        throw e;
      }
    }
  }

  /**
   * The shape of the model that a {@code config.json} describes.
   *
   * @throws IllegalArgumentException if the model is not one that we can compute
   */
  public static ModelConfig config(Path file) {
    PublishedConfig json = PublishedConfig.read(file);
    return familyOf(file, json).config(json);
  }

  private static PublishedFamily familyOf(Path file, PublishedConfig json) {
    String type = json.text("model_type");
    return FAMILIES.stream()
        .filter(family -> family.modelType().equals(type))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    file
                        + " holds a model of the type '"
                        + type
                        + "'; wanted one of "
                        + FAMILIES.stream().map(PublishedFamily::modelType).toList()
                        + "."));
  }

  /**
   * Fills a model with published weights: a safetensors file, or the index of several.
   *
   * @throws IllegalArgumentException naming all weights that are missing, left over or of another
   *     shape; the model is then unchanged
   */
  public static void restore(Path weights, LanguageModel model) {
    try (SafeTensors tensors = SafeTensors.open(weights)) {
      new PublishedWeights(model).fill(tensors);
    }
  }

  /** The same in float32. */
  public static void save(Path folder, LanguageModel model) {
    save(folder, model, TensorType.F32);
  }

  /**
   * Writes a model so that transformers' {@code from_pretrained} loads it: {@code config.json} and
   * {@code model.safetensors}, each whole or not at all.
   *
   * @param type what the weights are rounded to: F32, F16 or BF16
   * @throws IllegalArgumentException if the model is of no published family, or has adapters
   */
  public static void save(Path folder, LanguageModel model, TensorType type) {
    if (model.adapter().isPresent()) {
      throw new IllegalArgumentException(
          "Wanted a model without adapters, this one has "
              + model.adapter().get()
              + ", for which the published form of its family has no names.");
    }
    PublishedWeights published = new PublishedWeights(model);
    JsonObject json = new JsonObject();
    JsonArray architectures = new JsonArray();
    architectures.add(published.family.architecture());
    json.add("architectures", architectures);
    json.addProperty("model_type", published.family.modelType());
    json.addProperty(
        "dtype",
        Map.of(TensorType.F16, "float16", TensorType.BF16, "bfloat16")
            .getOrDefault(type, "float32"));
    published.family.write(model.config(), json);
    // transformers asks for this word before it reads.
    SafeTensors.write(folder.resolve(WEIGHTS), published.sources(type), Map.of("format", "pt"));
    try {
      Files.deleteIfExists(folder.resolve(INDEX));
      Path config = folder.resolve(CONFIG);
      Path temporary = folder.resolve(CONFIG + ".tmp");
      String text = new GsonBuilder().setPrettyPrinting().serializeNulls().create().toJson(json);
      Files.writeString(temporary, text + "\n");
      SafeTensors.moveIntoPlace(temporary, config);
    } catch (IOException e) {
      throw new UncheckedIOException("Could not write " + folder.resolve(CONFIG) + ".", e);
    }
  }

  private Map<String, SafeTensors.Source> sources(TensorType type) {
    Map<String, SafeTensors.Source> sources = new LinkedHashMap<>();
    model.parameters().stream()
        .forEach(
            p -> {
              boolean transposed = family.isTransposed(p.name());
              long[] shape = transposed ? reversed(p.shape()) : p.shape();
              sources.put(
                  published(p.name()),
                  new SafeTensors.Source(
                      type, shape, () -> transposed ? transposed(p) : p.values()));
            });
    model.parameters().stream()
        .filter(p -> p.name().endsWith(".weight") && family.wantsBias(p.name()))
        .forEach(
            p -> {
              String bias = p.name().replaceAll("weight$", "bias");
              int size = (int) p.shape()[0];
              sources.putIfAbsent(
                  published(bias),
                  new SafeTensors.Source(type, new long[] {size}, () -> new float[size]));
            });
    return sources;
  }

  /** Our name in their words. */
  private String published(String name) {
    String words =
        Arrays.stream(name.split("\\."))
            .map(word -> family.words().getOrDefault(word, word))
            .collect(Collectors.joining("."));
    return name.equals(HEAD) ? words : family.prefix() + words;
  }

  private void fill(SafeTensors tensors) {
    Map<String, String> stored = new LinkedHashMap<>();
    List<String> extra = new ArrayList<>();
    for (String name : tensors.names()) {
      String full =
          name.startsWith(family.prefix()) || name.equals(published(HEAD))
              ? name
              : family.prefix() + name;
      if (!family.isConstant(full) && stored.putIfAbsent(full, name) != null) {
        extra.add(name);
      }
    }
    List<String> missing = new ArrayList<>();
    List<String> wrong = new ArrayList<>();
    Map<Parameter, String> sources = new LinkedHashMap<>();
    for (Parameter p : model.parameters().stream().toList()) {
      String name = stored.remove(published(p.name()));
      if (name == null) {
        missing.add(published(p.name()));
        continue;
      }
      sources.put(p, name);
      long[] wanted = family.isTransposed(p.name()) ? reversed(p.shape()) : p.shape();
      if (!Arrays.equals(wanted, tensors.shape(name))) {
        wrong.add(
            name
                + " "
                + Arrays.toString(tensors.shape(name))
                + " instead of "
                + Arrays.toString(wanted));
      }
    }
    String head = family.isTied(model.config()) ? stored.remove(published(HEAD)) : null;
    extra.addAll(stored.values());
    if (!missing.isEmpty() || !extra.isEmpty() || !wrong.isEmpty()) {
      throw new IllegalArgumentException(
          tensors.file()
              + " does not fit "
              + model.config()
              + ". Missing: "
              + missing
              + ". Left over: "
              + extra
              + ". Of another shape: "
              + wrong
              + ". Take config and weights of the same model.");
    }
    if (head != null) {
      requireTied(tensors, head, sources.get(model.parameters().get(TABLE)));
    }
    sources.forEach((p, name) -> tensors.copyTo(name, p.array(), family.isTransposed(p.name())));
  }

  /** A file may hold the head of a tied model, too; then it must be the token table. */
  private static void requireTied(SafeTensors tensors, String head, String table) {
    if (!tensors.isSame(head, table)) {
      throw new IllegalArgumentException(
          tensors.file()
              + " holds a head '"
              + head
              + "' of its own, where the config says that the head is the token table. Set"
              + " tie_word_embeddings to false in its config.json.");
    }
  }

  private static long[] reversed(long[] shape) {
    return new long[] {shape[1], shape[0]};
  }

  private static float[] transposed(Parameter p) {
    int rows = (int) p.shape()[0];
    int columns = (int) p.shape()[1];
    float[] values = p.values();
    float[] result = new float[values.length];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        result[j * rows + i] = values[i * columns + j];
      }
    }
    return result;
  }
}
