package grounds.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.pytorch.jni.JniUtils;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ThreadsTest {

  private static final String OURS = "grounds.threads";
  private static final String DJLS = "ai.djl.pytorch.num_threads";

  private String ours;
  private String djls;
  private int threads;

  @BeforeEach
  void remember() {
    ours = System.getProperty(OURS);
    djls = System.getProperty(DJLS);
    threads = Devices.isPyTorch() ? JniUtils.getNumThreads() : 1;
  }

  @AfterEach
  void restore() {
    set(OURS, ours);
    set(DJLS, djls);
    JniUtils.setNumThreads(threads);
  }

  private static void set(String property, String value) {
    if (value == null) {
      System.clearProperty(property);
    } else {
      System.setProperty(property, value);
    }
  }

  @Test
  void leavesToOthersTheProcessorsThatTheyKeepBusy() {
    assertEquals(8, Threads.free(8, 0, 0));
    // Half of 8 is busy, a quarter by this process: others have 2.
    assertEquals(6, Threads.free(8, 0.5, 0.25));
    assertEquals(8, Threads.free(8, 1, 1), "its own work counts for nothing");
    assertEquals(1, Threads.free(8, 1, 0), "never none");
    assertEquals(1, Threads.free(2, 0.9, 0));
    // Rounded: a fifth of two processors is noise, two fifths are most of one.
    assertEquals(2, Threads.free(2, 0.2, 0));
    assertEquals(1, Threads.free(2, 0.4, 0));
    // Not both are measured at one time: a little more than all is no reason for more than all.
    assertEquals(4, Threads.free(4, 0.3, 0.35));
    // What Java says where it cannot tell: a negative load.
    assertEquals(4, Threads.free(4, -1, -1));
    assertEquals(4, Threads.free(4, Double.NaN, Double.NaN));
  }

  @Test
  void aPropertySetsThem() {
    System.setProperty(OURS, "3");
    System.setProperty(DJLS, "1");
    for (double flops : new double[] {1, 1e15}) {
      assertEquals(3, Threads.chooseFor(flops), "ours comes before DJL's, whatever the work");
      assertEquals(3, JniUtils.getNumThreads());
      assertEquals("3 threads", Threads.describe());
    }
    System.setProperty(OURS, " 1 ");
    assertEquals(1, Threads.chooseFor(1e15));
    assertEquals("1 thread", Threads.describe());
  }

  @Test
  void djlsPropertyIsHeardWhereOursIsEmpty() {
    System.setProperty(OURS, " ");
    System.setProperty(DJLS, "2");
    assertEquals(2, Threads.chooseFor(1));
    assertEquals(2, JniUtils.getNumThreads());
  }

  @Test
  void otherwiseSmallWorkTakesOneAndLargeWorkTheFreeOnes() {
    System.setProperty(OURS, "");
    System.clearProperty(DJLS);
    assertEquals(1, Threads.chooseFor(1e8));
    assertEquals(1, JniUtils.getNumThreads());
    int large = Threads.chooseFor(1e12);
    assertTrue(large >= 1 && large <= Runtime.getRuntime().availableProcessors(), "" + large);
    assertEquals(large, JniUtils.getNumThreads());
    assertEquals(large, Threads.chooseFor(1e10), "looked at once, so that runs repeat");
  }

  @Test
  void aNumberThatIsNoneIsRefused() {
    int before = JniUtils.getNumThreads();
    for (String bad : List.of("0", "-2", "two", "2.0", "1e1", "99999", "2 threads")) {
      System.setProperty(OURS, bad);
      String message =
          assertThrows(IllegalArgumentException.class, () -> Threads.chooseFor(1)).getMessage();
      assertTrue(
          message.contains("got '" + bad + "'") && message.contains("GROUNDS_THREADS"), message);
    }
    assertEquals(before, JniUtils.getNumThreads());
  }
}
