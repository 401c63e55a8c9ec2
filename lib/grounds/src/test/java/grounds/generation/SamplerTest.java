package grounds.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import grounds.Reference;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SamplerTest {

  private static final int[] NO_TEXT = {};
  private static final JsonObject REFERENCE = Reference.json("sampling");

  private static Stream<String> rules() {
    return REFERENCE.getAsJsonObject("probabilities").keySet().stream();
  }

  /** Rules by the names that the reference has for them. */
  private static LogitsProcessor[] processors(String rules) {
    return Arrays.stream(rules.split(", "))
        .map(
            rule -> {
              String[] words = rule.split(" ");
              double value = Double.parseDouble(words[1]);
              return switch (words[0]) {
                case "temperature" -> new Temperature(value);
                case "topK" -> new TopK((int) value);
                case "topP" -> new TopP(value);
                case "minP" -> new MinP(value);
                default -> new RepetitionPenalty(value);
              };
            })
        .toArray(LogitsProcessor[]::new);
  }

  private static float[] logits() {
    return new Gson().fromJson(REFERENCE.get("logits"), float[].class);
  }

  private static int[] text() {
    return new Gson().fromJson(REFERENCE.get("text"), int[].class);
  }

  /** Hugging Face's processors leave the same tokens with the same probabilities. */
  @ParameterizedTest
  @MethodSource("rules")
  void leavesWhatTransformersDoes(String rules) {
    double[] expected =
        new Gson().fromJson(REFERENCE.getAsJsonObject("probabilities").get(rules), double[].class);
    float[] logits = logits();
    for (LogitsProcessor processor : processors(rules)) {
      processor.process(logits, text());
    }
    double[] actual = Sampler.probabilities(logits);
    assertArrayEquals(
        IntStream.range(0, expected.length).filter(i -> expected[i] > 0).toArray(),
        IntStream.range(0, actual.length).filter(i -> actual[i] > 0).toArray());
    assertArrayEquals(expected, actual, 1e-6);
  }

  /** A hundred thousand draws fall as the filtered softmax says. */
  @ParameterizedTest
  @MethodSource("rules")
  void drawsFollowTheSoftmax(String rules) {
    float[] changed = logits();
    for (LogitsProcessor processor : processors(rules)) {
      processor.process(changed, text());
    }
    assertDrawsFollow(Sampler.probabilities(changed), Sampler.of(processors(rules)), logits());
  }

  private static void assertDrawsFollow(double[] probabilities, Sampler sampler, float[] logits) {
    int draws = 100_000;
    int[] counts = new int[logits.length];
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < draws; i++) {
      counts[sampler.choose(logits.clone(), text(), random)]++;
    }
    // Cells of fewer than five expected draws are put together, as the test wants.
    double chiSquare = 0;
    int cells = 0;
    double rareExpected = 0;
    double rareCounted = 0;
    for (int i = 0; i < counts.length; i++) {
      double expected = draws * probabilities[i];
      if (expected < 5) {
        rareExpected += expected;
        rareCounted += counts[i];
        assertTrue(expected > 0 || counts[i] == 0, "drew token " + i + ", which was removed");
      } else {
        chiSquare += (counts[i] - expected) * (counts[i] - expected) / expected;
        cells++;
      }
    }
    if (rareExpected >= 5) {
      chiSquare += (rareCounted - rareExpected) * (rareCounted - rareExpected) / rareExpected;
      cells++;
    }
    // Wilson and Hilferty: above this once in a thousand seeds; this seed is fixed.
    double degrees = Math.max(1, cells - 1);
    double share = 2 / (9 * degrees);
    double limit = degrees * Math.pow(1 - share + 3.09 * Math.sqrt(share), 3);
    assertTrue(chiSquare < limit, "chi-square " + chiSquare + ", limit " + limit);
  }

  @Test
  void greedyTakesTheFirstOfEquals() {
    float[] equals = {0, 3, 3, 1};
    SplittableRandom random = new SplittableRandom(1);
    assertEquals(1, Sampler.greedy().choose(equals.clone(), NO_TEXT, random));
    assertEquals(1, Sampler.temperature(0).choose(equals.clone(), NO_TEXT, random));
  }

  /** Rules come in the order given: after a top-k the nucleus is that of what was left. */
  @Test
  void orderMatters() {
    float[] logits = {(float) Math.log(0.4), (float) Math.log(0.3), (float) Math.log(0.3)};
    Map<LogitsProcessor[], Integer> left = new LinkedHashMap<>();
    left.put(new LogitsProcessor[] {new TopK(1), new TopP(0.9)}, 1);
    left.put(new LogitsProcessor[] {new TopP(0.5), new Temperature(9)}, 3);
    left.forEach(
        (rules, count) -> {
          float[] scores = logits.clone();
          Arrays.stream(rules).forEach(rule -> rule.process(scores, NO_TEXT));
          assertEquals(
              count.longValue(),
              DoubleStream.of(Sampler.probabilities(scores)).filter(p -> p > 0).count());
        });
  }

  @Test
  void probabilitiesOfExtremeScores() {
    assertArrayEquals(
        new double[] {0, 1, 0},
        Sampler.probabilities(new float[] {-3e38f, 3e38f, Float.NEGATIVE_INFINITY}));
    assertEquals(-Math.log(2), Sampler.logProbability(new float[] {1e4f, 1e4f}, 1), 1e-12);
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThrows(
          IllegalArgumentException.class, () -> Sampler.probabilities(new float[] {0, bad}));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> Sampler.probabilities(new float[] {Float.NEGATIVE_INFINITY}));
  }

  @Test
  void refusesValuesThatMeanNothing() {
    assertThrows(IllegalArgumentException.class, () -> new Temperature(-0.1));
    assertThrows(IllegalArgumentException.class, () -> new Temperature(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> new TopK(0));
    for (double p : new double[] {0, -1, 1.01, Double.NaN}) {
      String message = assertThrows(IllegalArgumentException.class, () -> new TopP(p)).getMessage();
      assertTrue(message.contains("above 0 and at most 1"), message);
    }
    assertThrows(IllegalArgumentException.class, () -> new MinP(-0.1));
    assertThrows(IllegalArgumentException.class, () -> new MinP(1.1));
    assertThrows(IllegalArgumentException.class, () -> new RepetitionPenalty(0));
  }
}
