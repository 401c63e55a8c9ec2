package grounds.finetune;

import com.google.gson.Gson;
import grounds.checkpoint.SafeTensors;
import grounds.model.LanguageModel;
import grounds.model.layer.LowRank;
import grounds.tensor.Parameter;
import grounds.tensor.Parameters;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The adapters of a {@link Lora} on disk: their matrices in the safetensors format, and as texts
 * the rank, alpha, the names of the layers, and the base's family and hash.
 */
final class LoraFile implements AutoCloseable {

  private static final String FORMAT = "grounds-adapter-1";

  private final SafeTensors tensors;
  private final LowRank shape;
  private final List<String> layers;

  private LoraFile(SafeTensors tensors) {
    this.tensors = tensors;
    Map<String, String> texts = tensors.metadata();
    if (!FORMAT.equals(texts.get("format"))) {
      throw new IllegalArgumentException(
          tensors.file()
              + " holds no adapter: wanted the format "
              + FORMAT
              + ", got "
              + texts
              + ".");
    }
    this.shape = shape(tensors.file(), texts);
    this.layers = List.of(texts.getOrDefault("layers", "").split(","));
  }

  static void write(Path file, LanguageModel model, LowRank shape, List<String> layers) {
    Map<String, SafeTensors.Source> tensors = new LinkedHashMap<>();
    for (String layer : layers) {
      for (String part : List.of(Lora.DOWN, Lora.UP)) {
        Parameter parameter = model.parameters().get(layer + part);
        tensors.put(parameter.name(), new SafeTensors.Source(parameter.shape(), parameter::values));
      }
    }
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("format", FORMAT);
    texts.put("rank", Integer.toString(shape.rank()));
    texts.put("alpha", Double.toString(shape.alpha()));
    texts.put("layers", String.join(",", layers));
    texts.put("family", Lora.family(model));
    texts.put("base", hash(model));
    SafeTensors.write(file, tensors, texts);
  }

  static LoraFile open(Path file) {
    SafeTensors tensors = SafeTensors.open(file);
    try {
      return new LoraFile(tensors);
    } catch (RuntimeException e) {
      tensors.close();
      throw e;
    }
  }

  LowRank shape() {
    return shape;
  }

  List<String> layers() {
    return layers;
  }

  void copyTo(Parameter target) {
    tensors.copyTo(target.name(), target.array(), false);
  }

  /** Fails unless these are adapters of that model, saying in what it differs. */
  void requireFits(LanguageModel base) {
    requireSame("a model of the family", tensors.metadata().get("family"), Lora.family(base));
    requireMatrices(base.parameters());
    requireSame("a base model with hash", tensors.metadata().get("base"), hash(base));
  }

  private static LowRank shape(Path file, Map<String, String> texts) {
    try {
      return new LowRank(
          Integer.parseInt(texts.getOrDefault("rank", "none")),
          Double.parseDouble(texts.getOrDefault("alpha", "none")));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + " has no readable rank and alpha: " + texts, e);
    }
  }

  private void requireSame(String what, String stored, String given) {
    if (!given.equals(stored)) {
      throw new IllegalArgumentException(
          tensors.file()
              + " holds an adapter for "
              + what
              + " "
              + stored
              + ", got "
              + given
              + ". Load the base model that it was trained for, with the same weights.");
    }
  }

  /** Fails unless the file has both matrices of each layer, and they fit the model's weights. */
  private void requireMatrices(Parameters parameters) {
    List<String> wrong = new ArrayList<>();
    for (String layer : layers) {
      Parameter weight = parameters.byName().get(layer + ".weight");
      if (weight == null) {
        wrong.add(layer + " is no layer of the model");
        continue;
      }
      long[] sides = weight.shape();
      Map<String, long[]> wanted =
          Map.of(
              layer + Lora.DOWN, new long[] {shape.rank(), sides[1]},
              layer + Lora.UP, new long[] {sides[0], shape.rank()});
      wanted.forEach(
          (name, sizes) -> {
            String got =
                tensors.names().contains(name) ? Arrays.toString(tensors.shape(name)) : "none";
            if (!got.equals(Arrays.toString(sizes))) {
              wrong.add(name + ": wanted " + Arrays.toString(sizes) + ", got " + got);
            }
          });
    }
    if (!wrong.isEmpty()) {
      throw new IllegalArgumentException(
          tensors.file() + " holds an adapter that does not fit the model: " + wrong + ".");
    }
  }

  /** Closes the file. */
  @Override
  public void close() {
    tensors.close();
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
