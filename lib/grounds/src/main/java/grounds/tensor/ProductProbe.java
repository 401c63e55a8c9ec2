package grounds.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * Which kernels multiply matrices fastest on this processor, found by trying: MKL, which PyTorch
 * takes by itself, leaves more than half of some AMD processors unused.
 *
 * @param kernels the fastest
 * @param gain how many times as fast as the default the three products together are, 1 or more
 * @param seconds how long the trial took
 */
public record ProductProbe(ProductKernels kernels, double gain, double seconds) {

  /** Below this gain the default stays: chance must never decide, or runs would not repeat. */
  private static final double WORTH_IT = 1.5;

  private static final double SECONDS = 0.05;
  private static final int LEAST_ROUNDS = 7;

  /** The products of a linear layer, as expressions in TorchScript of x, w and dy. */
  private enum Product {
    FORWARD("x", "w", ProductKernel.DEFAULT.linear("x", "w", "None")),
    INPUT_GRADIENT("dy", "torch.t(w)", "torch.mm(dy, w)"),
    WEIGHT_GRADIENT("torch.t(dy)", "torch.t(x)", "torch.mm(torch.t(dy), x)");

    private final String oneDnn;
    private final String byDefault;

    Product(String x, String weight, String byDefault) {
      this.oneDnn = ProductKernel.ONEDNN.linear(x, weight, "None");
      this.byDefault = byDefault;
    }

    private String method(ProductKernel kernel) {
      return name().toLowerCase(Locale.ROOT) + "_" + kernel.name().toLowerCase(Locale.ROOT);
    }
  }

  /** A layer of a middling model: large enough for wide vectors, small enough for 50 ms. */
  private static final int ROWS = 256;

  private static final int INPUTS = 256;
  private static final int OUTPUTS = 1024;

  private static ProductProbe first;

  /** The outcome of a trial, made once in a process. */
  static synchronized ProductProbe once(NDManager manager) {
    if (first == null) {
      first = run(manager, ROWS, INPUTS, OUTPUTS);
    }
    return first;
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
    Map<Product, Map<ProductKernel, Double>> best = new LinkedHashMap<>();
    Map<Product, List<Double>> ratios = new LinkedHashMap<>();
    try (TensorScope scope = TensorScope.open(parent)) {
      NDManager manager = scope.manager();
      NDArray x = ramp(manager, rows, inputs);
      NDArray w = ramp(manager, outputs, inputs);
      NDArray dy = ramp(manager, rows, outputs);
      try (ScriptModule module = ScriptModule.load(manager, script())) {
        for (int round = 0; round < LEAST_ROUNDS || seconds(start) < SECONDS; round++) {
          for (Product product : Product.values()) {
            Map<ProductKernel, Double> taken = new EnumMap<>(ProductKernel.class);
            for (ProductKernel kernel : ProductKernel.values()) {
              long before = System.nanoTime();
              module.call(product.method(kernel), x, w, dy).close();
              taken.put(kernel, seconds(before));
              best.computeIfAbsent(product, p -> new EnumMap<>(ProductKernel.class))
                  .merge(kernel, taken.get(kernel), Math::min);
            }
            ratios
                .computeIfAbsent(product, p -> new ArrayList<>())
                .add(taken.get(ProductKernel.DEFAULT) / taken.get(ProductKernel.ONEDNN));
          }
        }
      } catch (ScriptException e) {
        // This build of PyTorch has no oneDNN: there is nothing to choose.
        return new ProductProbe(ProductKernels.DEFAULT, 1, seconds(start));
      }
    }
    // The median of calls side by side: a moment in which the machine is slow counts once.
    Function<Product, ProductKernel> fastest =
        product ->
            ratios.get(product).stream()
                        .sorted()
                        .skip(ratios.get(product).size() / 2)
                        .findFirst()
                        .orElseThrow()
                    > WORTH_IT
                ? ProductKernel.ONEDNN
                : ProductKernel.DEFAULT;
    double before =
        best.values().stream().mapToDouble(times -> times.get(ProductKernel.DEFAULT)).sum();
    double after =
        Arrays.stream(Product.values())
            .mapToDouble(product -> best.get(product).get(fastest.apply(product)))
            .sum();
    return new ProductProbe(
        new ProductKernels(
            fastest.apply(Product.FORWARD),
            fastest.apply(Product.INPUT_GRADIENT),
            fastest.apply(Product.WEIGHT_GRADIENT)),
        before / after,
        seconds(start));
  }

  /** A method for each product and kernel, such as {@code input_gradient_onednn(x, w, dy)}. */
  static Script script() {
    Script script = new Script();
    for (Product product : Product.values()) {
      for (ProductKernel kernel : ProductKernel.values()) {
        script
            .method(product.method(kernel), "x: Tensor, w: Tensor, dy: Tensor", "Tensor")
            .line("torch.set_grad_enabled(False)")
            .result(kernel == ProductKernel.ONEDNN ? product.oneDnn : product.byDefault);
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
