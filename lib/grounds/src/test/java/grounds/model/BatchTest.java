package grounds.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import grounds.tensor.Devices;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
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

  /** Windows of one token that name themselves. */
  private static Batch numbered(int size) {
    return Batch.of(
        IntStream.rangeClosed(0, size).toArray(), 1, IntStream.range(0, size).toArray());
  }

  private static List<List<Long>> inputs(List<Batch> parts) {
    return parts.stream().map(part -> Arrays.stream(part.inputs()).boxed().toList()).toList();
  }

  @Test
  void splitDealsWindowsOutEvenlyInTheirOrder() {
    assertEquals(
        List.of(List.of(0L, 1L), List.of(2L, 3L), List.of(4L, 5L)), inputs(numbered(6).split(3)));
    assertEquals(
        List.of(List.of(0L), List.of(1L, 2L), List.of(3L, 4L)), inputs(numbered(5).split(3)));
    assertEquals(List.of(List.of(0L), List.of(1L)), inputs(numbered(2).split(2)));
    for (int size = 1; size < 20; size++) {
      for (int parts = 1; parts <= size; parts++) {
        List<Integer> sizes = numbered(size).split(parts).stream().map(Batch::size).toList();
        assertEquals(parts, sizes.size());
        assertEquals(size, sizes.stream().mapToInt(n -> n).sum());
        assertTrue(Collections.max(sizes) - Collections.min(sizes) <= 1, sizes.toString());
      }
    }
  }

  @Test
  void aPartIsItsWindowsWithTheirTargetsAndMask() {
    Batch whole = Batch.of(new int[] {5, 6, 7, 8, 9}, 2, 2, 0, 1);
    assertTrue(whole.split(2).stream().allMatch(part -> part.mask().isEmpty()));
    boolean[] mask = {false, true, true, true, true, false};
    List<Batch> parts = whole.withMask(mask).split(2);
    assertArrayEquals(new long[] {7, 8}, parts.get(0).inputs());
    assertArrayEquals(new long[] {8, 9}, parts.get(0).targets());
    assertArrayEquals(new boolean[] {false, true}, parts.get(0).mask().orElseThrow());
    assertEquals(2, parts.get(1).time());
    assertArrayEquals(new long[] {5, 6, 6, 7}, parts.get(1).inputs());
    assertArrayEquals(new long[] {6, 7, 7, 8}, parts.get(1).targets());
    assertArrayEquals(new boolean[] {true, true, true, false}, parts.get(1).mask().orElseThrow());
  }

  @Test
  void splitLeavesWindowsOutInWhichNoTargetCounts() {
    Batch batch = numbered(5).withMask(new boolean[] {false, true, false, true, true});
    assertEquals(List.of(List.of(1L), List.of(3L, 4L)), inputs(batch.split(2)));
    assertEquals(List.of(List.of(1L), List.of(3L), List.of(4L)), inputs(batch.split(5)));
    assertEquals(List.of(List.of(1L, 3L, 4L)), inputs(batch.split(1)));
    assertEquals(3, batch.split(2).stream().mapToInt(Batch::countedTokens).sum());
  }

  @Test
  void aBatchHasNoMorePartsThanWindows() {
    for (int parts : new int[] {-1, 0, 3}) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> numbered(2).split(parts)).getMessage();
      assertTrue(message.contains("1 to 2 parts of a batch of 2 windows, got " + parts), message);
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
