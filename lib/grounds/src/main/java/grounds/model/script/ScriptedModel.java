package grounds.model.script;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import grounds.model.LanguageModel;
import grounds.model.ModelConfig;
import grounds.model.layer.LowRank;
import grounds.tensor.Parameter;
import grounds.tensor.Parameters;
import grounds.tensor.Script;
import grounds.tensor.ScriptModule;
import grounds.tensor.Threads;
import java.util.List;
import java.util.Optional;

/**
 * A model that computes by native code what the readable one computes, over the same weights: for
 * evaluation and generation. It does not train, and one thread at a time may use it.
 */
public final class ScriptedModel implements LanguageModel {

  private final LanguageModel model;
  private final NDManager manager;
  private final NDManager host;
  private final ScriptModule module;
  private int texts;
  private int read;

  private ScriptedModel(LanguageModel model, DecoderScript decoder) {
    this.model = model;
    this.manager = model.parameters().manager().newSubManager();
    this.host = manager.newSubManager(Device.cpu());
    List<Parameter> all = model.parameters().stream().toList();
    Script script = decoder.inference(all.stream().map(Parameter::name).toList());
    this.module = ScriptModule.load(manager, script);
    module.set("setup", List.of(all.stream().map(Parameter::array).toList()));
    List<NDArray> constants = decoder.constants(new Parameters(manager.newSubManager(), 0));
    if (!constants.isEmpty()) {
      module.set("setConstants", List.of(constants));
    }
  }

  /** The model as native code; empty if its family has no script, or the engine is not PyTorch. */
  public static Optional<ScriptedModel> of(LanguageModel model, ScriptOptions options) {
    return ScriptModule.isSupported(model.parameters().manager())
        ? DecoderScript.of(model, options).map(decoder -> new ScriptedModel(model, decoder))
        : Optional.empty();
  }

  /**
   * The scores of every possible next token.
   *
   * @throws IllegalArgumentException if asked to train
   */
  @Override
  public NDArray logits(NDArray ids, boolean training) {
    if (training) {
      throw new IllegalArgumentException(
          "A scripted model evaluates and generates. Train the model it was made of.");
    }
    config().requireFits(ids.getShape().get(1));
    return module.call("logits", ids);
  }

  @Override
  public NDArray surprises(NDArray ids, NDArray targets) {
    config().requireFits(ids.getShape().get(1));
    if (!ids.getShape().equals(targets.getShape())) {
      throw new IllegalArgumentException(
          "Wanted ids and targets of one shape [batch, time], got "
              + ids.getShape()
              + " and "
              + targets.getShape()
              + ".");
    }
    return module.call("evaluate", ids, targets);
  }

  /**
   * Makes room for the keys and values of that many texts; what was kept before is forgotten.
   *
   * @param texts 1 or more
   */
  public void begin(int texts) {
    if (texts < 1) {
      throw new IllegalArgumentException("Wanted room for 1 or more texts, got " + texts + ".");
    }
    // Two operations for each weight and token, over a whole context.
    Threads.chooseFor(2.0 * parameters().count() * config().contextLength() * texts);
    try (NDArray size = host.create((long) texts)) {
      module.call("begin", size).close();
    }
    this.texts = texts;
    this.read = 0;
  }

  /**
   * Reads the next tokens of every text, keeping their keys and values, and scores what may follow.
   *
   * @param ids int64 [batch, time], one row a text; all of a prompt, or one token each
   * @return float32 [batch, vocabularySize]; closed by the scope around the call
   * @throws IllegalStateException before {@link #begin}
   * @throws IllegalArgumentException if there are other texts than begun, or too many tokens
   */
  public NDArray next(NDArray ids) {
    if (texts == 0) {
      throw new IllegalStateException("Call begin(texts) first: it makes room for what is kept.");
    }
    if (ids.getShape().dimension() != 2 || ids.getShape().get(0) != texts) {
      throw new IllegalArgumentException(
          "Wanted the next tokens of "
              + texts
              + " texts as [batch, time], got "
              + ids.getShape()
              + ".");
    }
    long time = ids.getShape().get(1);
    config().requireFits(read + time);
    try (NDArray place = host.create((long) read)) {
      NDArray scores = module.call("generate", ids, place);
      read += (int) time;
      return scores;
    }
  }

  /** How many tokens of each text were read since {@link #begin}. */
  public int read() {
    return read;
  }

  @Override
  public ModelConfig config() {
    return model.config();
  }

  @Override
  public Parameters parameters() {
    return model.parameters();
  }

  @Override
  public Optional<LowRank> adapter() {
    return model.adapter();
  }

  /** Closes the native code; the weights stay with the model it was made of. */
  @Override
  public void close() {
    module.close();
    manager.close();
  }
}
