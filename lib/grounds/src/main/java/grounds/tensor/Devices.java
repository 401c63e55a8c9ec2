package grounds.tensor;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;

/**
 * The processor that tensors live on: the CPU, or a GPU where one was asked for with {@code
 * GROUNDS_DEVICE=gpu}. Asking for a GPU that cannot be used is an error, never a silent fallback.
 */
public final class Devices {

  private static final ThreadLocal<Boolean> PREPARED = new ThreadLocal<>();

  private Devices() {}

  /**
   * The tensor engine: PyTorch, or the one named by {@code DJL_DEFAULT_ENGINE}.
   *
   * @throws IllegalStateException if that engine is not on the class path
   */
  public static Engine engine() {
    String name = System.getenv("DJL_DEFAULT_ENGINE");
    name = System.getProperty("ai.djl.default_engine", name == null ? "PyTorch" : name);
    if (!Engine.hasEngine(name)) {
      throw new IllegalStateException(
          "Wanted the engine "
              + name
              + ", but the class path has only "
              + Engine.getAllEngines()
              + ". For MXNet start the lab with --engine mxnet.");
    }
    return Engine.getEngine(name);
  }

  /** Whether the engine in use is PyTorch. */
  static boolean isPyTorch() {
    return engine().getEngineName().equals("PyTorch");
  }

  /** The device named by {@code GROUNDS_DEVICE} ({@code cpu} or {@code gpu}), else the CPU. */
  public static Device current() {
    String property = System.getProperty("grounds.device", System.getenv("GROUNDS_DEVICE"));
    return property == null || property.isBlank() ? Device.cpu() : select(property.trim());
  }

  /**
   * The device of that name.
   *
   * @param name {@code cpu}, {@code gpu} (the first) or {@code gpu:N}
   * @throws IllegalStateException if a GPU is named and the engine sees none
   */
  public static Device select(String name) {
    if (name.equals("cpu")) {
      return Device.cpu();
    }
    if (!name.matches("gpu(:\\d+)?")) {
      throw new IllegalArgumentException(
          "Wanted a device 'cpu', 'gpu' or 'gpu:N', got '" + name + "'. Set GROUNDS_DEVICE so.");
    }
    int index = name.equals("gpu") ? 0 : Integer.parseInt(name.substring(4));
    Engine engine = engine();
    int count = engine.getGpuCount();
    if (index >= count) {
      throw new IllegalStateException(
          "Asked for "
              + name
              + ", but "
              + engine.getEngineName()
              + " "
              + engine.getVersion()
              + " sees "
              + count
              + " GPU(s). Either unset GROUNDS_DEVICE to use the CPU, or check that nvidia-smi lists"
              + " the card, that the lab was started with its CUDA build, and that no"
              + " pytorch-native-cpu jar is on the class path (it forces the CPU).");
    }
    return Device.gpu(index);
  }

  /**
   * Turns gradients off on this thread, the first time that it is asked: PyTorch begins every
   * thread with gradients on, and then refuses to write into weights.
   */
  public static void prepareThread() {
    if (PREPARED.get() == null && isPyTorch()) {
      JniUtils.setGradMode(false);
      PREPARED.set(true);
    }
  }

  /** A manager for tensors on the current device; whoever asks for it closes it. */
  public static NDManager newManager() {
    prepareThread();
    return engine().newBaseManager(current());
  }

  /** Where a manager's tensors live, such as {@code cpu, 2 threads} or {@code gpu:0}. */
  public static String name(NDManager manager) {
    Device device = manager.getDevice();
    return device.isGpu() ? "gpu:" + device.getDeviceId() : "cpu, " + Threads.describe();
  }

  /** One line that says what computes: engine, version, device, threads of the machine. */
  public static String describe() {
    Engine engine = engine();
    return engine.getEngineName()
        + " "
        + engine.getVersion()
        + " on "
        + current()
        + ", "
        + Runtime.getRuntime().availableProcessors()
        + " processors, Java "
        + Runtime.version().feature();
  }
}
