package grounds.scaling;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import grounds.model.GptConfig;
import grounds.model.ModelConfig;
import grounds.training.TrainingConfig;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * All that decides how a run of a sweep ends.
 *
 * @param model the shape of the model
 * @param data the name of the text
 * @param dataHash of its ids, training and validation part
 * @param steps optimizer steps
 * @param batch windows a step
 * @param learningRate the peak of the schedule
 * @param evaluations how often the losses are measured, the last time at the end
 * @param windows of each part that are measured
 * @param seed of weights, order and dropout
 */
public record RunConfig(
    GptConfig model,
    String data,
    String dataHash,
    int steps,
    int batch,
    double learningRate,
    int evaluations,
    int windows,
    long seed) {

  /** Raised when the same config leads to another result: the training loop, say, has changed. */
  private static final int VERSION = 1;

  private static final int ID_BYTES = 8;

  public RunConfig {
    if (steps < 1) {
      throw new IllegalArgumentException(
          "Wanted a budget of one step or more, got "
              + steps
              + ". Take more operations, a smaller model or a smaller batch.");
    }
    ModelConfig.requirePositive("batch", batch);
    ModelConfig.requirePositive("number of evaluations", evaluations);
    ModelConfig.requirePositive("number of windows", windows);
    if (!(learningRate > 0 && Double.isFinite(learningRate))) {
      throw new IllegalArgumentException(
          "Wanted a learning rate above 0, got " + learningRate + ".");
    }
  }

  /** What names the run: equal for equal configs, and else different. */
  public String id() {
    String all = VERSION + json();
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(all.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, ID_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256.", e);
    }
  }

  /** The config as a line of JSON. */
  public String json() {
    return new Gson().toJson(this);
  }

  /**
   * The config that {@link #json} wrote.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static RunConfig ofJson(String json) {
    try {
      RunConfig config = new Gson().fromJson(json, RunConfig.class);
      if (config != null && config.model() != null) {
        return config;
      }
    } catch (JsonParseException e) {
      throw new IllegalArgumentException("Wanted the config of a run as JSON, got " + json, e);
    }
    throw new IllegalArgumentException("Wanted the config of a run as JSON, got " + json);
  }

  /** Tokens that the run reads. */
  public double tokens() {
    return (double) batch * model.contextLength() * steps;
  }

  /** Parameters without tables and head: N of the scaling laws. */
  public double parameters() {
    return ParameterCount.withoutEmbeddings(model);
  }

  /** Operations of the run, counted one by one. */
  public double flops() {
    return TrainingFlops.training(model, tokens()).value();
  }

  /** How it is trained: a short warm-up, then a cosine. */
  public TrainingConfig training() {
    return TrainingConfig.of(steps, batch, learningRate)
        .withEvaluation(Math.max(1, (int) Math.ceil((double) steps / evaluations)), windows)
        .withSeed(seed);
  }
}
