package grounds.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StepPartsTest {

  private final StepParts parts = new StepParts();

  @BeforeEach
  void makeModel() {
    parts.workload = "T8 C12 L2 H2 B4 V11";
    parts.makeModel();
  }

  @AfterEach
  void close() {
    parts.close();
  }

  @Test
  void partsSeeOneModel() {
    // A guess at first; the steps train the same weights, each on its own batch.
    assertEquals(Math.log(11), parts.evaluate(), 0.1);
    assertEquals(Math.log(11), parts.nativeStep(), 0.1);
    float before = parts.evaluate();
    assertEquals(Math.log(11), parts.readableStep(), 0.1);
    assertTrue(parts.evaluate() != before, "the readable step changed the weights");
    parts.loadScript();
    assertTrue(parts.writeScript().text().contains("def step("));
  }

  @Test
  void tokensGoOnWhereTheContextIsFull() {
    for (int i = 0; i < 20; i++) {
      long token = parts.cachedToken();
      assertTrue(token >= 0 && token < 11, "token " + token);
    }
  }
}
