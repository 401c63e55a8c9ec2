package grounds.model.script;

import ai.djl.ndarray.NDManager;
import grounds.model.LanguageModel;
import grounds.tensor.Precision;
import grounds.tensor.ProductKernel;
import grounds.tensor.ScriptModule;

/**
 * The dials of a native step that change how a result is computed, and (but for the precision) not
 * the result.
 *
 * @param precision of matrix products
 * @param checkpointing whether blocks keep only their input and compute the rest again in the
 *     backward pass (Chen et al. 2016): less memory, about a third more time
 * @param products whose code multiplies float32 matrices on a CPU; bfloat16 ones are oneDNN's, and
 *     where it is named here, too, generation keeps its weights as it likes them
 * @param attention how attention is differentiated
 */
public record ScriptOptions(
    Precision precision, boolean checkpointing, ProductKernel products, AttentionKernel attention) {

  /** Whose code computes attention and its gradient, always without the square of scores. */
  public enum AttentionKernel {
    /** The fused kernel of a CPU and its backward pass, called by name. */
    CPU,
    /** Whichever kernel the device has (on a GPU: flash attention), differentiated by autograd. */
    ANY_DEVICE
  }

  /** Float32, nothing computed twice, on a CPU. */
  public static final ScriptOptions DEFAULT =
      new ScriptOptions(Precision.FLOAT32, false, ProductKernel.DEFAULT, AttentionKernel.CPU);

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
    return Family.of(model)
        .map(family -> family.config().channels())
        .filter(channels -> channels >= WIDE && ScriptModule.isSupported(manager))
        .map(channels -> options.withProducts(ProductKernel.fastest(manager, channels)))
        .orElse(options);
  }

  /**
   * Whether weights of generation lie as oneDNN likes them: it reads them for every token, and
   * would lay them out anew each time.
   */
  boolean packs() {
    return precision == Precision.BFLOAT16
        && products == ProductKernel.ONEDNN
        && attention == AttentionKernel.CPU;
  }

  public ScriptOptions withPrecision(Precision precision) {
    return new ScriptOptions(precision, checkpointing, products, attention);
  }

  public ScriptOptions withCheckpointing(boolean checkpointing) {
    return new ScriptOptions(precision, checkpointing, products, attention);
  }

  public ScriptOptions withProducts(ProductKernel products) {
    return new ScriptOptions(precision, checkpointing, products, attention);
  }

  public ScriptOptions withAttention(AttentionKernel attention) {
    return new ScriptOptions(precision, checkpointing, products, attention);
  }
}
