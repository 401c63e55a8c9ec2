package grounds.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import java.util.Objects;

/**
 * A weight and its name in the model, such as {@code blocks.0.attention.output.weight}.
 *
 * @param name its path through the model's layers, unique in the model
 * @param array its value, float32; requires a gradient unless it is frozen
 */
public record Parameter(String name, NDArray array) {

  private static final NDIndex ALL = new NDIndex("...");

  public Parameter {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(array, "array");
  }

  /** The sizes of its dimensions. */
  public long[] shape() {
    return array.getShape().getShape();
  }

  /** The number of values in it. */
  public long size() {
    return array.size();
  }

  /** Whether it has two or more dimensions: a matrix or a table, not a bias or a norm's gain. */
  public boolean isMatrix() {
    return array.getShape().dimension() >= 2;
  }

  /** Whether training moves it: whether the tensor itself requires a gradient. */
  public boolean isTrained() {
    return array.hasGradient();
  }

  /**
   * What the last backward passes added up to; a new handle, closed by the scope around it.
   *
   * @throws IllegalStateException if the parameter is frozen
   */
  public NDArray gradient() {
    if (!isTrained()) {
      throw new IllegalStateException(
          "Wanted the gradient of "
              + name
              + ", which is frozen and has none. Freeze and adapt a model before you make the"
              + " training step; take merged adapters out of the weights before you train them.");
    }
    return array.getGradient();
  }

  /** Sets the gradient to zero; a not-a-number in it goes too. */
  public void zeroGradient() {
    try (NDArray gradient = gradient()) {
      gradient.set(ALL, 0f);
    }
  }

  /** A copy of the values, row by row. */
  public float[] values() {
    return array.toFloatArray();
  }

  /** Replaces the values in place. */
  public void load(float[] values) {
    if (values.length != size()) {
      throw new IllegalArgumentException(
          "Wanted "
              + size()
              + " values for "
              + name
              + " "
              + array.getShape()
              + ", got "
              + values.length
              + ".");
    }
    Devices.prepareThread();
    try (NDArray source = array.getManager().create(values, array.getShape())) {
      source.copyTo(array);
    }
  }
}
