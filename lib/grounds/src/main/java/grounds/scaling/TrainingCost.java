package grounds.scaling;

/**
 * Time and money of a training run.
 *
 * @param flops operations of the run
 * @param hardware what it runs on
 * @param devices how many of them
 * @param utilization the share of the peak that is useful work, in (0, 1]: 0.3 to 0.5 in published
 *     runs (model FLOPs utilization: Chowdhery et al. 2022)
 */
public record TrainingCost(double flops, Hardware hardware, int devices, double utilization) {

  private static final double SECONDS_PER_HOUR = 3600;

  public TrainingCost {
    if (!(flops > 0) || Double.isInfinite(flops)) {
      throw new IllegalArgumentException("Wanted operations above 0, got " + flops + ".");
    }
    if (devices < 1) {
      throw new IllegalArgumentException("Wanted 1 or more devices, got " + devices + ".");
    }
    requireUtilization(utilization);
  }

  private static void requireUtilization(double utilization) {
    if (!(utilization > 0 && utilization <= 1)) {
      throw new IllegalArgumentException(
          "Wanted a utilization in (0, 1], got "
              + utilization
              + ". Published runs reach 0.3 to 0.5.");
    }
  }

  /** Hours of all devices together. */
  public double deviceHours() {
    return flops / (hardware.peakFlops() * utilization) / SECONDS_PER_HOUR;
  }

  /** Hours until it is done. */
  public double hours() {
    return deviceHours() / devices;
  }

  /** What the hours cost. */
  public double dollars() {
    return deviceHours() * hardware.dollarsPerHour();
  }

  /** The utilization that a run of so many device hours had. */
  public static double utilization(double flops, Hardware hardware, double deviceHours) {
    if (!(deviceHours > 0)) {
      throw new IllegalArgumentException("Wanted device hours above 0, got " + deviceHours + ".");
    }
    return flops / (deviceHours * SECONDS_PER_HOUR * hardware.peakFlops());
  }
}
