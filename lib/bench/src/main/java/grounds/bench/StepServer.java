package grounds.bench;

import ai.djl.ndarray.NDArray;
import com.google.gson.Gson;
import grounds.model.Gpt;
import grounds.model.LanguageModel;
import grounds.model.TextReader;
import grounds.model.script.ScriptOptions;
import grounds.model.script.ScriptedModel;
import grounds.tensor.Devices;
import grounds.tensor.Precision;
import grounds.tensor.ProductKernel;
import grounds.tensor.ScriptModule;
import grounds.tensor.TensorScope;
import grounds.tensor.Threads;
import grounds.training.NativeStep;
import grounds.training.ReadableStep;
import grounds.training.TokenBatches;
import grounds.training.TrainingConfig;
import grounds.training.TrainingStep;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * Steps on demand: reads how many from a line of standard input, takes them, prints a line of JSON
 * with the seconds of each, and sleeps until the next line. So two processes can take turns every
 * second, which is the only fair comparison on a machine that others use.
 *
 * <pre>StepServer --workload "T16 C32 L2 H2 B32" [--work train|generate] [--step native|readable]
 *     [--threads N] [--precision bfloat16] [--checkpointing true] [--kernels default|onednn]</pre>
 *
 * <p>The first line that it prints says what computes, after the first step. When it generates, the
 * number is that of new tokens after a prompt of 16, and the seconds are those of all together. Its
 * peers are {@code python/step_server.py} and {@code python/generation_server.py}.
 */
public final class StepServer implements AutoCloseable {

  private static final int PROMPT = 16;

  private static final Map<String, String> DEFAULTS = new LinkedHashMap<>();

  static {
    DEFAULTS.put("workload", "T64 C192 L4 H3 B32");
    DEFAULTS.put("work", "train"); // or generate, which needs no batch
    DEFAULTS.put("step", "native"); // or readable
    DEFAULTS.put("threads", "auto"); // as many as the library or the engine chooses
    DEFAULTS.put("precision", "float32");
    DEFAULTS.put("checkpointing", "false");
    DEFAULTS.put("kernels", "auto"); // the ones that the library chooses; default or onednn
    DEFAULTS.put("cache", "true"); // false: generation reads the whole text for every token
    DEFAULTS.put("parts", "false"); // true: time the script's writing and loading, once more
  }

  /** What is done on demand. */
  private interface Work extends AutoCloseable {
    /** Does it, and gives the seconds. */
    double[] run(int count);

    /** What computes, and what came of it. */
    Map<String, Object> about();

    @Override
    void close();
  }

  private final Gpt model;
  private final Work work;

  StepServer(String... args) {
    Arguments arguments = new Arguments(DEFAULTS, args);
    if (!arguments.text("threads").equals("auto")) {
      // Read by the engine when it loads, and by the library whenever it chooses.
      System.setProperty("ai.djl.pytorch.num_threads", arguments.text("threads"));
    }
    Workload workload = Workload.of(arguments.text("workload"));
    model = new Gpt(workload.shape(), 1);
    work =
        switch (arguments.text("work")) {
          case "train" -> new Training(model, workload, arguments);
          case "generate" ->
              new Generation(model, options(model, arguments), arguments.flag("cache"));
          default ->
              throw new IllegalArgumentException(
                  "Wanted --work train or generate, got " + arguments.text("work") + ".");
        };
  }

