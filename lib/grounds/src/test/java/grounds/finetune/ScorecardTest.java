package grounds.finetune;

import static grounds.finetune.ChatTemplateTest.TEMPLATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import grounds.corpus.Conversation;
import grounds.corpus.Message;
import grounds.corpus.Preference;
import grounds.corpus.Role;
import grounds.corpus.TaskRow;
import grounds.evaluation.Perplexity;
import grounds.evaluation.SequenceLogProbabilities;
import grounds.finetune.Scorecard.Stage;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.tensor.TensorScope;
import grounds.tokenizer.TokenSequence;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import tech.tablesaw.api.Table;

class ScorecardTest {

  private static final TaskRow ROW = new TaskRow("say", "q", "aaaa");
  private static Gpt speaker;
  private static Gpt untrained;

  @BeforeAll
  static void models() {
    speaker = PpoTest.speaker();
    untrained = new Gpt(new GptConfig(260, 24, 16, 1, 2), 7);
  }

  @AfterAll
  static void close() {
    speaker.close();
    untrained.close();
  }

  @Test
  void figuresAreThoseOfTheirOwnMeasures() {
    String said = new Assistant(speaker, TEMPLATE).answer("q");
    List<TaskRow> rows =
        List.of(new TaskRow("say", "q", said), new TaskRow("say", "q", "something else"));
    TokenSequence text = TokenSequence.of(new Random(1).ints(200, 0, 256).toArray());
    Scorecard card =
        Scorecard.of(TEMPLATE, rows, 8)
            .withPreferences(pairs())
            .withReward(PpoTest::lettersA)
            .withReference(speaker)
            .withText(text);
    Stage stage = card.measure("speaker", speaker);
    assertEquals(List.of(said, said), stage.answers());
    assertEquals(0.5, stage.exactMatch().share());
    assertEquals(
        said.chars().filter(letter -> letter == 'a').count(), stage.reward().getAsDouble());
    assertEquals(0, stage.divergence().getAsDouble(), 1e-4, "a model from itself");
    assertEquals(Perplexity.of(speaker, text).value(), stage.perplexity().getAsDouble(), 1e-9);
    assertEquals(accuracyTokenByToken(speaker), stage.preferenceAccuracy().getAsDouble());
    double other = card.measure("untrained", untrained).preferenceAccuracy().getAsDouble();
    assertEquals(accuracyTokenByToken(untrained), other);
  }

