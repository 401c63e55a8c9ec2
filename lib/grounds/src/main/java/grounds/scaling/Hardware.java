package grounds.scaling;

/**
 * A device that trains.
 *
 * @param name its name in the trade
 * @param peakFlops dense operations a second at the precision that models are trained with
 * @param memoryBytes its own memory
 * @param dollarsPerHour what an hour of it costs to rent, roughly; prices move, so give your own
 */
public record Hardware(String name, double peakFlops, double memoryBytes, double dollarsPerHour) {

  /** Nvidia V100 SXM2 32 GB, float16 on tensor cores (data sheet: 125 TFLOP/s). */
  public static final Hardware V100 = new Hardware("V100", 125e12, 32e9, 1);

  /** Nvidia A100 SXM 80 GB, bfloat16 (data sheet: 312 TFLOP/s). */
  public static final Hardware A100 = new Hardware("A100", 312e12, 80e9, 1.5);

  /** Nvidia H100 SXM, bfloat16 (data sheet: 989 TFLOP/s without sparsity). */
  public static final Hardware H100 = new Hardware("H100", 989e12, 80e9, 2);

  /**
   * Nvidia H800: an H100 with slower links. DeepSeek-V3's report counts 2 dollars an hour (2024).
   */
  public static final Hardware H800 = new Hardware("H800", 989e12, 80e9, 2);

  /** Google TPU v4, bfloat16 (Jouppi et al. 2023: 275 TFLOP/s). */
  public static final Hardware TPU_V4 = new Hardware("TPU v4", 275e12, 32e9, 3);

  public Hardware {
    if (!(peakFlops > 0) || !(memoryBytes > 0) || !(dollarsPerHour >= 0)) {
      throw new IllegalArgumentException(
          "Wanted a peak and a memory above 0 and a price of 0 or more for "
              + name
              + ", got "
              + peakFlops
              + ", "
              + memoryBytes
              + " and "
              + dollarsPerHour
              + ".");
    }
  }

  public Hardware withDollarsPerHour(double dollarsPerHour) {
    return new Hardware(name, peakFlops, memoryBytes, dollarsPerHour);
  }
}
