package grounds.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import grounds.model.layer.Dropout;
import grounds.model.layer.Embedding;
import grounds.model.layer.KeyValueCache;
import grounds.model.layer.Layer;
import grounds.model.layer.Linear;
import grounds.model.layer.LowRank;
import grounds.model.layer.PlacedLayer;
import grounds.model.layer.TransformerBlock;
import grounds.tensor.Parameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The skeleton of {@link Gpt}, {@link ValueOnly} and {@link Llama}: token table, blocks around one
 * residual stream, a last norm, a head. The families differ in the {@link Parts} alone.
 */
final class Decoder {

  /** GPT-2's initialisation. */
  static final double STANDARD_DEVIATION = 0.02;

  private final DecoderConfig config;
  private final Parameters parameters;
  private final Embedding tokenEmbedding;
  private final PlacedLayer positions;
  private final Dropout dropout;
  private final List<TransformerBlock> blocks = new ArrayList<>();
  private final Layer finalNorm;
  private final Linear head;
  private Optional<LowRank> adapter = Optional.empty();

  /**
   * What a family puts into the skeleton. Each layer is made in a name space of its own, and takes
   * and gives [batch, time, channels].
   */
  interface Parts {

    /** What is done to the tokens' vectors so that their places can be told apart. */
    PlacedLayer positions(Parameters parameters);

    /** A norm, before each part of a block and before the head. */
    Layer norm(Parameters parameters);

    /** The layer of one block that mixes positions, its output drawn with the given deviation. */
    Layer attention(Parameters parameters, double residualStandardDeviation);

    /** The layer of one block that works on each position alone, likewise. */
    Layer feedForward(Parameters parameters, double residualStandardDeviation);
  }

  Decoder(DecoderConfig config, Parameters parameters, Parts parts) {
    this.config = config;
    this.parameters = parameters;
    int channels = config.channels();
    // Every block adds to the stream twice: smaller steps keep its variance where it started.
    double residual = STANDARD_DEVIATION / Math.sqrt(2.0 * config.layers());
    tokenEmbedding =
        new Embedding(
            parameters.in("tokenEmbedding"), config.vocabularySize(), channels, STANDARD_DEVIATION);
    positions = parts.positions(parameters.in("positionEmbedding"));
    dropout = new Dropout(config.dropout());
    for (int i = 0; i < config.layers(); i++) {
      Parameters block = parameters.in("blocks." + i);
      blocks.add(
          new TransformerBlock(
              parts.norm(block.in("attentionNorm")),
              parts.attention(block.in("attention"), residual),
              parts.norm(block.in("feedForwardNorm")),
              parts.feedForward(block.in("feedForward"), residual),
              dropout));
    }
    finalNorm = parts.norm(parameters.in("finalNorm"));
    head =
        config.tiedHead()
            ? new Linear(tokenEmbedding.weight())
            : new Linear(
                parameters.in("head"),
                channels,
                config.vocabularySize(),
                false,
                STANDARD_DEVIATION);
  }

  NDArray logits(NDArray ids, boolean training, Inserts inserts) {
    NDArray x = embed(ids, training, inserts);
    for (int i = 0; i < blocks.size(); i++) {
      x =
          blocks
              .get(i)
              .forward(x, training, inserts.afterAttention(i), inserts.afterFeedForward(i));
    }
    return head.forward(finalNorm.forward(x, training), training);
  }

  /** Reads on in some texts and scores what may follow, [texts, vocabularySize]. */
  NDArray next(NDArray ids, List<KeyValueCache> caches) {
    NDArray x = positions.forwardFrom(tokenEmbedding.forward(ids, false), caches.get(0).length());
    for (int i = 0; i < blocks.size(); i++) {
      x = blocks.get(i).read(x, caches.get(i));
    }
    NDArray last = x.get(new NDIndex(":, -1"));
    return head.forward(finalNorm.forward(last, false), false);
  }

  /** A reader that keeps keys and values. */
  TextReader reader() {
    return new CachingReader(this, parameters.manager(), blocks.size());
  }

  DecoderConfig config() {
    return config;
  }

  /** For each block what its heads look at, [batch, heads, time, time]. */
  List<NDArray> attentionWeights(NDArray ids) {
    List<NDArray> weights = new ArrayList<>();
    NDArray x = embed(ids, false, Inserts.NONE);
    for (TransformerBlock block : blocks) {
      weights.add(block.attentionWeights(x));
      x = block.forward(x, false);
    }
    return weights;
  }

  /** Freezes every weight, and adapts the linear layers of the blocks whose names are targets. */
  void adapt(LowRank adapter, Predicate<String> targets) {
    if (this.adapter.isPresent()) {
      throw new IllegalStateException(
          "Wanted a model without adapters, this one has "
              + this.adapter.get()
              + ". Make a new model from its weights to adapt it in another way.");
    }
    List<Linear> linears = blocks.stream().flatMap(Layer::linears).toList();
    List<Linear> chosen = linears.stream().filter(l -> targets.test(l.name())).toList();
    if (chosen.isEmpty()) {
      throw new IllegalArgumentException(
          "Wanted a layer to adapt, got none: the model has "
              + linears.stream().map(Linear::name).toList()
              + ".");
    }
    chosen.forEach(linear -> linear.requireFits(adapter));
    parameters.freeze();
    chosen.forEach(linear -> linear.adapt(adapter));
    this.adapter = Optional.of(adapter);
  }

  Optional<LowRank> adapter() {
    return adapter;
  }

  private NDArray embed(NDArray ids, boolean training, Inserts inserts) {
    config.requireFits(ids.getShape().get(1));
    NDArray tokens = tokenEmbedding.forward(ids, training);
    NDArray all = inserts.afterEmbedding().forward(tokens, training);
    config.requireFits(all.getShape().get(1));
    return dropout.forward(positions.forward(all, training), training);
  }
}
