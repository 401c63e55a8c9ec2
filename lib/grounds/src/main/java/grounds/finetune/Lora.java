package grounds.finetune;

import ai.djl.ndarray.NDArray;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.model.Llama;
import grounds.model.LlamaConfig;
import grounds.model.layer.LowRank;
import grounds.tensor.Parameter;
import grounds.tensor.Parameters;
import grounds.tensor.TensorScope;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

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

  static final String DOWN = ".adapter.down.weight";
  static final String UP = ".adapter.up.weight";

  private final LanguageModel model;
  private final LowRank shape;
  private final List<String> layers;

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
          "Wanted a Gpt or a Llama to adapt, got a " + family(model) + ".");
    }
    return new Lora(model, shape);
  }

  /**
   * The adapters that a model has already, such as one from a checkpoint.
   *
   * @throws IllegalArgumentException if it has none
   */
  public static Lora of(LanguageModel model) {
    LowRank shape =
        model
            .adapter()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "Wanted a model with adapters, got a "
                            + family(model)
                            + " without. Call Lora.attach or Lora.load."));
    return new Lora(model, shape);
  }

  /** How many values the adapters have: those that training moves. */
  public long trained() {
    return names().stream().mapToLong(name -> parameter(name).size()).sum();
  }

  /** The share of the model's values, its adapters' among them, that are trained. */
  public double trainedShare() {
    return (double) trained() / model.parameters().count();
  }

  /**
   * Adds what the adapters do to the weights, and sets the adapters to nothing: logits stay as they
   * are but for rounding. Until {@link #unmerge} the adapters are frozen, so that there is nothing
   * to train, and the adapted weights are kept a second time, in Java's memory, as they were: to
   * subtract what was added would bring them back but for rounding.
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
    setTrained(false);
  }

  /**
   * Puts weights and adapters back, bit for bit.
   *
   * @throws IllegalStateException if it is not merged, or the adapters were changed meanwhile
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
                  + " was changed while it was merged into the weight. Unmerge first, then fill"
                  + " it.");
        }
      }
    }
    before.forEach((name, values) -> parameter(name).load(values));
    before.clear();
    setTrained(true);
  }

  private void setTrained(boolean trained) {
    names().forEach(name -> parameter(name).array().setRequiresGradient(trained));
  }

  /** A new model without adapters that computes the same; whoever asks for it closes it. */
  public LanguageModel mergedModel() {
    LanguageModel plain =
        model instanceof Gpt
            ? new Gpt((GptConfig) model.config(), Parameters.toFill())
            : new Llama((LlamaConfig) model.config(), Parameters.toFill());
    for (Parameter parameter : plain.parameters().stream().toList()) {
      String name = parameter.name();
      String layer = name.replaceFirst("\\.weight$", "");
      parameter.load(
          before.isEmpty() && name.endsWith(".weight") && layers.contains(layer)
              ? merged(layer)
              : parameter(name).values());
    }
    plain.parameters().filled();
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

  /** The names of the adapters' matrices. */
  private List<String> names() {
    return layers.stream().flatMap(layer -> Stream.of(layer + DOWN, layer + UP)).toList();
  }

  private Parameter parameter(String name) {
    return model.parameters().get(name);
  }

  /**
   * Writes the adapters alone, whole or not at all: a file whose size goes with the rank. It says
   * of which base they are by a hash of its config and weights.
   *
   * @throws IllegalStateException if they are merged
   */
  public void save(Path file) {
    if (!before.isEmpty()) {
      throw new IllegalStateException(
          "The adapters are merged into the weights. Call unmerge first.");
    }
    LoraFile.write(file, model, shape, layers);
  }

  /**
   * Attaches the adapters of a file to the model that they were trained for.
   *
   * @throws IllegalArgumentException if the file is no adapter, or one for another family, other
   *     shapes, or another config or other weights; the model is then unchanged
   * @throws IllegalStateException if the model has adapters already
   */
  public static Lora load(LanguageModel base, Path file) {
    try (LoraFile adapters = LoraFile.open(file)) {
      adapters.requireFits(base);
      Lora lora = attach(base, adapters.shape(), adapters.layers()::contains);
      lora.names().forEach(name -> adapters.copyTo(lora.parameter(name)));
      return lora;
    }
  }

  static String family(LanguageModel model) {
    return model.getClass().getSimpleName();
  }
}
