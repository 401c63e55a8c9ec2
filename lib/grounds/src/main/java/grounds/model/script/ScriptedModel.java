package grounds.model.script;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import grounds.model.LanguageModel;
import grounds.model.ModelConfig;
import grounds.model.TextReader;
import grounds.model.layer.LowRank;
import grounds.tensor.Parameter;
import grounds.tensor.Parameters;
import grounds.tensor.Precision;
import grounds.tensor.PrecisionProbe;
import grounds.tensor.ProductKernel;
import grounds.tensor.Script;
import grounds.tensor.ScriptModule;
import grounds.tensor.Threads;
import java.util.Arrays;
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
  private TextReader owner;

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
    NDManager manager = model.parameters().manager();
    if (!ScriptModule.isSupported(manager)) {
      return Optional.empty();
    }
    boolean narrow = options.precision() == Precision.BFLOAT16 && !manager.getDevice().isGpu();
    ScriptOptions best =
        narrow
            ? options.withProducts(
                PrecisionProbe.packsBfloat16(manager)
                    ? ProductKernel.ONEDNN
                    : ProductKernel.DEFAULT)
            : options;
    return DecoderScript.of(model, best).map(decoder -> new ScriptedModel(model, decoder));
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
   * Keeps keys and values. There is room for one reader's: when another begins to read, it takes
   * the room. In bfloat16 a reader reads with the weights as they were when it began.
   */
  @Override
  public TextReader reader() {
    return new Reader();
  }

  private final class Reader implements TextReader {

    private int texts;
    private int length;

    @Override
    public NDArray next(NDArray ids) {
      TextReader.requireFits(ids, texts, length, config());
      if (length == 0) {
        begin((int) ids.getShape().get(0));
      }
      requireRoom();
      try (NDArray place = host.create((long) length)) {
        NDArray scores = module.call("generate", ids, place);
        length += (int) ids.getShape().get(1);
        return scores;
      }
    }

    private void requireRoom() {
      if (owner != this) {
        throw new IllegalStateException(
            "Another reader of this model has begun since, and took the room for keys and values."
                + " Read with one at a time, or make another scripted model.");
      }
    }

    private void begin(int count) {
      // Two operations for each weight and token, over a whole context.
      Threads.chooseFor(2.0 * parameters().count() * config().contextLength() * count);
      try (NDArray size = host.create((long) count)) {
        if (owner != this) {
          module.call("narrow", size).close();
        }
        module.call("begin", size).close();
      }
      texts = count;
      owner = this;
    }

    @Override
    public int length() {
      return length;
    }

    @Override
    public void select(int... chosen) {
      TextReader.requireTexts(chosen, texts);
      requireRoom();
      long[] rows = Arrays.stream(chosen).asLongStream().toArray();
      try (NDArray wanted = manager.create(rows)) {
        module.call("select", wanted).close();
      }
      texts = chosen.length;
    }

    @Override
    public void forget() {
      length = 0;
      texts = 0;
    }

    /** The room stays with the model, for the next reader. */
    @Override
    public void close() {
      forget();
    }
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
