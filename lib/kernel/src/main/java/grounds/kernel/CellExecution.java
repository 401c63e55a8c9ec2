package grounds.kernel;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jdk.jshell.execution.DirectExecutionControl;
import jdk.jshell.execution.LoaderDelegate;
import jdk.jshell.spi.ExecutionControl;
import jdk.jshell.spi.ExecutionControlProvider;
import jdk.jshell.spi.ExecutionEnv;

/**
 * Runs compiled snippets in this process, all on one thread that lives as long as the kernel: an
 * engine keeps modes per thread.
 *
 * <p>JShell compiles on the caller's thread, never on this one: an interrupt that met the compiler
 * would close the files it reads classes from, for good.
 */
final class CellExecution extends DirectExecutionControl {

  private volatile Thread thread;
  private final ExecutorService executor;
  private boolean running;
  private Object value;
  private Throwable thrown;

  CellExecution() {
    this(new CellClassLoader());
  }

  private CellExecution(CellClassLoader loader) {
    super(new CellClasses(loader));
    executor =
        Executors.newSingleThreadExecutor(
            task -> {
              thread = new Thread(task, "cell");
              thread.setDaemon(true);
              thread.setContextClassLoader(loader);
              return thread;
            });
  }

  ExecutionControlProvider provider() {
    return new ExecutionControlProvider() {
      @Override
      public String name() {
        return "cell";
      }

      @Override
      public ExecutionControl generate(ExecutionEnv env, Map<String, String> parameters) {
        return CellExecution.this;
      }
    };
  }

  /** The value of the last snippet that ran, null if it had none. */
  Object value() {
    return value;
  }

  /** What the last snippet that ran threw. */
  Optional<Throwable> thrown() {
    return Optional.ofNullable(thrown);
  }

  /** Forgets the outcome of the last snippet. */
  void reset() {
    value = null;
    thrown = null;
  }

  /**
   * Stops the code that runs: at its next check, or where it blocks.
   *
   * @return whether a snippet was running
   */
  synchronized boolean interrupt() {
    StopSwitch.turn(true);
    if (running) {
      thread.interrupt();
    }
    return running;
  }

  @Override
  protected String invoke(Method snippet) throws Exception {
    value = null;
    thrown = null;
    try {
      value = call(() -> snippet.invoke(null));
    } catch (InvocationTargetException e) {
      thrown = e.getCause();
      nameAllFiles(thrown);
      throw e;
    }
    return "";
  }

  /** Runs something on the thread of the cells, where {@link #interrupt} reaches it. */
  <T> T call(Callable<T> code) throws Exception {
    try {
      return await(executor.submit(() -> run(code)));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (Exception) e.getCause();
    }
  }

  private <T> T run(Callable<T> code) throws Exception {
    synchronized (this) {
      running = true;
      if (StopSwitch.isOn()) {
        Thread.currentThread().interrupt();
      }
    }
    try {
      return code.call();
    } finally {
      synchronized (this) {
        running = false;
        // The next cell must not find an interrupt that was meant for this one.
        Thread.interrupted();
      }
    }
  }

  private static <T> T await(Future<T> future) throws ExecutionException {
    boolean interrupted = false;
    while (true) {
      try {
        T result = future.get();
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
        return result;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
  }

  /** JShell fails on a stack frame without a file name. */
  private static void nameAllFiles(Throwable thrown) {
    for (Throwable t : CellErrors.chain(thrown)) {
      StackTraceElement[] frames = t.getStackTrace();
      for (int i = 0; i < frames.length; i++) {
        StackTraceElement f = frames[i];
        if (f.getFileName() == null) {
          frames[i] =
              new StackTraceElement(
                  f.getClassName(), f.getMethodName(), "<none>", f.getLineNumber());
        }
      }
      t.setStackTrace(frames);
    }
  }

  @Override
  public void close() {
    executor.shutdown();
  }

  /** Defines the classes of snippets, with stop checks. */
  private static final class CellClassLoader extends ClassLoader {
    private final Map<String, byte[]> pending = new ConcurrentHashMap<>();

    CellClassLoader() {
      super("cells", CellExecution.class.getClassLoader());
    }

    void add(ExecutionControl.ClassBytecodes[] classes) {
      for (ExecutionControl.ClassBytecodes c : classes) {
        pending.put(c.name(), c.bytecodes());
      }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      byte[] classFile = pending.remove(name);
      if (classFile == null) {
        throw new ClassNotFoundException(name);
      }
      byte[] checked = StopChecks.insert(classFile);
      return defineClass(name, checked, 0, checked.length);
    }
  }

  private record CellClasses(CellClassLoader loader) implements LoaderDelegate {

    @Override
    public void load(ExecutionControl.ClassBytecodes[] classes)
        throws ExecutionControl.ClassInstallException {
      loader.add(classes);
      boolean[] loaded = new boolean[classes.length];
      for (int i = 0; i < classes.length; i++) {
        try {
          findClass(classes[i].name());
          loaded[i] = true;
        } catch (ClassNotFoundException | LinkageError e) {
          throw new ExecutionControl.ClassInstallException("load: " + e, loaded);
        }
      }
    }

    @Override
    public void classesRedefined(ExecutionControl.ClassBytecodes[] classes) {}

    @Override
    public void addToClasspath(String path) throws ExecutionControl.InternalException {
      throw new ExecutionControl.InternalException(
          "The class path of a notebook is fixed when its kernel starts");
    }

    @Override
    public Class<?> findClass(String name) throws ClassNotFoundException {
      return Class.forName(name, false, loader);
    }
  }
}
