package grounds.model.script;

import ai.djl.ndarray.NDArray;
import grounds.model.DecoderConfig;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.model.Llama;
import grounds.model.LlamaConfig;
import grounds.model.ValueOnly;
import grounds.model.layer.CausalMean;
import grounds.model.layer.RotaryPositions;
import grounds.tensor.Parameters;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/** What a family puts into the skeleton of a {@link DecoderScript}; names are those of weights. */
interface Family {

  /** The script parts of a model's family, if it has them. */
  static Optional<Family> of(LanguageModel model) {
    if (model instanceof Gpt gpt) {
      return Optional.of(new GptFamily(gpt.config(), adapterScale(model)));
    }
    if (model instanceof ValueOnly valueOnly) {
      return Optional.of(new ValueOnlyFamily(valueOnly.config().skeleton(), adapterScale(model)));
    }
    if (model instanceof Llama llama) {
      return Optional.of(new LlamaFamily(llama.config(), adapterScale(model)));
    }
    return Optional.empty();
  }

  /** For the name of a linear layer, alpha / rank of its adapter. */
  private static Function<String, OptionalDouble> adapterScale(LanguageModel model) {
    return name ->
        model.adapter().isPresent()
                && model.parameters().byName().containsKey(name + ".adapter.down.weight")
            ? OptionalDouble.of(model.adapter().get().scale())
            : OptionalDouble.empty();
  }

  /** The model's shape. */
  DecoderConfig config();

  /** Heads of keys and values. */
  default int keyValueHeads() {
    return config().heads();
  }

  /** The width of one head. */
  default int headDim() {
    return config().channels() / config().heads();
  }

  /** The name of the table of learned positions. */
  Optional<String> positionTable();

  ScriptPart norm(String name);

  ScriptPart attention(String name, int block);

  ScriptPart feedForward(String name);

  /** Tensors that never change, made and owned by the given set. */
  List<NDArray> constants(Parameters owner);

  /** How many values one position leaves in a block for the backward pass. */
  long valuesPerPosition();

  /** GPT-2's parts. */
  class GptFamily implements Family {

    /** PyTorch's and GPT-2's value, as in the readable layer. */
    private static final double EPSILON = 1e-5;

    private final GptConfig config;
    private final Function<String, OptionalDouble> adapterScale;

    GptFamily(GptConfig config, Function<String, OptionalDouble> adapterScale) {
      this.config = config;
      this.adapterScale = adapterScale;
    }

    @Override
    public DecoderConfig config() {
      return config;
    }

    @Override
    public Optional<String> positionTable() {
      return Optional.of("positionEmbedding.weight");
    }

    @Override
    public ScriptPart norm(String name) {
      return new LayerNormPart(name, config.channels(), config.bias(), EPSILON);
    }

    @Override
    public ScriptPart attention(String name, int block) {
      return new SelfAttentionPart(
          linear(name + ".queryKeyValue"),
          linear(name + ".output"),
          new AttentionCore(block, config.heads(), config.heads(), headDim()),
          config.heads(),
          headDim());
    }

    @Override
    public ScriptPart feedForward(String name) {
      return new FeedForwardPart(
          linear(name + ".expand"), linear(name + ".contract"), config.tanhGelu());
    }

    /** A linear layer, with its adapter, alpha / rank of which is known by name. */
    final ScriptPart linear(String name) {
      return new LinearPart(name, config.bias(), adapterScale.apply(name));
    }

    @Override
    public List<NDArray> constants(Parameters owner) {
      return List.of();
    }

    /**
     * Two streams, two norms, query, key, value, their mix, and the wide layer before and after.
     */
    @Override
    public long valuesPerPosition() {
      return (2 + 2 + 3 + 1 + 4 + 4) * (long) config.channels();
    }
  }

  /** GPT-2's parts, but for attention. */
  final class ValueOnlyFamily extends GptFamily {

    ValueOnlyFamily(GptConfig skeleton, Function<String, OptionalDouble> adapterScale) {
      super(skeleton, adapterScale);
    }

    @Override
    public ScriptPart attention(String name, int block) {
      return new CausalMeanPart(
          linear(name + ".value"), linear(name + ".output"), block, config().channels());
    }

    /** The averaging matrix, transposed. */
    @Override
    public List<NDArray> constants(Parameters owner) {
      int time = config().contextLength();
      return List.of(owner.constant(CausalMean.meanWeights(time), time, time));
    }
  }

  /**
   * Llama's parts.
   *
   * @param adapterScale alpha / rank of the adapter of the linear layer of that name
   */
  record LlamaFamily(LlamaConfig config, Function<String, OptionalDouble> adapterScale)
      implements Family {

    @Override
    public int keyValueHeads() {
      return config.keyValueHeads();
    }

    @Override
    public Optional<String> positionTable() {
      return Optional.empty();
    }

    @Override
    public ScriptPart norm(String name) {
      return new RmsNormPart(name, config.normEpsilon());
    }

    @Override
    public ScriptPart attention(String name, int block) {
      return new GroupedAttentionPart(
          linear(name + ".query"),
          linear(name + ".key"),
          linear(name + ".value"),
          linear(name + ".output"),
          new AttentionCore(block, config.heads(), config.keyValueHeads(), headDim()),
          config.heads(),
          config.keyValueHeads(),
          headDim());
    }

    @Override
    public ScriptPart feedForward(String name) {
      return new GatedFeedForwardPart(
          linear(name + ".gate"), linear(name + ".expand"), linear(name + ".contract"));
    }

    private ScriptPart linear(String name) {
      return new LinearPart(name, false, adapterScale.apply(name));
    }

    /** As for GPT-2, but norms leave two vectors, and the wide layer four. */
    @Override
    public long valuesPerPosition() {
      long keysAndValues = 2L * config.keyValueHeads() * headDim();
      return (2 + 4 + 2) * (long) config.channels() + keysAndValues + 4L * config.hidden();
    }

    /** The cosines and sines of all places. */
    @Override
    public List<NDArray> constants(Parameters owner) {
      RotaryPositions rotary =
          new RotaryPositions(owner, config.contextLength(), headDim(), config.rotaryBase());
      return List.of(rotary.cosines(), rotary.sines());
    }
  }
}
