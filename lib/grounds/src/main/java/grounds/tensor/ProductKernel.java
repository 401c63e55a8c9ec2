package grounds.tensor;

/** Whose code multiplies matrices on a CPU. */
public enum ProductKernel {
  /** The library that PyTorch takes by itself: MKL, OpenBLAS or Accelerate. */
  DEFAULT,
  /** oneDNN, which uses the wide vectors of AMD's newer processors where MKL does not. */
  ONEDNN
}
