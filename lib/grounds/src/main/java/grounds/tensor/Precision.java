package grounds.tensor;

import java.util.Arrays;
import java.util.Locale;

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
  BFLOAT16;

  /**
   * The precision named by {@code GROUNDS_PRECISION}: {@code float32} (the default), {@code tf32}
   * or {@code bfloat16}.
   */
  public static Precision current() {
    String name = System.getProperty("grounds.precision", System.getenv("GROUNDS_PRECISION"));
    if (name == null || name.isBlank()) {
      return FLOAT32;
    }
    return Arrays.stream(values())
        .filter(precision -> precision.toString().equals(name.strip()))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Wanted a precision of "
                        + Arrays.toString(values())
                        + ", got '"
                        + name
                        + "'. Set GROUNDS_PRECISION so."));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
