/**
 * What a model costs, and what its loss will be: accounting and scaling laws.
 *
 * <p>Accounting gives a {@link grounds.scaling.Term}, a figure that explains itself as a tree:
 * {@link grounds.scaling.ParameterCount}, {@link grounds.scaling.TrainingFlops}, {@link
 * grounds.scaling.MemoryEstimate}; {@link grounds.scaling.TrainingCost} makes time and money of
 * operations on named {@link grounds.scaling.Hardware}.
 *
 * <p>A run is a {@link grounds.scaling.ScalingPoint}. From many of them {@link
 * grounds.scaling.PowerLawFit} finds L(N), L(D) or L(C), and {@link grounds.scaling.Envelope},
 * {@link grounds.scaling.IsoFlop} and {@link grounds.scaling.ParametricFit} are Hoffmann et al.'s
 * three ways to the best size for a budget. Each fit has intervals, by the bootstrap.
 *
 * <p>To count another family, give its parts in {@code Anatomy}.
 */
package grounds.scaling;
