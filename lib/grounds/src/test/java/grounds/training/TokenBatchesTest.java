package grounds.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.model.Batch;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TokenBatchesTest {

  private static final int[] TEXT = IntStream.range(0, 20).toArray();

  @Test
  void targetsAreTheNextTokens() {
    Batch batch = new TokenBatches(TEXT, 3, 5, 1).next();
    assertEquals(15, batch.tokens());
    for (int i = 0; i < 15; i++) {
      assertEquals(batch.inputs()[i] + 1, batch.targets()[i]);
    }
  }

  @Test
  void everyWindowIsDrawnTheFirstAndTheLastToo() {
    TokenBatches batches = new TokenBatches(TEXT, 1, 5, 1);
    int[] seen = new int[20];
    for (int i = 0; i < 1000; i++) {
      seen[(int) batches.next().inputs()[0]]++;
    }
    for (int start = 0; start < 15; start++) {
      assertTrue(seen[start] > 30, "start " + start + " drawn " + seen[start] + " times of 1000");
    }
    assertEquals(0, Arrays.stream(seen, 15, 20).sum());
  }

  @Test
  void theNthBatchDependsOnSeedAndNumberAlone() {
    TokenBatches one = new TokenBatches(TEXT, 3, 5, 1);
    one.next();
    one.next();
    long[] third = one.next().inputs();
    TokenBatches other = new TokenBatches(TEXT, 3, 5, 1);
    other.seek(2);
    assertArrayEquals(third, other.next().inputs());
    assertEquals(3, other.drawn());
    other.seek(2);
    assertArrayEquals(third, other.next().inputs());
    TokenBatches otherSeed = new TokenBatches(TEXT, 3, 5, 2);
    otherSeed.seek(2);
    assertTrue(!Arrays.equals(third, otherSeed.next().inputs()));
  }

  @Test
  void refusesATextShorterThanTheContext() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> new TokenBatches(new int[5], 1, 5, 1))
            .getMessage();
    assertTrue(message.contains("at least 6 tokens"), message);
    assertThrows(IllegalArgumentException.class, () -> new TokenBatches(TEXT, 0, 5, 1));
  }
}
