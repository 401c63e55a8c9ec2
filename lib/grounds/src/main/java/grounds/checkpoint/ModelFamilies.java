package grounds.checkpoint;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import grounds.model.Bigram;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.model.Llama;
import grounds.model.LlamaConfig;
import grounds.model.ModelConfig;
import grounds.model.ValueOnly;
import grounds.tensor.Parameters;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;

/** Which config record makes which model: the families that a checkpoint can open by itself. */
final class ModelFamilies {

  private record Family<C extends ModelConfig>(
      Class<C> config, BiFunction<C, Parameters, LanguageModel> create) {

    C config(String json) {
      return new Gson().fromJson(json, config);
    }

    LanguageModel create(String json, Parameters parameters) {
      return create.apply(config(json), parameters);
    }
  }

  private static final Map<String, Family<?>> FAMILIES = new LinkedHashMap<>();

  static {
    add("bigram", Bigram.Config.class, Bigram::new);
    add("value-only", ValueOnly.Config.class, ValueOnly::new);
    add("gpt", GptConfig.class, Gpt::new);
    add("llama", LlamaConfig.class, Llama::new);
  }

  private ModelFamilies() {}

  private static <C extends ModelConfig> void add(
      String name, Class<C> config, BiFunction<C, Parameters, LanguageModel> create) {
    FAMILIES.put(name, new Family<>(config, create));
  }

  /** The family's name, or the class name of a config that is not ours. */
  static String nameOf(ModelConfig config) {
    return FAMILIES.entrySet().stream()
        .filter(entry -> entry.getValue().config.isInstance(config))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(config.getClass().getName());
  }

  /** A model of that family, its weights not yet filled. */
  static LanguageModel create(String family, String configJson) {
    Family<?> known = FAMILIES.get(family);
    if (known == null) {
      throw new IllegalArgumentException(
          "Wanted a model of one of the families "
              + FAMILIES.keySet()
              + ", got '"
              + family
              + "'. Build the model yourself and restore the checkpoint into it.");
    }
    Parameters parameters = Parameters.toFill();
    try {
      return known.create(configJson, parameters);
    } catch (JsonParseException e) {
      parameters.close();
      throw unreadable(family, configJson, e);
    } catch (RuntimeException e) {
      parameters.close();
      throw e;
    }
  }

  /**
   * Whether a stored config is the given one. Compared as values: a config of an older version
   * lacks what came later, and means its default.
   */
  static boolean isStored(ModelConfig config, String family, String configJson) {
    Family<?> known = FAMILIES.get(family);
    if (known == null) {
      return family.equals(nameOf(config)) && configJson.equals(new Gson().toJson(config));
    }
    try {
      return config.equals(known.config(configJson));
    } catch (JsonParseException e) {
      throw unreadable(family, configJson, e);
    }
  }

  private static IllegalArgumentException unreadable(
      String family, String configJson, JsonParseException cause) {
    return new IllegalArgumentException(
        "The config of this " + family + " model is not readable: " + configJson, cause);
  }
}