  private static List<Preference> pairs() {
    Random random = new Random(5);
    List<Preference> pairs = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      String one = letters(random);
      pairs.add(Preference.of("q", one, "x" + letters(random)));
      pairs.add(Preference.of("q", letters(random) + one, "b" + one));
    }
    return pairs;
  }

  private static String letters(Random random) {
    return random.nextBoolean() ? "a" + random.nextInt(10) : "b" + random.nextInt(10);
  }

  private static double accuracyTokenByToken(Gpt model) {
    int right = 0;
    for (Preference pair : pairs()) {
      right += probability(model, pair.chosen()) > probability(model, pair.rejected()) ? 1 : 0;
    }
    return right / (double) pairs().size();
  }

  private static double probability(Gpt model, String answer) {
    int[] prompt = TEMPLATE.prompt(List.of(new Message(Role.USER, "q")));
    int[] ids = TEMPLATE.render(Conversation.of("q", answer)).ids();
    double[] each = SequenceLogProbabilities.perToken(model, ids);
    double sum = 0;
    for (int i = prompt.length - 1; i < each.length; i++) {
      sum += each[i];
    }
    return sum;
  }

  /** With answers of one token the divergence is a sum over the vocabulary. */
  @Test
  void divergenceIsTheSumOverTheVocabulary() {
    int[] prompt = TEMPLATE.prompt(List.of(new Message(Role.USER, "q")));
    double[] now = logarithms(untrained, prompt);
    double[] before = logarithms(speaker, prompt);
    double exact = 0;
    double square = 0;
    for (int i = 0; i < now.length; i++) {
      exact += Math.exp(now[i]) * (now[i] - before[i]);
      square += Math.exp(now[i]) * (now[i] - before[i]) * (now[i] - before[i]);
    }
    int draws = 2_000;
    double deviation = Math.sqrt((square - exact * exact) / draws);
    double estimate =
        Scorecard.of(TEMPLATE, Collections.nCopies(draws, ROW), 1)
            .withReference(speaker)
            .measure("untrained", untrained)
            .divergence()
            .getAsDouble();
    assertEquals(exact, estimate, 4 * deviation, "4 standard errors");
    assertTrue(exact > 1, "wanted models far apart, got " + exact);
  }

  private static double[] logarithms(Gpt model, int[] prompt) {
    try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
      NDArray ids = scope.manager().create(prompt).reshape(1, prompt.length);
      NDArray logits = model.logits(ids, false).get("0, -1");
      float[] values = logits.logSoftmax(0).toFloatArray();
      double[] result = new double[values.length];
      for (int i = 0; i < values.length; i++) {
        result[i] = values[i];
      }
      return result;
    }
  }

  @Test
  void tablesHoldWhatWasAskedFor() {
    List<TaskRow> rows =
        List.of(ROW, new TaskRow("say", "r", "b"), new TaskRow("say", "s", "c"), ROW);
    Scorecard card = Scorecard.of(TEMPLATE, rows, 6).withPreferences(pairs());
    List<Stage> stages = List.of(card.measure("before", untrained), card.measure("after", speaker));
    Table table = card.table(stages);
    assertEquals(List.of("stage", "exact match", "preference accuracy"), table.columnNames());
    assertEquals(List.of("before", "after"), table.stringColumn("stage").asList());
    assertEquals(
        stages.get(1).preferenceAccuracy().getAsDouble(),
        table.doubleColumn("preference accuracy").get(1),
        5e-4);
    Table answers = card.answers(stages, 2);
    assertEquals(List.of("prompt", "right answer", "before", "after"), answers.columnNames());
    assertEquals(List.of("q", "s"), answers.stringColumn("prompt").asList());
    assertEquals(stages.get(1).answers().get(2), answers.stringColumn("after").get(1));
    assertEquals(4, card.answers(stages, 9).rowCount());
    // A stage that was measured with another card lacks a figure, and its cell is empty.
    Stage plain = Scorecard.of(TEMPLATE, rows, 6).measure("plain", speaker);
    assertTrue(
        card.table(List.of(plain, stages.get(0))).column("preference accuracy").isMissing(0));
  }

  @Test
  void badInputIsNamed() {
    assertTrue(message(() -> Scorecard.of(TEMPLATE, List.of(), 4)).contains("got 0 rows"));
    assertTrue(message(() -> Scorecard.of(TEMPLATE, List.of(ROW), 0)).contains("0 tokens"));
    Scorecard card = Scorecard.of(TEMPLATE, List.of(ROW), 4);
    assertTrue(message(() -> card.withPreferences(List.of())).contains("got none"));
    try (Gpt other = new Gpt(new GptConfig(99, 24, 16, 1, 2), 1)) {
      assertTrue(message(() -> card.measure("other", other)).contains("got one of 99"));
      assertTrue(message(() -> card.withReference(other)).contains("got one of 99"));
    }
    String letters = "x".repeat(40);
    Scorecard tooLong = card.withPreferences(List.of(Preference.of("q", "a", letters)));
    String message = message(() -> tooLong.measure("speaker", speaker));
    assertTrue(message.startsWith("Row 1 of the compared conversations has 45 tokens"), message);
  }

  @Test
  void anInterruptEndsIt() {
    Scorecard card = Scorecard.of(TEMPLATE, List.of(ROW), 4).withPreferences(pairs());
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancellationException.class, () -> card.measure("speaker", speaker));
    } finally {
      Thread.interrupted();
    }
  }

  private static String message(Executable what) {
    return assertThrows(IllegalArgumentException.class, what).getMessage();
  }
}
