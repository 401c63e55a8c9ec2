/**
 * What a model costs, and what its loss will be: accounting, sweeps of many runs, scaling laws.
 *
 * <p>Accounting gives a {@link grounds.scaling.Term}, a figure that explains itself as a tree:
 * {@link grounds.scaling.ParameterCount}, {@link grounds.scaling.TrainingFlops}, {@link
 * grounds.scaling.MemoryEstimate}; {@link grounds.scaling.TrainingCost} makes time and money of
 * operations on named {@link grounds.scaling.Hardware}.
 *
 * <p>A {@link grounds.scaling.SweepPlan} lists runs, a {@link grounds.scaling.Sweep} does each of
 * them once, and a {@link grounds.scaling.RunStore} keeps how they ended; {@link
 * grounds.scaling.SweepCommand} is all three from a command line.
 *
 * <p>A run is a {@link grounds.scaling.ScalingPoint}. From many of them {@link
 * grounds.scaling.PowerLawFit} finds L(N), L(D) or L(C), and {@link grounds.scaling.Envelope},
 * {@link grounds.scaling.IsoFlop} and {@link grounds.scaling.ParametricFit} are Hoffmann et al.'s
 * three ways to the best size for a budget. Each fit has intervals, by the bootstrap.
 *
 * <p>To count another family, give its parts in {@code Anatomy}. What decides how a run ends stands
 * in {@link grounds.scaling.RunConfig}, which names it.
 */
package grounds.scaling;
