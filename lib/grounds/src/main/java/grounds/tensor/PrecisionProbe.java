package grounds.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/** How fast a processor multiplies bfloat16 matrices: many emulate it, at many times the cost. */
public final class PrecisionProbe {

  private static final int ROWS = 256;
  private static final int CHANNELS = 256;
  private static final int ROUNDS = 3;

  /** Products a call, so that converting the matrices counts little. */
  private static final int PRODUCTS = 4;

  private static double cost;
  private static Boolean packs;

  private PrecisionProbe() {}

  /**
   * How many times as long as a float32 product a bfloat16 one takes on the CPU; below 1 where the
   * processor has instructions for it. Measured once in a process.
   */
  public static synchronized double bfloat16Cost(NDManager parent) {
    if (cost == 0) {
      cost = measure(parent);
    }
    return cost;
  }

  /**
   * Whether oneDNN multiplies by bfloat16 weights that it has laid out on this CPU. It refuses
   * where the processor lacks instructions that are not only those for bfloat16.
   */
  public static synchronized boolean packsBfloat16(NDManager parent) {
    if (packs == null) {
      packs = tryPacking(parent);
    }
    return packs;
  }

  private static boolean tryPacking(NDManager parent) {
    Script script = new Script();
    Script.Method method = script.method("product", "x: Tensor", "Tensor");
    method.line("torch.set_grad_enabled(False)");
    method.line("narrow = torch.to(x, 15)");
    method.line("weight = " + ProductKernel.packed("narrow"));
    method.result("torch.to(" + ProductKernel.ONEDNN.linear("narrow", "weight", "None") + ", 6)");
    try (TensorScope scope = TensorScope.open(parent);
        ScriptModule module = ScriptModule.load(scope.manager(), script)) {
      NDArray ones = scope.manager().ones(new Shape(CHANNELS, CHANNELS));
      return module.call("product", ones).getFloat(0, 0) == CHANNELS;
    } catch (ScriptException e) {
      return false;
    }
  }

  private static double measure(NDManager parent) {
    Script script = new Script();
    Script.Method method = script.method("products", "x: Tensor, type: Tensor", "Tensor");
    method.line("torch.set_grad_enabled(False)");
    method.line("a = x");
    method.nested("if bool(torch.item(type)):", () -> method.line("a = torch.to(x, 15)"));
    method.line("y = torch.mm(a, a)");
    method.nested(
        "for _ in range(" + (PRODUCTS - 1) + "):", () -> method.line("y = torch.mm(a, a)"));
    method.result("y");
    try (TensorScope scope = TensorScope.open(parent);
        ScriptModule module = ScriptModule.load(scope.manager(), script)) {
      NDArray x = scope.manager().ones(new Shape(ROWS, CHANNELS));
      double wide = fastest(module, x, scope.manager().create(0L));
      return fastest(module, x, scope.manager().create(1L)) / wide;
    }
  }

  private static double fastest(ScriptModule module, NDArray x, NDArray type) {
    double best = Double.POSITIVE_INFINITY;
    for (int i = 0; i < ROUNDS; i++) {
      long start = System.nanoTime();
      module.call("products", x, type).close();
      best = Math.min(best, System.nanoTime() - start);
    }
    return best;
  }
}
