package grounds.checkpoint;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.model.ModelConfig;
import grounds.tensor.Parameters;
import java.util.Map;

/** GPT-2 as transformers writes it: each matrix of a block as [inputs, outputs], "Conv1D". */
final class PublishedGpt implements PublishedFamily {

  private static final double EPSILON = 1e-5;
  private static final String EXACT = "gelu";
  private static final String TANH = "gelu_new";

  /** Their token that ends a text, in the vocabulary of GPT-2. */
  private static final int END_OF_TEXT = 50256;

  @Override
  public String modelType() {
    return "gpt2";
  }

  @Override
  public String architecture() {
    return "GPT2LMHeadModel";
  }

  @Override
  public boolean has(ModelConfig config) {
    return config instanceof GptConfig;
  }

  @Override
  public GptConfig config(PublishedConfig json) {
    int channels = json.number("n_embd");
    json.require("n_inner", 4 * channels, json.number("n_inner", 4 * channels));
    json.require("layer_norm_epsilon", EPSILON, json.decimal("layer_norm_epsilon", EPSILON));
    json.require("scale_attn_weights", true, json.flag("scale_attn_weights", true));
    json.require(
        "scale_attn_by_inverse_layer_idx",
        false,
        json.flag("scale_attn_by_inverse_layer_idx", false));
    json.require("add_cross_attention", false, json.flag("add_cross_attention", false));
    String activation = json.text("activation_function", TANH);
    boolean tanh = activation.equals(TANH) || activation.equals("gelu_pytorch_tanh");
    if (!tanh) {
      json.require("activation_function", EXACT, activation);
    }
    return new GptConfig(
        json.number("vocab_size"),
        json.number("n_positions", json.number("n_ctx", 1024)),
        channels,
        json.number("n_layer"),
        json.number("n_head"),
        json.decimal("resid_pdrop", 0.1),
        true,
        json.flag("tie_word_embeddings", true),
        tanh);
  }

  @Override
  public void write(ModelConfig config, JsonObject json) {
    GptConfig gpt = (GptConfig) config;
    json.addProperty("activation_function", gpt.tanhGelu() ? TANH : EXACT);
    json.addProperty("vocab_size", gpt.vocabularySize());
    json.addProperty("n_positions", gpt.contextLength());
    json.addProperty("n_embd", gpt.channels());
    json.addProperty("n_layer", gpt.layers());
    json.addProperty("n_head", gpt.heads());
    json.addProperty("layer_norm_epsilon", EPSILON);
    json.addProperty("attn_pdrop", gpt.dropout());
    json.addProperty("embd_pdrop", gpt.dropout());
    json.addProperty("resid_pdrop", gpt.dropout());
    json.addProperty("tie_word_embeddings", gpt.tiedHead());
    for (String end : new String[] {"bos_token_id", "eos_token_id"}) {
      json.add(end, JsonNull.INSTANCE);
      if (gpt.vocabularySize() > END_OF_TEXT) {
        json.addProperty(end, END_OF_TEXT);
      }
    }
  }

  @Override
  public LanguageModel create(ModelConfig config, Parameters parameters) {
    return new Gpt((GptConfig) config, parameters);
  }

  @Override
  public String prefix() {
    return "transformer.";
  }

  @Override
  public Map<String, String> words() {
    return Map.ofEntries(
        Map.entry("tokenEmbedding", "wte"),
        Map.entry("positionEmbedding", "wpe"),
        Map.entry("blocks", "h"),
        Map.entry("attentionNorm", "ln_1"),
        Map.entry("attention", "attn"),
        Map.entry("queryKeyValue", "c_attn"),
        Map.entry("output", "c_proj"),
        Map.entry("feedForwardNorm", "ln_2"),
        Map.entry("feedForward", "mlp"),
        Map.entry("expand", "c_fc"),
        Map.entry("contract", "c_proj"),
        Map.entry("finalNorm", "ln_f"),
        Map.entry("head", "lm_head"));
  }

  @Override
  public boolean isTransposed(String name) {
    return name.startsWith("blocks.") && name.endsWith(".weight") && !name.contains("Norm.");
  }

  /** Their layers and norms always have one. */
  @Override
  public boolean wantsBias(String weight) {
    return weight.startsWith("blocks.") || weight.startsWith("finalNorm.");
  }

  /** Older files hold the causal mask of every block. */
  @Override
  public boolean isConstant(String name) {
    return name.endsWith(".attn.bias") || name.endsWith(".attn.masked_bias");
  }

  @Override
  public boolean isTied(ModelConfig config) {
    return ((GptConfig) config).tiedHead();
  }
}
