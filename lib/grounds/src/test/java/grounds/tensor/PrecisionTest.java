package grounds.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PrecisionTest {

  private static final String PROPERTY = "grounds.precision";

  private String before;

  @BeforeEach
  void remember() {
    before = System.getProperty(PROPERTY);
  }

  @AfterEach
  void restore() {
    if (before == null) {
      System.clearProperty(PROPERTY);
    } else {
      System.setProperty(PROPERTY, before);
    }
  }

  @Test
  void eachHasAName() {
    assertEquals("[float32, tf32, bfloat16]", Arrays.toString(Precision.values()));
    for (Precision precision : Precision.values()) {
      System.setProperty(PROPERTY, precision.toString());
      assertEquals(precision, Precision.current());
      System.setProperty(PROPERTY, " " + precision + "\n");
      assertEquals(precision, Precision.current());
    }
    System.setProperty(PROPERTY, " ");
    assertEquals(Precision.FLOAT32, Precision.current());
  }

  @Test
  void anotherNameIsRefused() {
    for (String bad : List.of("float16", "half", "BFLOAT16", "bf16", "float 32")) {
      System.setProperty(PROPERTY, bad);
      String message =
          assertThrows(IllegalArgumentException.class, Precision::current).getMessage();
      assertTrue(message.contains("[float32, tf32, bfloat16], got '" + bad + "'"), message);
      assertTrue(message.contains("GROUNDS_PRECISION"), message);
    }
  }
}