  /** Serves standard input until it ends. */
  public static void main(String[] args) {
    try (StepServer server = new StepServer(args)) {
      server.serve(
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)), System.out);
    }
  }

  /** Takes one step, says what computes, then answers each line until the first empty one. */
  void serve(BufferedReader requests, PrintStream answers) {
    try {
      Map<String, Object> first = new LinkedHashMap<>();
      first.put("firstSeconds", work.run(1));
      first.put("parameters", model.parameters().count());
      first.putAll(work.about());
      answers.println(new Gson().toJson(first));
      String line = requests.readLine();
      while (line != null && !line.isBlank()) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("seconds", work.run(Integer.parseInt(line.strip())));
        answer.putAll(work.about());
        answers.println(new Gson().toJson(answer));
        line = requests.readLine();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The requests could not be read.", e);
    }
  }

  /** What the arguments ask for; the library's own choice where they ask for nothing. */
  static ScriptOptions options(LanguageModel model, Arguments arguments) {
    ScriptOptions options =
        ScriptOptions.forModel(model)
            .withPrecision(Precision.valueOf(arguments.text("precision").toUpperCase(Locale.ROOT)))
            .withCheckpointing(arguments.flag("checkpointing"));
    String kernels = arguments.text("kernels");
    return kernels.equals("auto")
        ? options
        : options.withProducts(ProductKernel.valueOf(kernels.toUpperCase(Locale.ROOT)));
  }

  @Override
  public void close() {
    work.close();
    model.close();
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }

  /** Whole steps as a training run takes them: a batch cut out, the step, its loss read. */
  private static final class Training implements Work {

    private static final double RATE = 1e-3;

    private final TrainingStep step;
    private final TokenBatches batches;
    private final Map<String, Object> about = new LinkedHashMap<>();
    private long taken;

    Training(Gpt model, Workload workload, Arguments arguments) {
      TrainingConfig config = TrainingConfig.of(1, workload.batch(), RATE);
      double tokens = workload.tokens();
      // As TrainingStep.of does it, which has no dials.
      Threads.chooseFor(
          TrainingStep.FLOPS_PER_WEIGHT_AND_TOKEN * model.parameters().count() * tokens);
      step =
          switch (arguments.text("step")) {
            case "native" -> {
              ScriptOptions options = options(model, arguments);
              if (arguments.flag("parts")) {
                timeParts(model, config, options);
              }
              yield NativeStep.of(model, config, options).orElseThrow();
            }
            case "readable" ->
                new ReadableStep(model, config.optimizer(), config.maxGradientNorm());
            default ->
                throw new IllegalArgumentException(
                    "Wanted --step native or readable, got " + arguments.text("step") + ".");
          };
      batches =
          new TokenBatches(
              workload.randomTokens(), workload.batch(), workload.shape().contextLength(), 1);
      about.put("computation", step.computation());
    }

    private void timeParts(Gpt model, TrainingConfig config, ScriptOptions options) {
      long start = System.nanoTime();
      ScriptFile file = ScriptFile.of(model, config, options);
      about.put("writingSeconds", seconds(start));
      start = System.nanoTime();
      ScriptModule.load(model.parameters().manager(), file.script()).close();
      about.put("loadingSeconds", seconds(start));
    }

    @Override
    public double[] run(int count) {
      double[] seconds = new double[count];
      for (int i = 0; i < count; i++) {
        long start = System.nanoTime();
        about.put("loss", step.take(List.of(batches.next()), RATE, taken++).loss());
        seconds[i] = seconds(start);
      }
      return seconds;
    }

    @Override
    public Map<String, Object> about() {
      return about;
    }

    @Override
    public void close() {
      step.close();
    }
  }

  /** One text, each next token the one with the highest score. */
  private static final class Generation implements Work {

    private final ScriptedModel model;
    private final TextReader reader;
    private final ScriptOptions options;
    private final String device;
    private final boolean cache;
    private final long[] prompt;
    private long last;

    Generation(Gpt model, ScriptOptions options, boolean cache) {
      this.cache = cache;
      this.model = ScriptedModel.of(model, options).orElseThrow();
      this.reader = this.model.reader();
      this.options = options;
      this.device = Devices.name(model.parameters().manager());
      this.prompt = new Random(1).longs(PROMPT, 0, model.config().vocabularySize()).toArray();
    }

    @Override
    public double[] run(int count) {
      long start = System.nanoTime();
      reader.forget();
      long[] text = Arrays.copyOf(prompt, PROMPT + count);
      for (int end = PROMPT; end < text.length; end++) {
        if (!cache) {
          reader.forget();
        }
        try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
          long[] unread = Arrays.copyOfRange(text, reader.length(), end);
          NDArray ids = scope.manager().create(new long[][] {unread});
          last = argMax(reader.next(ids).toFloatArray());
        }
        text[end] = last;
      }
      return new double[] {seconds(start)};
    }

    private static int argMax(float[] scores) {
      int best = 0;
      for (int i = 1; i < scores.length; i++) {
        if (scores[i] > scores[best]) {
          best = i;
        }
      }
      return best;
    }

    @Override
    public Map<String, Object> about() {
      String computation =
          (cache ? "native model in " : "native model without cache in ")
              + options.precision()
              + " on "
              + device
              + ", "
              + options.products();
      return Map.of("computation", computation, "lastToken", last);
    }

    @Override
    public void close() {
      model.close();
    }
  }
}
