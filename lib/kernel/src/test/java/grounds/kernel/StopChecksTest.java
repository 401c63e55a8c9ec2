package grounds.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StopChecksTest {

  /** Code as a reader might type it, compiled by the build and loaded anew with checks. */
  public static final class Loops implements Callable<Integer> {
    @Override
    public Integer call() {
      int sum = 0;
      for (int i = 0; i < 10; i++) {
        sum += i % 2 == 0 ? i : 0;
      }
      return sum;
    }
  }

  public static final class Forever implements Callable<Integer> {
    volatile boolean go = true;

    @Override
    public Integer call() {
      int count = 0;
      while (go) {
        try {
          count++;
        } catch (RuntimeException e) {
          count = 0;
        }
      }
      return count;
    }
  }

  public static final class Recursion implements Callable<Integer> {
    @Override
    public Integer call() {
      return fibonacci(80);
    }

    private static int fibonacci(int n) {
      return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
    }
  }

  public static final class Exit implements Callable<Integer> {
    @Override
    public Integer call() {
      System.exit(7);
      return 0;
    }
  }

  @AfterEach
  void switchOff() {
    StopSwitch.turn(false);
  }

  @Test
  void checkedCodeDoesWhatItDid() throws Exception {
    assertEquals(20, checked(Loops.class).call());
  }

  @Test
  void codeDoesNotStartWhileTheSwitchIsOn() throws Exception {
    Callable<Integer> loops = checked(Loops.class);
    StopSwitch.turn(true);
    assertThrows(StopSwitch.CellStopped.class, loops::call);
    StopSwitch.turn(false);
    assertEquals(20, loops.call());
  }

  @Test
  void aLoopThatNeverEndsStops() throws Exception {
    assertStops(checked(Forever.class));
  }

  @Test
  void aRecursionThatHardlyEndsStops() throws Exception {
    assertStops(checked(Recursion.class));
  }

  private static void assertStops(Callable<Integer> code) throws Exception {
    FutureTask<String> outcome =
        new FutureTask<>(
            () -> {
              try {
                return "ended with " + code.call();
              } catch (StopSwitch.CellStopped e) {
                return "stopped";
              }
            });
    Thread thread = new Thread(outcome);
    thread.setDaemon(true);
    thread.start();
    Thread.sleep(300); // until it is compiled: only then could a check be optimized away
    assertTrue(thread.isAlive());
    StopSwitch.turn(true);
    assertEquals("stopped", outcome.get(2, TimeUnit.SECONDS));
  }

  @Test
  void exitIsRefused() throws Exception {
    Callable<Integer> exit = checked(Exit.class);
    UnsupportedOperationException refused =
        assertThrows(UnsupportedOperationException.class, exit::call);
    assertTrue(refused.getMessage().contains("System.exit(7)"));
  }

  @Test
  void aClassThatCannotBeReadComesBackAsItIs() {
    byte[] future = {(byte) 0xCA, (byte) 0xFE, (byte) 0xBA, (byte) 0xBE, 0, 0, 0x7F, 0, 0, 1};
    assertArrayEquals(future, StopChecks.insert(future));
  }

  @SuppressWarnings("unchecked")
  private static Callable<Integer> checked(Class<? extends Callable<Integer>> type)
      throws Exception {
    ClassLoader loader =
        new ClassLoader(StopChecksTest.class.getClassLoader()) {
          @Override
          protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.equals(type.getName())) {
              return super.loadClass(name, resolve);
            }
            try (InputStream in =
                type.getResourceAsStream("StopChecksTest$" + type.getSimpleName() + ".class")) {
              byte[] classFile = StopChecks.insert(in.readAllBytes());
              return defineClass(name, classFile, 0, classFile.length);
            } catch (IOException e) {
              throw new ClassNotFoundException(name, e);
            }
          }
        };
    return (Callable<Integer>) loader.loadClass(type.getName()).getConstructor().newInstance();
  }
}
