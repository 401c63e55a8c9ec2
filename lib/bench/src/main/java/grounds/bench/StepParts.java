package grounds.bench;

import ai.djl.ndarray.NDArray;
import grounds.model.Batch;
import grounds.model.Gpt;
import grounds.model.TextReader;
import grounds.model.script.ScriptOptions;
import grounds.model.script.ScriptedModel;
import grounds.tensor.Script;
import grounds.tensor.ScriptModule;
import grounds.tensor.TensorScope;
import grounds.tensor.Threads;
import grounds.training.NativeStep;
import grounds.training.ReadableStep;
import grounds.training.TokenBatches;
import grounds.training.TrainingConfig;
import grounds.training.TrainingStep;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The parts of training and using a GPT through a script: milliseconds each. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class StepParts {

  private static final double RATE = 1e-3;

  /** A {@link Workload}. */
  @Param({"T16 C32 L2 H2 B32", "T64 C192 L4 H3 B32"})
  public String workload;

  private Gpt model;
  private TrainingConfig config;
  private ScriptOptions options;
  private TrainingStep nativeStep;
  private TrainingStep readableStep;
  private ScriptedModel scripted;
  private TextReader reader;
  private TokenBatches batches;
  private Batch batch;
  private Script script;
  private long token;

  /** Makes the model. */
  @Setup
  public void makeModel() {
    Workload made = Workload.of(workload);
    model = new Gpt(made.shape(), 1);
    config = TrainingConfig.of(1, made.batch(), RATE);
    double work = TrainingStep.FLOPS_PER_WEIGHT_AND_TOKEN * model.parameters().count();
    Threads.chooseFor(work * made.tokens());
    options = ScriptOptions.forModel(model);
    nativeStep = NativeStep.of(model, config, options).orElseThrow();
    readableStep = new ReadableStep(model, config.optimizer(), config.maxGradientNorm());
    scripted = ScriptedModel.of(model, options).orElseThrow();
    batches = new TokenBatches(made.randomTokens(), made.batch(), made.shape().contextLength(), 1);
    batch = batches.next();
    script = writeScript();
    reader = scripted.reader();
  }

  /** Closes it. */
  @TearDown
  public void close() {
    scripted.close();
    nativeStep.close();
    readableStep.close();
    model.close();
  }

  /** Forward, backward, clipping and AdamW in one native call; the loss is read. */
  @Benchmark
  public double nativeStep() {
    return nativeStep.take(List.of(batches.next()), RATE, 1).loss();
  }

  /** The same in NDArray operations. */
  @Benchmark
  public double readableStep() {
    return readableStep.take(List.of(batches.next()), RATE, 1).loss();
  }

  /** The text of the training script. */
  @Benchmark
  public Script writeScript() {
    return ScriptFile.of(model, config, options).script();
  }

  /** Packing it and compiling it by PyTorch. */
  @Benchmark
  public void loadScript() {
    ScriptModule.load(model.parameters().manager(), script).close();
  }

  /** The surprises of a batch. */
  @Benchmark
  public float evaluate() {
    try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
      NDArray inputs = batch.inputs(scope.manager());
      return scripted.surprises(inputs, batch.targets(scope.manager())).mean().getFloat();
    }
  }

  /** The next token of one text from the last one; a full context is followed by an empty one. */
  @Benchmark
  public long cachedToken() {
    if (reader.length() == model.config().contextLength()) {
      reader.forget();
    }
    try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
      NDArray ids = scope.manager().create(new long[][] {{token}});
      token = reader.next(ids).argMax(1).getLong();
    }
    return token;
  }
}
