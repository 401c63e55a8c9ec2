package grounds.tensor;

/**
 * The numbers that matrix products are computed with. Weights, optimizer state, norms and the loss
 * are float32 at every precision (mixed precision: Micikevicius et al. 2018).
 */
public enum Precision {

  /** 24 significant bits: the reference. */
  FLOAT32,

  /**
   * Products of float32 matrices on the tensor cores of a GPU, which read 11 significant bits of
   * each factor. A CPU computes float32.
   */
  TF32,

  /** 8 significant bits, the range of float32, half the memory. Fast where the processor has it. */
  BFLOAT16
}
