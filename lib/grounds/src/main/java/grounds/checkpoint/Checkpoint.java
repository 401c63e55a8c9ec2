package grounds.checkpoint;

import ai.djl.ndarray.NDArray;
import com.google.gson.Gson;
import grounds.model.LanguageModel;
import grounds.tensor.Parameter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A model on disk: one safetensors file with its weights under {@code model.}, its config, and what
 * a training run adds to go on exactly where it was.
 */
public final class Checkpoint implements AutoCloseable {

  /** Raised when an older reader would misread a newer file. */
  private static final String FORMAT = "grounds-1";

  private static final String WEIGHTS = "model.";

  private final SafeTensors tensors;

  private Checkpoint(SafeTensors tensors) {
    this.tensors = tensors;
  }

  /** Writes a model's weights and config, whole or not at all. */
  public static void write(Path file, LanguageModel model) {
    write(file, model, Map.of(), Map.of());
  }

  /**
   * Writes a model, and tensors and texts beside it.
   *
   * @param extraTensors such as an optimizer's, under names that do not start with {@code model.}
   * @param extraTexts such as the position in the data
   */
  public static void write(
      Path file,
      LanguageModel model,
      Map<String, NDArray> extraTensors,
      Map<String, String> extraTexts) {
    Map<String, SafeTensors.Source> sources = new LinkedHashMap<>();
    model.parameters().stream().forEach(p -> sources.put(WEIGHTS + p.name(), source(p.array())));
    extraTensors.forEach((name, array) -> sources.put(name, source(array)));
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("format", FORMAT);
    texts.put("family", ModelFamilies.nameOf(model.config()));
    texts.put("config", new Gson().toJson(model.config()));
    texts.putAll(extraTexts);
    SafeTensors.write(file, sources, texts);
  }

  private static SafeTensors.Source source(NDArray array) {
    return new SafeTensors.Source(array.getShape().getShape(), array::toFloatArray);
  }

  /**
   * Opens a checkpoint.
   *
   * @throws IllegalArgumentException if the file is truncated or not one of ours
   */
  public static Checkpoint open(Path file) {
    SafeTensors tensors = SafeTensors.open(file);
    String format = tensors.metadata().get("format");
    if (!FORMAT.equals(format)) {
      tensors.close();
      throw new IllegalArgumentException(
          file
              + " is a safetensors file, but not a checkpoint of this library: wanted the format '"
              + FORMAT
              + "', got "
              + (format == null ? "none" : "'" + format + "'")
              + ".");
    }
    return new Checkpoint(tensors);
  }

  /** Reads a model from a checkpoint: its config, then its weights. */
  public static LanguageModel load(Path file) {
    try (Checkpoint checkpoint = open(file)) {
      LanguageModel model =
          ModelFamilies.create(checkpoint.text("family"), checkpoint.text("config"));
      try {
        checkpoint.restore(model);
        model.parameters().filled();
        return model;
      } catch (RuntimeException e) {
        model.close();
        throw e;
      }
    }
  }

  /**
   * Fills a model of the same config with the stored weights.
   *
   * @throws IllegalArgumentException if the config, or the name or shape of any tensor, differs;
   *     the model is then unchanged
   */
  public void restore(LanguageModel model) {
    String wanted = new Gson().toJson(model.config());
    if (!ModelFamilies.isStored(model.config(), text("family"), text("config"))) {
      throw new IllegalArgumentException(
          tensors.file()
              + " holds a model "
              + text("family")
              + " "
              + text("config")
              + ", the model to fill is "
              + ModelFamilies.nameOf(model.config())
              + " "
              + wanted
              + ". Build the model with the stored config.");
    }
    Map<String, NDArray> targets =
        model.parameters().stream()
            .collect(
                Collectors.toMap(
                    p -> WEIGHTS + p.name(), Parameter::array, (a, b) -> a, LinkedHashMap::new));
    List<String> stored =
        tensors.names().stream().filter(name -> name.startsWith(WEIGHTS)).toList();
    requireSame(targets.keySet(), stored);
    fill(targets);
  }

  /**
   * Fills tensors with the stored ones of the same names.
   *
   * @throws IllegalArgumentException if one is missing or has another shape; nothing is then
   *     changed
   */
  public void fill(Map<String, NDArray> targets) {
    List<String> wrong = new ArrayList<>();
    targets.forEach(
        (name, array) -> {
          if (!tensors.names().contains(name)) {
            wrong.add(name + " is missing");
          } else if (!Arrays.equals(tensors.shape(name), array.getShape().getShape())) {
            wrong.add(
                name
                    + " is "
                    + Arrays.toString(tensors.shape(name))
                    + ", wanted "
                    + array.getShape());
          }
        });
    if (!wrong.isEmpty()) {
      throw new IllegalArgumentException(tensors.file() + " does not fit: " + wrong + ".");
    }
    targets.forEach((name, array) -> tensors.copyTo(name, array, false));
  }

  private void requireSame(Set<String> wanted, Collection<String> stored) {
    Set<String> missing = new TreeSet<>(wanted);
    missing.removeAll(stored);
    Set<String> extra = new TreeSet<>(stored);
    extra.removeAll(wanted);
    if (!missing.isEmpty() || !extra.isEmpty()) {
      throw new IllegalArgumentException(
          tensors.file() + " does not fit: it lacks " + missing + " and has beside " + extra + ".");
    }
  }

  /**
   * A text stored beside the tensors.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  public String text(String name) {
    String text = tensors.metadata().get(name);
    if (text == null) {
      throw new IllegalArgumentException(
          tensors.file()
              + " holds no '"
              + name
              + "', only "
              + tensors.metadata().keySet()
              + ": it was written for another purpose.");
    }
    return text;
  }

  /** Closes the file. */
  @Override
  public void close() {
    tensors.close();
  }
}
