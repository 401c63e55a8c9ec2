package grounds.notebook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class SizeTest {

  @Test
  void thePropertyChoosesTheValue() {
    String before = System.getProperty("grounds.size");
    try {
      System.setProperty("grounds.size", "smoke");
      assertEquals(20, (int) Size.pick(20, 4_000, 8_000));
      System.setProperty("grounds.size", " GPU ");
      assertEquals(8_000, (int) Size.pick(20, 4_000, 8_000));
    } finally {
      restore(before);
    }
  }

  @Test
  void laptopIsTheDefaultAndOthersAreRefused() {
    assertEquals(Size.LAPTOP, Size.of(Optional.empty()));
    assertEquals(Size.LAPTOP, Size.of(Optional.of("")));
    assertEquals("laptop", Size.LAPTOP.toString());
    String message =
        assertThrows(IllegalArgumentException.class, () -> Size.of(Optional.of("huge")))
            .getMessage();
    assertTrue(message.contains("\"huge\"; set it to smoke, laptop or gpu"), message);
  }

  @Test
  void aLessonSaysWhatItTakesWhereThereIsLess() {
    assertEquals(Optional.empty(), Size.shortOfMemory(2.5, 4_000_000_000L));
    String line = Size.shortOfMemory(2.5, 2_900_000_000L).orElseThrow();
    assertTrue(
        line.startsWith("This lesson takes up to 2.5 GB of memory, and there are 2.9"), line);
  }

  @Test
  void onlyTheLaptopsSizeIsMeasuredAgainstTheMachine() {
    String before = System.getProperty("grounds.size");
    try {
      System.setProperty("grounds.size", "laptop");
      assertEquals("", Printed.by(() -> Size.needsMemory(0.1)));
      String line = Printed.by(() -> Size.needsMemory(1e6));
      assertTrue(line.startsWith("This lesson takes up to 1000000.0 GB"), line);
      System.setProperty("grounds.size", "smoke");
      assertEquals("", Printed.by(() -> Size.needsMemory(1e6)));
    } finally {
      restore(before);
    }
  }

  private static void restore(String before) {
    if (before == null) {
      System.clearProperty("grounds.size");
    } else {
      System.setProperty("grounds.size", before);
    }
  }
}
