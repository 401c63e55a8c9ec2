package grounds.tensor;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A {@link Script} loaded into PyTorch. One call of a method is one call of native code, however
 * many operations it holds.
 *
 * <p>A module keeps what its attributes hold; tensors given to {@link #set} stay shared with Java.
 * One thread at a time may call it.
 */
public final class ScriptModule implements AutoCloseable {

  private static final Pattern PLACE = Pattern.compile("__torch__\\.py\", line (\\d+)");

  private final Script script;
  private final PtNDManager manager;
  private final PtSymbolBlock block;
  private final AtomicReference<Thread> caller = new AtomicReference<>();

  private ScriptModule(Script script, PtNDManager manager, PtSymbolBlock block) {
    this.script = script;
    this.manager = manager;
    this.block = block;
  }

  /** Whether scripts run where that manager's tensors live: on PyTorch. */
  public static boolean isSupported(NDManager manager) {
    return manager instanceof PtNDManager;
  }

  /**
   * Compiles a script; it belongs to the manager.
   *
   * @throws IllegalStateException if the engine is not PyTorch
   * @throws ScriptException if the script has an error
   */
  public static ScriptModule load(NDManager parent, Script script) {
    if (!isSupported(parent)) {
      throw new IllegalStateException(
          "Wanted the engine PyTorch for a native step, got "
              + parent.getEngine().getEngineName()
              + ". Use the readable step there.");
    }
    PtNDManager manager = (PtNDManager) parent.newSubManager();
    try (ByteArrayInputStream archive = new ByteArrayInputStream(ScriptArchive.bytes(script))) {
      PtSymbolBlock block = JniUtils.loadModule(manager, archive, true, false);
      return new ScriptModule(script, manager, block);
    } catch (EngineException e) {
      manager.close();
      throw translated(script, e);
    } catch (IOException e) {
      manager.close();
      throw new UncheckedIOException("A script in memory could not be read.", e);
    }
  }

  /** The archive that {@code torch.jit.load} reads in Python. */
  public static byte[] archive(Script script) {
    return ScriptArchive.bytes(script);
  }

  /**
   * Calls a method that takes lists of tensors, none of them empty and none with a tensor of
   * another, and gives a tensor.
   *
   * @param lists one for each parameter of the method, in its order
   * @throws ScriptException if it fails
   * @throws IllegalStateException if another thread is in a call
   */
  public void set(String method, List<List<NDArray>> lists) {
    requireSeparate(lists);
    enter(); // before the names are lent, or another thread would lend them too
    try {
      setEntered(method, lists);
    } finally {
      leave();
    }
  }

  private static void requireSeparate(List<List<NDArray>> lists) {
    Map<NDArray, Integer> place = new IdentityHashMap<>();
    for (int i = 0; i < lists.size(); i++) {
      if (lists.get(i).isEmpty()) {
        throw new IllegalArgumentException("Wanted a tensor in list " + i + ", got none.");
      }
      for (NDArray array : lists.get(i)) {
        Integer other = place.putIfAbsent(array, i);
        if (other != null && other != i) {
          throw new IllegalArgumentException(
              "Wanted a tensor in one list, got one in lists " + other + " and " + i + ".");
        }
      }
    }
  }

  private void setEntered(String method, List<List<NDArray>> lists) {
    List<NDArray> arguments = lists.stream().flatMap(List::stream).toList();
    List<String> names = new ArrayList<>();
    arguments.forEach(array -> names.add(array.getName()));
    try {
      for (int i = 0; i < lists.size(); i++) {
        String name = "list" + i + "[]"; // the engine puts tensors of one such name into one list
        lists.get(i).forEach(array -> array.setName(name));
      }
      callEntered(method, arguments.toArray(NDArray[]::new)).close();
    } finally {
      for (int i = 0; i < names.size(); i++) {
        arguments.get(i).setName(names.get(i));
      }
    }
  }

  /**
   * Calls a method.
   *
   * @param arguments at least one; the result belongs to the manager of the first
   * @return the tensor that the method gives
   * @throws ScriptException if it fails
   * @throws IllegalStateException if another thread is in a call
   */
  public NDArray call(String method, NDArray... arguments) {
    enter();
    try {
      return callEntered(method, arguments);
    } finally {
      leave();
    }
  }

  private NDArray callEntered(String method, NDArray... arguments) {
    NDList inputs = new NDList(arguments);
    boolean gradients = JniUtils.isGradMode();
    // The engine takes the method's name from the name of one more tensor.
    try (NDArray name = arguments[0].getManager().create(0f)) {
      name.setName("module_method:" + method);
      inputs.add(name);
      // Per thread, so here. The optimizer of graphs gains nothing on a text this flat.
      JniUtils.setGraphExecutorOptimize(false);
      return IValueUtils.forward(block, inputs, true).singletonOrThrow();
    } catch (EngineException e) {
      throw translated(script, e);
    } finally {
      JniUtils.setGradMode(gradients); // a script that failed may have left it
    }
  }

  private void enter() {
    Thread thread = Thread.currentThread();
    Thread other = caller.compareAndExchange(null, thread);
    if (other != null) {
      throw new IllegalStateException(
          "Thread '"
              + thread.getName()
              + "' wanted to use a model that thread '"
              + other.getName()
              + "' is computing with. Wait for it, or make a second model.");
    }
  }

  private void leave() {
    caller.set(null);
  }

  /** The program. */
  public Script script() {
    return script;
  }

  private static RuntimeException translated(Script script, EngineException e) {
    String message = String.valueOf(e.getMessage());
    if (OutOfMemory.isReason(message)) {
      return new OutOfMemory(message, e);
    }
    String origin = "";
    int line = 0;
    Matcher place = PLACE.matcher(message);
    while (place.find()) {
      line = Integer.parseInt(place.group(1));
      origin = script.origin(line).orElse(origin);
    }
    String where = line == 0 ? "" : "line " + line + ": " + lineOf(script, line);
    return new ScriptException(
        "The script failed"
            + (origin.isEmpty() ? "" : " in what " + origin + " wrote")
            + (where.isEmpty() ? "" : ", " + where)
            + "\n"
            + message.strip(),
        e);
  }

  private static String lineOf(Script script, int line) {
    return script.text().lines().skip(line - 1L).findFirst().orElse("").strip();
  }

  /** Closes the module. Tensors given to it are closed by their owners. */
  @Override
  public void close() {
    manager.close();
  }
}
