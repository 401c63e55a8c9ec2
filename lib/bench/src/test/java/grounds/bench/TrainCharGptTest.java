package grounds.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainCharGptTest {

  private static final String SMALL =
      "--threads 1 --context 8 --width 12 --layers 1 --heads 2 --batch 4 --warmup 2 --skip 2";

  @TempDir Path folder;

  private JsonObject run(String more) throws IOException {
    Path corpus = folder.resolve("corpus.txt");
    Files.writeString(corpus, "to be or not to be, that is the question. ".repeat(20));
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      TrainCharGpt.main(("--corpus " + corpus + " " + SMALL + " " + more).split(" "));
    } finally {
      System.setOut(before);
    }
    return JsonParser.parseString(out.toString(StandardCharsets.UTF_8)).getAsJsonObject();
  }

  @Test
  void measuresTheSpeedOfAFewSteps() throws IOException {
    JsonObject result = run("--measure 5");
    assertTrue(result.get("tokensPerSecond").getAsLong() > 0, result.toString());
    assertTrue(!result.has("validationLoss"), result.toString());
  }

  @Test
  void readableStepTrainsAsTheNativeOneDoes() throws IOException {
    double readable = run("--measure 5 --step readable").get("lastTrainingLoss").getAsDouble();
    double fast = run("--measure 5 --step native").get("lastTrainingLoss").getAsDouble();
    assertEquals(readable, fast, 1e-4);
  }

  @Test
  void wholeRunLearnsAndIsEvaluated() throws IOException {
    JsonObject result = run("--full true --steps 200 --rate 1e-2");
    double loss = result.get("validationLoss").getAsDouble();
    // The text repeats itself: far below the ln 15 of a guess.
    assertTrue(loss < 1, result.toString());
    assertEquals(Math.exp(loss), result.get("validationPerplexity").getAsDouble(), 1e-9);
  }

  @Test
  void unknownArgumentIsNamed() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> TrainCharGpt.main(new String[] {"--depth", "3"}));
    assertTrue(e.getMessage().contains("--depth"), e.getMessage());
  }
}
