package grounds.finetune;

import static grounds.finetune.ChatTemplateTest.TEMPLATE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.corpus.Conversation;
import grounds.finetune.ConversationData.TooLong;
import grounds.model.Batch;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.training.Trainer;
import grounds.training.TrainingConfig;
import grounds.training.TrainingData;
import grounds.training.TrainingResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ConversationDataTest {

  private static final int CONTEXT = 40;

  private static List<Conversation> conversations(int count) {
    List<Conversation> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(Conversation.of("q".repeat(1 + i % 7), "a".repeat(1 + i % 5)));
    }
    return all;
  }

  private static ConversationData data(int count) {
    return ConversationData.of(TEMPLATE, conversations(count), conversations(5), CONTEXT);
  }

  /** What a batch teaches: each counted target and how often. */
  private static void addCounted(Batch batch, Map<Long, Integer> counted) {
    for (int i = 0; i < batch.tokens(); i++) {
      if (batch.counts(i)) {
        counted.merge(batch.targets()[i], 1, Integer::sum);
      }
    }
  }

  @Test
  void packedAndPaddedTeachTheSameAnswersInAnEpoch() {
    ConversationData data = data(60);
    Map<Long, Integer> padded = new TreeMap<>();
    TrainingData one = data.padded(4, 3);
    for (int n = 0; n < 15; n++) {
      Batch batch = one.batch(n);
      assertEquals(4, batch.size());
      addCounted(batch, padded);
    }
    Map<Long, Integer> packed = new TreeMap<>();
    TrainingData other = data.packed(1, 3);
    int windows = 0;
    while (packed.getOrDefault((long) TEMPLATE.end(), 0) < 60) {
      Batch batch = other.batch(windows++);
      assertTrue(batch.time() <= CONTEXT);
      addCounted(batch, packed);
    }
    assertEquals(padded, packed);
    int tokens = data.training().stream().mapToInt(row -> row.length()).sum();
    // Rows of 6 to 16 tokens leave little room in windows of 41.
    assertTrue(windows <= 1.1 * tokens / (CONTEXT + 1) + 1, windows + " windows");
  }

  @Test
  void aWindowHoldsItsConversationsOneAfterTheOther() {
    Batch batch = data(60).packed(1, 3).batch(0);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < batch.time(); i++) {
      assertEquals(
          i == 0 ? batch.inputs()[0] : batch.targets()[i - 1], batch.inputs()[i], "shifted by one");
      text.append(ChatTemplateTest.BYTES.decode((int) batch.inputs()[i]));
    }
    assertTrue(text.toString().startsWith("<|user|>q"), text.toString());
    assertTrue(
        text.toString().matches("(<\\|user\\|>q+<\\|end\\|><\\|assistant\\|>a+(<\\|end\\|>)?)+"),
        text.toString());
  }

  @Test
  void theOrderFollowsFromSeedAndPlace() {
    ConversationData data = data(60);
    Batch fifth = data.padded(4, 3).batch(20);
    TrainingData again = data.padded(4, 3);
    again.batch(3);
    assertArrayEquals(fifth.inputs(), again.batch(20).inputs());
    assertFalse(
        Arrays.equals(again.batch(0).inputs(), data.padded(4, 4).batch(0).inputs()),
        "another seed, another order");
    assertFalse(
        Arrays.equals(again.batch(0).inputs(), again.batch(15).inputs()),
        "another epoch, another order");
    assertEquals(data.padded(4, 3).hash(), again.hash());
    assertNotEquals(data.padded(4, 3).hash(), data(59).padded(4, 3).hash());
  }

  @Test
  void whatIsTooLongIsNamedCutOrLeftOut() {
    List<Conversation> rows = new ArrayList<>(conversations(2));
    rows.add(Conversation.of("x".repeat(50), "answer"));
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> ConversationData.of(TEMPLATE, rows, rows, CONTEXT))
            .getMessage();
    assertTrue(message.contains("Row 3") && message.contains("60 tokens"), message);
    assertTrue(message.contains("TooLong.LEAVE_OUT"), message);
    assertEquals(
        2, ConversationData.of(TEMPLATE, rows, rows, CONTEXT, TooLong.LEAVE_OUT).training().size());
    ChatTemplate.Rendered cut =
        ConversationData.of(TEMPLATE, rows, rows, CONTEXT, TooLong.CUT_PROMPT).training().get(2);
    assertEquals(CONTEXT + 1, cut.length());
    assertEquals(7, cut.counted(), "the whole answer and its end");
    rows.set(0, Conversation.of("x", "y".repeat(50)));
    String answer =
        assertThrows(
                IllegalArgumentException.class,
                () -> ConversationData.of(TEMPLATE, rows, rows, CONTEXT, TooLong.CUT_PROMPT))
            .getMessage();
    assertTrue(answer.contains("Row 1") && answer.contains("never cut"), answer);
    assertThrows(
        IllegalArgumentException.class,
        () -> ConversationData.of(TEMPLATE, rows.subList(0, 1), rows, CONTEXT, TooLong.LEAVE_OUT));
  }

  /**
   * A model of 16 channels learns which letter the answer is made of, and nothing of the prompt.
   */
  @Test
  void trainingLearnsTheAnswersAlone() {
    try (Gpt model = new Gpt(new GptConfig(260, CONTEXT, 16, 1, 2), 1);
        Trainer trainer =
            new Trainer(
                model,
                data(60).packed(4, 1),
                TrainingConfig.of(80, 4, 1e-2).withEvaluation(40, 20))) {
      TrainingResult result = trainer.run();
      assertTrue(result.validationLoss() < 1, "loss " + result.validationLoss());
      String answer = new Assistant(model, TEMPLATE).answer("qqq");
      assertTrue(answer.matches("a*"), answer);
      List<String> both = new Assistant(model, TEMPLATE).answerAll(List.of("q", "qqqqq"), 6);
      assertEquals(2, both.size());
      assertTrue(both.get(1).matches("a*"), both.toString());
    }
  }
}
