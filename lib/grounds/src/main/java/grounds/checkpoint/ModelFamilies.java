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
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** Which config record makes which model: the families that a checkpoint can open by itself. */
final class ModelFamilies {

  private record Family<C extends ModelConfig>(Class<C> config, Function<C, LanguageModel> create) {
    LanguageModel create(String json) {
      return create.apply(new Gson().fromJson(json, config));
    }
  }

  /** The weights are overwritten at once, so any seed will do. */
  private static final long ANY_SEED = 0;

  private static final Map<String, Family<?>> FAMILIES = new LinkedHashMap<>();

  static {
    add("bigram", Bigram.Config.class, c -> new Bigram(c, ANY_SEED));
    add("value-only", ValueOnly.Config.class, c -> new ValueOnly(c, ANY_SEED));
    add("gpt", GptConfig.class, c -> new Gpt(c, ANY_SEED));
    add("llama", LlamaConfig.class, c -> new Llama(c, ANY_SEED));
  }

  private ModelFamilies() {}

  private static <C extends ModelConfig> void add(
      String name, Class<C> config, Function<C, LanguageModel> create) {
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
    try {
      return known.create(configJson);
    } catch (JsonParseException e) {
      throw new IllegalArgumentException(
          "The config of this " + family + " model is not readable: " + configJson, e);
    }
  }
}
