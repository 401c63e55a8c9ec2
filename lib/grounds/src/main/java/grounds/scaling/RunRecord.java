package grounds.scaling;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.Optional;

/**
 * How a run of a sweep ended, and where the numbers come from: one row of a {@link RunStore}.
 *
 * @param config all that decides the result
 * @param result what came out; empty for a run that failed
 * @param error why it failed; empty for one that did not
 * @param provenance what else there is to know
 */
public record RunRecord(
    RunConfig config, Optional<Result> result, Optional<String> error, Provenance provenance) {

  /** Raised when rows get other entries. */
  private static final int FORMAT = 1;

  public RunRecord {
    if (result.isPresent() == error.isPresent()) {
      throw new IllegalArgumentException(
          "Wanted a result or an error, got " + result + " and " + error + ".");
    }
  }

  /**
   * What came out.
   *
   * @param trainingLoss on the training part at the end, in nats a token
   * @param validationLoss on the validation part at the end
   * @param bestValidationLoss the lowest on the way
   * @param seconds wall time, all sessions together
   */
  public record Result(
      double trainingLoss, double validationLoss, double bestValidationLoss, double seconds) {

    public Result {
      if (!(trainingLoss > 0 && validationLoss > 0 && bestValidationLoss > 0)
          || Double.isInfinite(trainingLoss + validationLoss + bestValidationLoss)) {
        throw new IllegalArgumentException(
            "Wanted losses above 0, got "
                + trainingLoss
                + ", "
                + validationLoss
                + " and "
                + bestValidationLoss
                + ". A run without them has failed.");
      }
    }
  }

  /**
   * Where a row comes from.
   *
   * @param finishedAt when it ended, as ISO 8601 in UTC
   * @param code the version of this library
   * @param libraries engine and Java
   * @param machine system and processors
   * @param computation how steps were computed
   */
  public record Provenance(
      String finishedAt, String code, String libraries, String machine, String computation) {}

  /** What names the run. */
  public String id() {
    return config.id();
  }

  /** Whether there is a result. */
  public boolean isFinished() {
    return result.isPresent();
  }

  /**
   * The run as a point of a scaling law, by its validation loss at the end.
   *
   * @throws IllegalStateException if it failed
   */
  public ScalingPoint point() {
    Result done =
        result.orElseThrow(
            () ->
                new IllegalStateException(
                    "Run " + id() + " failed and is no point: " + error.orElseThrow()));
    return new ScalingPoint(
        config.parameters(), config.tokens(), config.flops(), done.validationLoss);
  }

  /** The row as one line of JSON. */
  String line() {
    Gson gson = new Gson();
    JsonObject json = new JsonObject();
    json.addProperty("format", FORMAT);
    json.addProperty("id", id());
    json.add("config", gson.toJsonTree(config));
    result.ifPresent(r -> json.add("result", gson.toJsonTree(r)));
    error.ifPresent(e -> json.addProperty("error", e));
    json.add("provenance", gson.toJsonTree(provenance));
    return gson.toJson(json);
  }

  /**
   * The row of a line.
   *
   * @throws IllegalArgumentException if it is none, or one of another version
   */
  static RunRecord of(String line) {
    try {
      JsonObject json = JsonParser.parseString(line).getAsJsonObject();
      int format = json.get("format").getAsInt();
      if (format != FORMAT) {
        throw new IllegalArgumentException(
            "it is of format "
                + format
                + ", this version of the library reads "
                + FORMAT
                + ": use the version that wrote it, or begin another store");
      }
      Gson gson = new Gson();
      return new RunRecord(
          gson.fromJson(json.get("config"), RunConfig.class),
          Optional.ofNullable(gson.fromJson(json.get("result"), Result.class)),
          Optional.ofNullable(json.get("error")).map(e -> e.getAsString()),
          gson.fromJson(json.get("provenance"), Provenance.class));
    } catch (JsonParseException
        | IllegalStateException
        | NullPointerException
        | UnsupportedOperationException
        | NumberFormatException e) {
      throw new IllegalArgumentException("it is not a row of a run store", e);
    }
  }
}
