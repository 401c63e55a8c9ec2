package grounds.model.script;

import ai.djl.ndarray.NDManager;
import grounds.model.LanguageModel;
import grounds.tensor.Precision;
import grounds.tensor.ProductKernels;
import grounds.tensor.ScriptModule;

/**
 * The dials of a native step that change how a result is computed, and (but for the precision) not
 * the result.
 *
 * @param precision of matrix products
 * @param checkpointing whether blocks keep only their input and compute the rest again in the
 *     backward pass (Chen et al. 2016): less memory, about a third more time
 * @param kernels whose code multiplies float32 matrices on a CPU
 * @param attention how attention is differentiated
 */
public record ScriptOptions(
    Precision precision, boolean checkpointing, ProductKernels kernels, AttentionKernel attention) {

  /** Whose code computes attention and its gradient, always without the square of scores. */
  public enum AttentionKernel {
    /** The fused kernel of a CPU and its backward pass, called by name. */
    CPU,
    /** Whichever kernel the device has (on a GPU: flash attention), differentiated by autograd. */
    ANY_DEVICE
  }

  /** Float32, nothing computed twice, on a CPU. */
  public static final ScriptOptions DEFAULT =
      new ScriptOptions(Precision.FLOAT32, false, ProductKernels.DEFAULT, AttentionKernel.CPU);

  /** Narrower models than this multiply matrices too small for another kernel to pay. */
  private static final int WIDE = 128;

  /**
   * What is fastest for a model where its tensors live, at the precision that {@code
   * GROUNDS_PRECISION} asks for.
   */
  public static ScriptOptions forModel(LanguageModel model) {
    NDManager manager = model.parameters().manager();
    ScriptOptions options = DEFAULT.withPrecision(Precision.current());
    if (manager.getDevice().isGpu()) {
      return options.withAttention(AttentionKernel.ANY_DEVICE);
    }
    boolean wide =
        Family.of(model).filter(family -> family.config().channels() >= WIDE).isPresent();
    return wide && ScriptModule.isSupported(manager)
        ? options.withKernels(ProductKernels.fastest(manager))
        : options;
  }

  public ScriptOptions withPrecision(Precision precision) {
    return new ScriptOptions(precision, checkpointing, kernels, attention);
  }

  public ScriptOptions withCheckpointing(boolean checkpointing) {
    return new ScriptOptions(precision, checkpointing, kernels, attention);
  }

  public ScriptOptions withKernels(ProductKernels kernels) {
    return new ScriptOptions(precision, checkpointing, kernels, attention);
  }

  public ScriptOptions withAttention(AttentionKernel attention) {
    return new ScriptOptions(precision, checkpointing, kernels, attention);
  }
}
