package grounds.training;

import java.util.OptionalDouble;

/**
 * Everything that decides the course of a training run, beside the model and the data.
 *
 * @param steps optimizer steps
 * @param batch windows a micro-batch
 * @param accumulation micro-batches whose gradients are averaged into one step
 * @param learningRate the schedule
 * @param optimizer the dials of AdamW
 * @param maxGradientNorm gradients longer than this are scaled down to it; empty: no clipping
 * @param evaluateEvery steps between two evaluations; the last step is always followed by one
 * @param evaluationWindows windows of each part an evaluation looks at
 * @param seed decides the order of the data and what dropout drops
 */
public record TrainingConfig(
    int steps,
    int batch,
    int accumulation,
    LearningRateSchedule learningRate,
    AdamW.Config optimizer,
    OptionalDouble maxGradientNorm,
    int evaluateEvery,
    int evaluationWindows,
    long seed) {

  public TrainingConfig {
    requirePositive("number of steps", steps);
    requirePositive("batch", batch);
    requirePositive("accumulation", accumulation);
    requirePositive("number of steps between evaluations", evaluateEvery);
    requirePositive("number of evaluation windows", evaluationWindows);
    if (maxGradientNorm.isPresent() && !(maxGradientNorm.getAsDouble() > 0)) {
      throw new IllegalArgumentException(
          "Wanted a largest gradient norm above 0, got " + maxGradientNorm.getAsDouble() + ".");
    }
  }

  /**
   * A run with a warm-up of a fortieth of the steps (at most 100) and cosine decay, gradients
   * clipped at 1, eight evaluations.
   *
   * @param peakLearningRate about 1e-3 for a small GPT
   */
  public static TrainingConfig of(int steps, int batch, double peakLearningRate) {
    requirePositive("number of steps", steps);
    return new TrainingConfig(
        steps,
        batch,
        1,
        LearningRateSchedule.warmupCosine(peakLearningRate, Math.min(100, steps / 40), steps),
        AdamW.Config.SMALL,
        OptionalDouble.of(1),
        Math.max(1, steps / 8),
        200,
        1);
  }

  public TrainingConfig withAccumulation(int accumulation) {
    return new TrainingConfig(
        steps,
        batch,
        accumulation,
        learningRate,
        optimizer,
        maxGradientNorm,
        evaluateEvery,
        evaluationWindows,
        seed);
  }

  public TrainingConfig withLearningRate(LearningRateSchedule learningRate) {
    return new TrainingConfig(
        steps,
        batch,
        accumulation,
        learningRate,
        optimizer,
        maxGradientNorm,
        evaluateEvery,
        evaluationWindows,
        seed);
  }

  public TrainingConfig withOptimizer(AdamW.Config optimizer) {
    return new TrainingConfig(
        steps,
        batch,
        accumulation,
        learningRate,
        optimizer,
        maxGradientNorm,
        evaluateEvery,
        evaluationWindows,
        seed);
  }

  /** Clips gradients at this global norm. */
  public TrainingConfig withMaxGradientNorm(double norm) {
    return new TrainingConfig(
        steps,
        batch,
        accumulation,
        learningRate,
        optimizer,
        OptionalDouble.of(norm),
        evaluateEvery,
        evaluationWindows,
        seed);
  }

  public TrainingConfig withoutClipping() {
    return new TrainingConfig(
        steps,
        batch,
        accumulation,
        learningRate,
        optimizer,
        OptionalDouble.empty(),
        evaluateEvery,
        evaluationWindows,
        seed);
  }

  /** Evaluates every so many steps on so many windows of each part. */
  public TrainingConfig withEvaluation(int everySteps, int windows) {
    return new TrainingConfig(
        steps,
        batch,
        accumulation,
        learningRate,
        optimizer,
        maxGradientNorm,
        everySteps,
        windows,
        seed);
  }

  public TrainingConfig withSeed(long seed) {
    return new TrainingConfig(
        steps,
        batch,
        accumulation,
        learningRate,
        optimizer,
        maxGradientNorm,
        evaluateEvery,
        evaluationWindows,
        seed);
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException("Wanted a " + name + " of 1 or more, got " + value + ".");
    }
  }
}
