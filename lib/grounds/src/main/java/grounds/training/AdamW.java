package grounds.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import grounds.tensor.Parameter;
import grounds.tensor.Parameters;
import grounds.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * AdamW (Loshchilov and Hutter 2019): each value moves by its mean gradient over the root of its
 * mean squared gradient, both corrected for having started at zero; matrices also shrink a little
 * at every step, vectors (biases, norms) do not.
 */
public final class AdamW implements AutoCloseable {

  /**
   * The dials of AdamW.
   *
   * @param beta1 how much of the mean gradient is kept a step, in [0, 1)
   * @param beta2 how much of the mean squared gradient is kept a step, in [0, 1)
   * @param epsilon keeps the division finite
   * @param weightDecay share of a matrix lost a step, times the learning rate
   */
  public record Config(double beta1, double beta2, double epsilon, double weightDecay) {

    /** For small models and batches: nanoGPT's values for characters. */
    public static final Config SMALL = new Config(0.9, 0.99, 1e-8, 0.1);

    /** GPT-3's values (Brown et al. 2020, appendix B). */
    public static final Config GPT3 = new Config(0.9, 0.95, 1e-8, 0.1);

    public Config {
      requireShare("beta1", beta1);
      requireShare("beta2", beta2);
      if (!(epsilon > 0)) {
        throw new IllegalArgumentException("Wanted an epsilon above 0, got " + epsilon + ".");
      }
      if (!(weightDecay >= 0)) {
        throw new IllegalArgumentException(
            "Wanted a weight decay of 0 or more, got " + weightDecay + ".");
      }
    }

    private static void requireShare(String name, double value) {
      if (!(value >= 0 && value < 1)) {
        throw new IllegalArgumentException("Wanted a " + name + " in [0, 1), got " + value + ".");
      }
    }
  }

  private record Slot(Parameter parameter, NDArray mean, NDArray square) {}

  private final Config config;
  private final NDManager manager;
  private final List<Slot> slots = new ArrayList<>();
  private int steps;

  /**
   * An optimizer whose means start at zero, for the parameters that are trained now; a frozen one
   * takes no memory and never moves.
   *
   * @throws IllegalArgumentException if none is trained
   */
  public AdamW(Parameters parameters, Config config) {
    this.config = config;
    this.manager = parameters.manager().newSubManager();
    try (TensorScope scope = TensorScope.open(manager)) {
      parameters
          .requireTrained()
          .forEach(
              p ->
                  slots.add(
                      new Slot(
                          p,
                          scope.keep(scope.manager().zeros(p.array().getShape())),
                          scope.keep(scope.manager().zeros(p.array().getShape())))));
    }
  }

  /**
   * The L2 norm of all gradients together.
   *
   * @return the norm; infinite or not a number where a gradient is
   */
  @SuppressWarnings("try") // the scope is only a bracket
  public double gradientNorm() {
    double sum = 0;
    try (TensorScope scope = TensorScope.open(manager)) {
      for (Slot slot : slots) {
        NDArray gradient = slot.parameter.gradient();
        sum += gradient.mul(gradient).sum().getFloat();
      }
    }
    return Math.sqrt(sum);
  }

  /**
   * Moves every trained parameter once by its gradient; the gradients are used up.
   *
   * @param learningRate the rate of this step
   * @param gradientScale what the gradients are multiplied by first: 1, or less to clip them
   */
  @SuppressWarnings("try") // the scope is only a bracket
  public void step(double learningRate, double gradientScale) {
    steps++;
    double beta1 = config.beta1();
    double beta2 = config.beta2();
    double meanCorrection = 1 - Math.pow(beta1, steps);
    double rootCorrection = Math.sqrt(1 - Math.pow(beta2, steps));
    // mean / meanCorrection / (root / rootCorrection + epsilon), with one pass fewer
    double stepSize = learningRate * rootCorrection / meanCorrection;
    double epsilon = config.epsilon() * rootCorrection;
    for (Slot slot : slots) {
      try (TensorScope scope = TensorScope.open(manager)) {
        NDArray weight = slot.parameter.array();
        NDArray gradient = slot.parameter.gradient();
        if (gradientScale != 1) {
          gradient.muli(gradientScale);
        }
        // mean = beta1 mean + (1 - beta1) gradient; square likewise with the gradient's square
        slot.mean.muli(beta1).addi(gradient.mul(1 - beta1));
        slot.square.muli(beta2).addi(gradient.muli(gradient).muli(1 - beta2));
        if (slot.parameter.isMatrix() && config.weightDecay() > 0) {
          weight.muli(1 - learningRate * config.weightDecay());
        }
        NDArray root = slot.square.sqrt().addi(epsilon);
        weight.subi(slot.mean.div(root).muli(stepSize));
      }
    }
  }

  /** Sets all gradients to zero: nothing else does, not even a new gradient collector. */
  @SuppressWarnings("try") // the scope is only a bracket
  public void zeroGradients() {
    try (TensorScope scope = TensorScope.open(manager)) {
      for (Slot slot : slots) {
        slot.parameter.zeroGradient();
      }
    }
  }

  /** Steps taken, on which the correction depends. */
  public int steps() {
    return steps;
  }

  /** The moving means, by the parameter's name with {@code .mean} or {@code .square} behind it. */
  public Map<String, NDArray> state() {
    Map<String, NDArray> state = new LinkedHashMap<>();
    for (Slot slot : slots) {
      state.put(slot.parameter.name() + ".mean", slot.mean);
      state.put(slot.parameter.name() + ".square", slot.square);
    }
    return state;
  }

  /** Goes on after that many steps, once the tensors of {@link #state} have been filled. */
  public void resumeAfter(int steps) {
    this.steps = steps;
  }

  /** Closes the moving means; the parameters belong to the model. */
  @Override
  public void close() {
    manager.close();
  }
}
