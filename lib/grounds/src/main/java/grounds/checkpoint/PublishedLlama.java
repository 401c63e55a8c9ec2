package grounds.checkpoint;

import com.google.gson.JsonObject;
import grounds.model.LanguageModel;
import grounds.model.Llama;
import grounds.model.LlamaConfig;
import grounds.model.ModelConfig;
import grounds.model.layer.RotaryPositions;
import grounds.tensor.Parameters;
import java.util.Map;

/** Llama as transformers writes it. */
final class PublishedLlama implements PublishedFamily {

  private static final String ACTIVATION = "silu";

  @Override
  public String modelType() {
    return "llama";
  }

  @Override
  public String architecture() {
    return "LlamaForCausalLM";
  }

  @Override
  public boolean has(ModelConfig config) {
    return config instanceof LlamaConfig;
  }

  @Override
  public LlamaConfig config(PublishedConfig json) {
    int channels = json.number("hidden_size");
    int heads = json.number("num_attention_heads");
    json.require("head_dim", channels / heads, json.number("head_dim", channels / heads));
    json.require("hidden_act", ACTIVATION, json.text("hidden_act", ACTIVATION));
    json.require("attention_bias", false, json.flag("attention_bias", false));
    json.require("mlp_bias", false, json.flag("mlp_bias", false));
    // The scaling of turns has moved from one entry to another, and changed a word, over the years.
    PublishedConfig scaling = json.in("rope_scaling");
    PublishedConfig rotary = json.in("rope_parameters");
    String kind =
        rotary.text("rope_type", scaling.text("rope_type", scaling.text("type", "default")));
    json.require("rope_type", "default", kind);
    double base = json.decimal("rope_theta", RotaryPositions.BASE);
    return new LlamaConfig(
        json.number("vocab_size"),
        json.number("max_position_embeddings", 2048),
        channels,
        json.number("num_hidden_layers"),
        heads,
        json.number("num_key_value_heads", heads),
        json.number("intermediate_size"),
        rotary.decimal("rope_theta", base),
        json.decimal("rms_norm_eps", 1e-6),
        json.decimal("attention_dropout", 0),
        json.flag("tie_word_embeddings", false));
  }

  @Override
  public void write(ModelConfig config, JsonObject json) {
    LlamaConfig llama = (LlamaConfig) config;
    json.addProperty("vocab_size", llama.vocabularySize());
    json.addProperty("max_position_embeddings", llama.contextLength());
    json.addProperty("hidden_size", llama.channels());
    json.addProperty("num_hidden_layers", llama.layers());
    json.addProperty("num_attention_heads", llama.heads());
    json.addProperty("num_key_value_heads", llama.keyValueHeads());
    json.addProperty("head_dim", llama.channels() / llama.heads());
    json.addProperty("intermediate_size", llama.hidden());
    json.addProperty("hidden_act", ACTIVATION);
    json.addProperty("rms_norm_eps", llama.normEpsilon());
    json.addProperty("attention_dropout", llama.dropout());
    json.addProperty("attention_bias", false);
    json.addProperty("mlp_bias", false);
    json.addProperty("tie_word_embeddings", llama.tiedHead());
    // Readers of different ages look in different places.
    json.addProperty("rope_theta", llama.rotaryBase());
    JsonObject rotary = new JsonObject();
    rotary.addProperty("rope_theta", llama.rotaryBase());
    rotary.addProperty("rope_type", "default");
    json.add("rope_parameters", rotary);
  }

  @Override
  public LanguageModel create(ModelConfig config, Parameters parameters) {
    return new Llama((LlamaConfig) config, parameters);
  }

  @Override
  public String prefix() {
    return "model.";
  }

  @Override
  public Map<String, String> words() {
    return Map.ofEntries(
        Map.entry("tokenEmbedding", "embed_tokens"),
        Map.entry("blocks", "layers"),
        Map.entry("attentionNorm", "input_layernorm"),
        Map.entry("attention", "self_attn"),
        Map.entry("query", "q_proj"),
        Map.entry("key", "k_proj"),
        Map.entry("value", "v_proj"),
        Map.entry("output", "o_proj"),
        Map.entry("feedForwardNorm", "post_attention_layernorm"),
        Map.entry("feedForward", "mlp"),
        Map.entry("gate", "gate_proj"),
        Map.entry("expand", "up_proj"),
        Map.entry("contract", "down_proj"),
        Map.entry("finalNorm", "norm"),
        Map.entry("head", "lm_head"));
  }

  /** Older files hold the frequencies of the turns. */
  @Override
  public boolean isConstant(String name) {
    return name.endsWith(".rotary_emb.inv_freq");
  }

  @Override
  public boolean isTied(ModelConfig config) {
    return ((LlamaConfig) config).tiedHead();
  }
}
