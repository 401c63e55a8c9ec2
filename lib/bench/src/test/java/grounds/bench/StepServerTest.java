package grounds.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class StepServerTest {

  private static final String SMALL = "T8 C12 L2 H2 B4 V11";

  /** The answers to some requests; the first line is not one. */
  private static List<JsonObject> serve(String requests, String... more) {
    List<String> arguments = new ArrayList<>(List.of("--workload", SMALL));
    arguments.addAll(List.of(more));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (StepServer server = new StepServer(arguments.toArray(String[]::new))) {
      server.serve(
          new BufferedReader(new StringReader(requests)),
          new PrintStream(out, true, StandardCharsets.UTF_8));
    }
    return out.toString(StandardCharsets.UTF_8)
        .lines()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .toList();
  }

  @Test
  void takesAsManyStepsAsItIsAskedFor() {
    List<JsonObject> answers = serve("3\n5\n");
    assertEquals(3, answers.size(), answers.toString());
    assertTrue(answers.get(0).get("computation").getAsString().startsWith("native step"));
    assertEquals(1, answers.get(0).get("firstSeconds").getAsJsonArray().size());
    assertEquals(3, answers.get(1).get("seconds").getAsJsonArray().size());
    assertEquals(5, answers.get(2).get("seconds").getAsJsonArray().size());
    assertNotEquals(answers.get(1).get("loss"), answers.get(2).get("loss"));
  }

  @Test
  void stepsDoTheSameWork() {
    JsonObject fast = serve("6\n").get(1);
    JsonObject readable = serve("6\n", "--step", "readable").get(1);
    JsonObject frugal = serve("6\n", "--checkpointing", "true", "--kernels", "default").get(1);
    assertTrue(readable.get("computation").getAsString().startsWith("readable step"));
    // Rounding alone.
    double wanted = readable.get("loss").getAsDouble();
    assertEquals(wanted, fast.get("loss").getAsDouble(), 1e-4);
    assertEquals(wanted, frugal.get("loss").getAsDouble(), 1e-4);
  }

  @Test
  void emptyLineEndsIt() {
    assertEquals(2, serve("1\n\n1\n").size());
  }

  @Test
  void partsAreTimed() {
    JsonObject first = serve("", "--parts", "true").get(0);
    assertTrue(first.get("writingSeconds").getAsDouble() > 0, first.toString());
    assertTrue(first.get("loadingSeconds").getAsDouble() > 0, first.toString());
  }

  @Test
  void generationWithoutCacheWritesTheSame() {
    String[] words = {"--workload", "T32 C12 L2 H2 B1 V97", "--work", "generate", "--cache"};
    String[] with = Stream.concat(Stream.of(words), Stream.of("true")).toArray(String[]::new);
    String[] without = Stream.concat(Stream.of(words), Stream.of("false")).toArray(String[]::new);
    assertEquals(
        serve("9\n", with).get(1).get("lastToken"), serve("9\n", without).get(1).get("lastToken"));
  }

  @Test
  void generationStartsAnewEachTime() {
    List<JsonObject> answers =
        serve("9\n4\n9\n", "--workload", "T32 C12 L2 H2 B1 V97", "--work", "generate");
    assertEquals(1, answers.get(1).get("seconds").getAsJsonArray().size());
    assertEquals(answers.get(1).get("lastToken"), answers.get(3).get("lastToken"));
  }

  @Test
  void unknownWordsAreNamed() {
    for (String[] wrong :
        List.of(
            new String[] {"--work", "sing"},
            new String[] {"--step", "giant"},
            new String[] {"--workload", "T8 C12 L2 H2 X4"})) {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> new StepServer(wrong));
      String name = wrong[1].substring(wrong[1].lastIndexOf(' ') + 1);
      assertTrue(e.getMessage().contains(name), e.getMessage());
    }
    assertThrows(IllegalArgumentException.class, () -> Workload.of("T8 C12 L2 H2"));
  }

  @Test
  void workloadIsReadFromItsText() {
    Workload workload = Workload.of("T512 B4 C768 L12 H12 V50257 tied");
    assertEquals(2048, workload.tokens());
    // GPT-2 small, with half its positions.
    assertEquals(124_439_808 - 512 * 768, workload.shape().parameterCount());
    assertEquals(65, Workload.of("T8 C12 L2 H2 B4").shape().vocabularySize());
  }
}
