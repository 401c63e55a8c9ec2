package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import grounds.tensor.Parameters;

/**
 * The shape of low-rank adapters (Hu et al. 2021): a frozen linear layer gets (alpha / rank) (x
 * A^T) B^T added to its output, with A of [rank, inputs] and B of [outputs, rank]. Trained in place
 * of the weight, the two take a small share of its memory.
 *
 * @param rank width between the two matrices; at most the smaller side of the weight
 * @param alpha how much the adapter counts: fixed, it keeps the size of a step over ranks
 */
public record LowRank(int rank, double alpha) {

  public LowRank {
    if (rank < 1) {
      throw new IllegalArgumentException("Wanted a rank of 1 or more, got " + rank + ".");
    }
    if (!(alpha > 0 && alpha < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("Wanted a finite alpha above 0, got " + alpha + ".");
    }
  }

  /** What the product of the two matrices is multiplied by: alpha / rank. */
  public double scale() {
    return alpha / rank;
  }

  /**
   * Makes one adapter. B starts at zero, so that the adapter changes nothing yet; A from a normal
   * distribution of the variance that the authors' code has, 1 / (3 inputs).
   */
  Layer create(Parameters parameters, int inputs, int outputs) {
    Linear down =
        new Linear(parameters.in("down"), inputs, rank, false, 1 / Math.sqrt(3.0 * inputs));
    Linear up = new Linear(parameters.in("up").zeros("weight", outputs, rank));
    NDArray factor = parameters.constant(new float[] {(float) scale()});
    // The scale goes where the vectors are shortest.
    return (input, training) -> up.forward(down.forward(input, training).mul(factor), training);
  }
}
