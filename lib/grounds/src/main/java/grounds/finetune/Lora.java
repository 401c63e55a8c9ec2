package grounds.finetune;

import ai.djl.ndarray.NDArray;
import com.google.gson.Gson;
import grounds.checkpoint.SafeTensors;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.model.Llama;
import grounds.model.LlamaConfig;
import grounds.model.layer.LowRank;
import grounds.tensor.Parameter;
import grounds.tensor.Parameters;
import grounds.tensor.TensorScope;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Low-rank adaptation (Hu et al. 2021) of a model: beside frozen weights W small matrices A and B
 * are trained, and W + (alpha / rank) B A is what the model computes with.
 *
 * <pre>{@code
 * Lora lora = Lora.attach(model, new LowRank(2, 4), Lora.ALL);
 * new Trainer(model, data, config).run(); // trains the adapters alone
 * lora.save(file);
 * }</pre>
 */
public final class Lora {

  /** Every linear layer of the blocks. */
  public static final Predicate<String> ALL = name -> true;

  /** The linear layers of attention alone, as in the paper. */
  public static final Predicate<String> ATTENTION = name -> name.contains("attention");

  private static final String FORMAT = "grounds-adapter-1";
  private static final String DOWN = ".adapter.down.weight";
  private static final String UP = ".adapter.up.weight";

  private final LanguageModel model;
  private final LowRank shape;
  private final List<String> layers;
  private final String baseHash;

  /** While merged: the weights and the matrices B as they were. */
  private final Map<String, float[]> before = new LinkedHashMap<>();

  private Lora(LanguageModel model, LowRank shape) {
    this.model = model;
    this.shape = shape;
    this.layers =
        model.parameters().stream()
            .map(Parameter::name)
            .filter(name -> name.endsWith(DOWN))
            .map(name -> name.substring(0, name.length() - DOWN.length()))
            .toList();
    this.baseHash = hash(model);
  }

  /**
   * Freezes a model and gives some of its linear layers adapters, which change nothing yet.
   *
   * @param model a {@link Gpt} or {@link Llama}
   * @param layers says of a layer's name whether it gets one
   * @throws IllegalArgumentException if it is of another family, no layer is chosen, or the rank is
   *     larger than a side of a weight
   * @throws IllegalStateException if it has adapters already
   */
  public static Lora attach(LanguageModel model, LowRank shape, Predicate<String> layers) {
    if (model instanceof Gpt gpt) {
      gpt.adapt(shape, layers);
    } else if (model instanceof Llama llama) {
      llama.adapt(shape, layers);
    } else {
      throw new IllegalArgumentException(
          "Wanted a Gpt or a Llama to adapt, got a " + model.getClass().getSimpleName() + ".");
    }
    return new Lora(model, shape);
  }

  /** How many values are trained. */
  public long trained() {
    return model.parameters().trainedCount();
  }

  /** The share of the model's values, its adapters' among them, that are trained. */
  public double trainedShare() {
    return (double) trained() / model.parameters().count();
  }

  /**
   * Adds what the adapters do to the weights, so that the model computes the same without them:
   * logits stay as they are but for rounding. Not to be trained until {@link #unmerge}.
   *
   * @throws IllegalStateException if it is merged already
   */
  public void merge() {
    if (!before.isEmpty()) {
      throw new IllegalStateException("The adapters are merged already. Call unmerge first.");
    }
    for (String layer : layers) {
      Parameter weight = parameter(layer + ".weight");
      Parameter up = parameter(layer + UP);
      before.put(weight.name(), weight.values());
      before.put(up.name(), up.values());
      weight.load(merged(layer));
      up.load(new float[Math.toIntExact(up.size())]);
    }
  }

  /**
   * Puts weights and adapters back, bit for bit.
   *
   * @throws IllegalStateException if it is not merged, or was trained meanwhile
   */
  public void unmerge() {
    if (before.isEmpty()) {
      throw new IllegalStateException("The adapters are not merged: there is nothing to undo.");
    }
    for (String layer : layers) {
      for (float value : parameter(layer + UP).values()) {
        if (value != 0) {
          throw new IllegalStateException(
              "The adapter of "
                  + layer
                  + " was trained while it was merged into the weight. Unmerge before training.");
        }
      }
    }
    before.forEach((name, values) -> parameter(name).load(values));
    before.clear();
  }

