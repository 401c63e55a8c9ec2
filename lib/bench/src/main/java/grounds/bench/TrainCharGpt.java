package grounds.bench;

import com.google.gson.Gson;
import grounds.corpus.Corpus;
import grounds.corpus.Split;
import grounds.evaluation.Perplexity;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.tensor.Devices;
import grounds.tokenizer.CharTokenizer;
import grounds.training.LearningRateSchedule;
import grounds.training.ReadableStep;
import grounds.training.Trainer;
import grounds.training.TrainingConfig;
import grounds.training.TrainingEvent;
import grounds.training.TrainingResult;
import grounds.training.TrainingStep;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A character GPT trained by the library: prints one line of JSON, as its peer in Python does.
 *
 * <pre>TrainCharGpt --corpus tinyshakespeare.txt [--full true] [--threads 2] [--width 192] ...
 * </pre>
 */
public final class TrainCharGpt {

  private static final Map<String, String> DEFAULTS = new LinkedHashMap<>();

  static {
    DEFAULTS.put("corpus", "");
    DEFAULTS.put("full", "false"); // true: train all steps, then evaluate
    DEFAULTS.put("measure", "60"); // steps timed otherwise
    DEFAULTS.put("skip", "60"); // first steps that are not timed: Java compiles itself meanwhile
    DEFAULTS.put("threads", "2");
    DEFAULTS.put("step", "native"); // or readable
    DEFAULTS.put("context", "64");
    DEFAULTS.put("width", "192");
    DEFAULTS.put("layers", "4");
    DEFAULTS.put("heads", "3");
    DEFAULTS.put("batch", "32");
    DEFAULTS.put("steps", "4000");
    DEFAULTS.put("dropout", "0");
    DEFAULTS.put("rate", "1e-3");
    DEFAULTS.put("minimum", "1e-4");
    DEFAULTS.put("warmup", "100");
    DEFAULTS.put("bias", "true");
    DEFAULTS.put("tied", "false");
    DEFAULTS.put("seed", "1");
  }

  private final Arguments arguments;

  private TrainCharGpt(String... args) {
    arguments = new Arguments(DEFAULTS, args);
  }

  /** Trains, and prints the result to standard output. */
  public static void main(String[] args) {
    TrainCharGpt run = new TrainCharGpt(args);
    // Read by the engine when it loads, which is later.
    System.setProperty("ai.djl.pytorch.num_threads", run.arguments.text("threads"));
    System.out.println(new Gson().toJson(run.train()));
  }

  private Map<String, Object> train() {
    long started = System.nanoTime();
    Corpus corpus = Corpus.fromFile(Path.of(arguments.text("corpus")));
    CharTokenizer tokenizer = CharTokenizer.of(corpus.text());
    Split split = corpus.split(0.9);
    int[] training = tokenizer.encode(split.training());
    int[] validation = tokenizer.encode(split.validation());
    GptConfig shape =
        new GptConfig(
            tokenizer.vocabularySize(),
            arguments.number("context"),
            arguments.number("width"),
            arguments.number("layers"),
            arguments.number("heads"),
            arguments.real("dropout"),
            arguments.flag("bias"),
            arguments.flag("tied"));
    int steps = arguments.number("steps");
    TrainingConfig config =
        TrainingConfig.of(steps, arguments.number("batch"), arguments.real("rate"))
            .withLearningRate(
                new LearningRateSchedule.WarmupCosine(
                    arguments.real("rate"),
                    arguments.real("minimum"),
                    arguments.number("warmup"),
                    steps))
            .withEvaluation(steps, 1)
            .withSeed(arguments.number("seed"));
    int stop =
        arguments.flag("full")
            ? steps
            : Math.min(steps, arguments.number("skip") + arguments.number("measure"));
    List<TrainingEvent.Stepped> stepped = new ArrayList<>();
    Map<String, Object> result = new LinkedHashMap<>();
    try (Gpt model = new Gpt(shape, arguments.number("seed"));
        Trainer trainer = new Trainer(model, training, validation, config, step(model, config))) {
      trainer.listen(
          event -> {
            if (event instanceof TrainingEvent.Stepped step) {
              stepped.add(step);
              if (step.step() == stop) {
                trainer.stop();
              }
            }
          });
      TrainingResult trained = trainer.run();
      result.put("peer", "Grounds, " + Devices.describe());
      result.put("threads", arguments.number("threads"));
      result.put("parameters", model.parameters().count());
      result.put("tokensPerSecond", Math.round(medianSpeed(stepped)));
      result.put("lastTrainingLoss", stepped.get(stepped.size() - 1).loss());
      if (arguments.flag("full")) {
        result.put("trainingSeconds", trained.seconds());
        Perplexity perplexity = Perplexity.of(model, validation);
        result.put("validationLoss", perplexity.loss());
        result.put("validationPerplexity", perplexity.value());
        result.put("wallSeconds", (System.nanoTime() - started) / 1e9);
      }
    }
    return result;
  }

  private TrainingStep step(Gpt model, TrainingConfig config) {
    return switch (arguments.text("step")) {
      case "native" -> TrainingStep.of(model, config);
      case "readable" -> new ReadableStep(model, config.optimizer(), config.maxGradientNorm());
      default ->
          throw new IllegalArgumentException(
              "Wanted --step native or readable, got " + arguments.text("step") + ".");
    };
  }

  private double medianSpeed(List<TrainingEvent.Stepped> stepped) {
    double[] speeds =
        stepped.stream()
            .skip(Math.min(arguments.number("skip"), stepped.size() - 1))
            .mapToDouble(TrainingEvent.Stepped::tokensPerSecond)
            .sorted()
            .toArray();
    return (speeds[(speeds.length - 1) / 2] + speeds[speeds.length / 2]) / 2;
  }
}
