package grounds.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
}