  /** A new model without adapters that computes the same; whoever asks for it closes it. */
  public LanguageModel mergedModel() {
    LanguageModel plain =
        model instanceof Gpt
            ? new Gpt((GptConfig) model.config(), 0)
            : new Llama((LlamaConfig) model.config(), 0);
    for (Parameter parameter : plain.parameters().stream().toList()) {
      String name = parameter.name();
      String layer = name.replaceFirst("\\.weight$", "");
      parameter.load(
          before.isEmpty() && name.endsWith(".weight") && layers.contains(layer)
              ? merged(layer)
              : parameter(name).values());
    }
    return plain;
  }

  private float[] merged(String layer) {
    try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
      NDArray weight = parameter(layer + ".weight").array();
      NDArray up = parameter(layer + UP).array();
      NDArray product = up.matMul(parameter(layer + DOWN).array());
      NDArray scale = scope.manager().create((float) shape.scale());
      return weight.add(product.mul(scale)).toFloatArray();
    }
  }

  private Parameter parameter(String name) {
    return model.parameters().get(name);
  }

  /**
   * Writes the adapters alone: a file whose size goes with the rank.
   *
   * @throws IllegalStateException if they are merged
   */
  public void save(Path file) {
    if (!before.isEmpty()) {
      throw new IllegalStateException(
          "The adapters are merged into the weights. Call unmerge first.");
    }
    Map<String, SafeTensors.Source> tensors = new LinkedHashMap<>();
    for (String layer : layers) {
      for (String part : List.of(DOWN, UP)) {
        NDArray array = parameter(layer + part).array();
        tensors.put(
            layer + part, new SafeTensors.Source(array.getShape().getShape(), array::toFloatArray));
      }
    }
    SafeTensors.write(
        file,
        tensors,
        Map.of(
            "format",
            FORMAT,
            "rank",
            Integer.toString(shape.rank()),
            "alpha",
            Double.toString(shape.alpha()),
            "base",
            baseHash));
  }

  /**
   * Attaches the adapters of a file to the model that they were trained for.
   *
   * @throws IllegalArgumentException if the file is no adapter, or one for another base model; the
   *     model is then unchanged
   */
  public static Lora load(LanguageModel base, Path file) {
    try (SafeTensors tensors = SafeTensors.open(file)) {
      Map<String, String> texts = tensors.metadata();
      if (!FORMAT.equals(texts.get("format"))) {
        throw new IllegalArgumentException(
            file + " holds no adapter: wanted the format " + FORMAT + ", got " + texts + ".");
      }
      String hash = hash(base);
      if (!hash.equals(texts.get("base"))) {
        throw new IllegalArgumentException(
            file
                + " holds an adapter for a base model with hash "
                + texts.get("base")
                + ", this one has "
                + hash
                + ". Load the base model that it was trained for, with the same weights.");
      }
      LowRank shape =
          new LowRank(Integer.parseInt(texts.get("rank")), Double.parseDouble(texts.get("alpha")));
      List<String> names = new ArrayList<>(tensors.names());
      Lora lora = attach(base, shape, layer -> names.contains(layer + DOWN));
      names.forEach(name -> tensors.copyTo(name, lora.parameter(name).array(), false));
      return lora;
    }
  }

  /** SHA-256 of a model's config and of its weights without adapters. */
  private static String hash(LanguageModel model) {
    Parameters parameters = model.parameters();
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(new Gson().toJson(model.config()).getBytes(StandardCharsets.UTF_8));
      parameters.stream()
          .filter(parameter -> !parameter.name().contains(".adapter."))
          .forEach(
              parameter -> {
                digest.update(parameter.name().getBytes(StandardCharsets.UTF_8));
                float[] values = parameter.values();
                ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length);
                bytes.asFloatBuffer().put(values);
                digest.update(bytes);
              });
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256.", e);
    }
  }
}
