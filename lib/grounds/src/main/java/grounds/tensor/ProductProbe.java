package grounds.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Whose code multiplies the matrices of a linear layer faster on this processor, found by trying:
 * MKL, which PyTorch takes by itself, leaves more than half of some AMD processors unused.
 *
 * @param kernel the faster
 * @param gain how many times as fast as the default it makes the layer's three products; 1 for the
 *     default
 * @param seconds how long the trial took
 */
public record ProductProbe(ProductKernel kernel, double gain, double seconds) {

  /** Below this gain the default stays: where chance decided, runs would not repeat. */
  private static final double WORTH_IT = 1.15;

  private static final double SECONDS = 0.05;
  private static final int LEAST_ROUNDS = 5;

  /** The products of a linear layer, as results in TorchScript of x, w and dy. */
  private enum Product {
    FORWARD,
    INPUT_GRADIENT,
    WEIGHT_GRADIENT;

    private String method(ProductKernel kernel) {
      return name().toLowerCase(Locale.ROOT) + "_" + kernel.name().toLowerCase(Locale.ROOT);
    }

    private void write(Script.Method method, ProductKernel kernel) {
      switch (this) {
        case FORWARD:
          method.result(kernel.linear("x", "w", "None"));
          break;
        case INPUT_GRADIENT:
          method.result(kernel.inputGradient("dy", "w"));
          break;
        default:
          method.result(
              method.let(List.of("dw", "db"), kernel.weightGradient("dy", "x", "w", true)).get(0));
      }
    }
  }

  /** Work of a product that takes long beside its call, and short enough for some 50 ms. */
  private static final double FLOPS = 2e8;

  private static final int LEAST_ROWS = 512;
  private static final int MOST_ROWS = 4096;

  private static final Map<Integer, ProductProbe> MADE = new HashMap<>();

  /** The outcome of a trial on a layer as wide as the model, made once in a process for a width. */
  static ProductProbe once(NDManager manager, int channels) {
    synchronized (MADE) {
      return MADE.computeIfAbsent(channels, width -> run(manager, rows(width), width, width));
    }
  }

  static int rows(int channels) {
    return (int) Math.max(LEAST_ROWS, Math.min(FLOPS / (2.0 * channels * channels), MOST_ROWS));
  }

  /**
   * Tries the products of a layer on the CPU with the threads that are set.
   *
   * @param rows positions at once
   * @param inputs width of the layer's input
   * @param outputs width of its output
   */
  public static ProductProbe run(NDManager parent, int rows, int inputs, int outputs) {
    long start = System.nanoTime();
    List<Double> gains = new ArrayList<>();
    try (TensorScope scope = TensorScope.open(parent)) {
      NDManager manager = scope.manager();
      NDArray x = ramp(manager, rows, inputs);
      NDArray w = ramp(manager, outputs, inputs);
      NDArray dy = ramp(manager, rows, outputs);
      try (ScriptModule module = ScriptModule.load(manager, script())) {
        // The first round, in which oneDNN makes its code, does not count.
        for (int round = 0; round <= LEAST_ROUNDS || seconds(start) < SECONDS; round++) {
          Map<ProductKernel, Double> taken = new EnumMap<>(ProductKernel.class);
          for (ProductKernel kernel : ProductKernel.values()) {
            long before = System.nanoTime();
            for (Product product : Product.values()) {
              module.call(product.method(kernel), x, w, dy).close();
            }
            taken.put(kernel, seconds(before));
          }
          if (round > 0) {
            gains.add(taken.get(ProductKernel.DEFAULT) / taken.get(ProductKernel.ONEDNN));
          }
        }
      } catch (ScriptException e) {
        // This build of PyTorch has no oneDNN: there is nothing to choose.
        return new ProductProbe(ProductKernel.DEFAULT, 1, seconds(start));
      }
    }
    // The median of trials side by side: a moment in which the machine is slow counts once.
    double gain = gains.stream().sorted().skip(gains.size() / 2).findFirst().orElseThrow();
    return gain > WORTH_IT
        ? new ProductProbe(ProductKernel.ONEDNN, gain, seconds(start))
        : new ProductProbe(ProductKernel.DEFAULT, 1, seconds(start));
  }

  /** A method for each product and kernel, such as {@code input_gradient_onednn(x, w, dy)}. */
  static Script script() {
    Script script = new Script();
    for (Product product : Product.values()) {
      for (ProductKernel kernel : ProductKernel.values()) {
        product.write(
            script
                .method(product.method(kernel), "x: Tensor, w: Tensor, dy: Tensor", "Tensor")
                .line("torch.set_grad_enabled(False)"),
            kernel);
      }
    }
    return script;
  }

  private static NDArray ramp(NDManager manager, int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i % 17 - 8) / 8f;
    }
    return manager.create(values, new Shape(rows, columns));
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }
}
