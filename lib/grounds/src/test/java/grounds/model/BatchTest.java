package grounds.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import grounds.tensor.Devices;
import org.junit.jupiter.api.Test;

class BatchTest {

  @Test
  void windowsAreCutOutOfATextOrCameCutOut() {
    int[] text = {5, 6, 7, 8, 9};
    for (Batch batch :
        new Batch[] {
          Batch.of(text, 2, 2, 0), Batch.ofWindows(new int[] {7, 8, 9}, new int[] {5, 6, 7})
        }) {
      assertEquals(2, batch.size());
      assertEquals(2, batch.time());
      assertEquals(4, batch.tokens());
      assertArrayEquals(new long[] {7, 8, 5, 6}, batch.inputs());
      assertArrayEquals(new long[] {8, 9, 6, 7}, batch.targets());
    }
  }

  @Test
  void windowsThatMakeNoBatchAreRefused() {
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> Batch.ofWindows(new int[] {1, 2, 3}, new int[] {1, 2}))
            .getMessage();
    assertTrue(message.contains("3 tokens in the first and 2 in number 1"), message);
    for (int[][] none : new int[][][] {{}, {{}}, {{1}}}) {
      message =
          assertThrows(IllegalArgumentException.class, () -> Batch.ofWindows(none)).getMessage();
      assertTrue(message.contains("1 or more windows of 1 or more tokens"), message);
    }
  }

  @Test
  void aMaskSaysWhichTargetsCount() {
    Batch whole = Batch.of(new int[] {5, 6, 7, 8, 9}, 2, 2, 0);
    assertEquals(4, whole.countedTokens());
    assertTrue(whole.counts(3) && whole.mask().isEmpty());
    Batch masked = whole.withMask(new boolean[] {false, true, true, false});
    assertEquals(4, masked.tokens());
    assertEquals(2, masked.countedTokens());
    assertTrue(masked.counts(1) && !masked.counts(3));
    assertArrayEquals(whole.targets(), masked.targets());
    try (NDManager manager = Devices.newManager()) {
      assertTrue(whole.mask(manager).isEmpty());
      NDArray mask = masked.mask(manager).orElseThrow();
      assertEquals(new Shape(2, 2), mask.getShape());
      assertArrayEquals(new float[] {0, 1, 1, 0}, mask.toFloatArray());
    }
  }

  @Test
  void aMaskThatDoesNotFitOrCountsNothingIsRefused() {
    Batch batch = Batch.of(new int[] {5, 6, 7}, 2, 0);
    String message =
        assertThrows(IllegalArgumentException.class, () -> batch.withMask(new boolean[3]))
            .getMessage();
    assertTrue(message.contains("each of 2 targets, got 3"), message);
    message =
        assertThrows(IllegalArgumentException.class, () -> batch.withMask(new boolean[2]))
            .getMessage();
    assertTrue(message.contains("leaves all 2 out"), message);
  }
}
