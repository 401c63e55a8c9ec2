package grounds.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/**
 * The weights of one model, by name, in the order in which its layers made them; it makes,
 * initialises and owns them. All are trained until {@link #freeze}. A layer asks for its own in its
 * constructor; {@link #in} gives it a name space:
 *
 * <pre>{@code
 * NDArray weight = parameters.in("head").normal("weight", 0.02, vocabularySize, channels);
 * }</pre>
 *
 * <p>Each tensor draws from its own stream, derived from the seed and its name: the same on every
 * engine and machine, and unchanged when another layer is added.
 */
public final class Parameters implements AutoCloseable {

  private final NDManager manager;
  private final long seed;

  /** Whether new weights are drawn; shared with the name spaces of the set. */
  private final AtomicBoolean drawn;

  private final String prefix;
  private final Map<String, Parameter> all;

  /** An empty set on the current device. */
  public Parameters(long seed) {
    this(Devices.newManager(), seed);
  }

  /** An empty set that owns the given manager. */
  public Parameters(NDManager manager, long seed) {
    this(manager, seed, new AtomicBoolean(true), "", new LinkedHashMap<>());
  }

  private Parameters(
      NDManager manager,
      long seed,
      AtomicBoolean drawn,
      String prefix,
      Map<String, Parameter> all) {
    this.manager = manager;
    this.seed = seed;
    this.drawn = drawn;
    this.prefix = prefix;
    this.all = all;
  }

  /**
   * An empty set on the current device in which no weight is drawn, for a model whose weights are
   * read from a file at once: until then all are zero. Whoever has read them calls {@link #filled}.
   */
  public static Parameters toFill() {
    return new Parameters(
        Devices.newManager(), 0, new AtomicBoolean(false), "", new LinkedHashMap<>());
  }

  /**
   * Says that the weights are there. Those made later are drawn, such as the adapters of a model
   * from a file: two matrices of zeros in a row would never learn.
   */
  public void filled() {
    drawn.set(true);
  }

  /** The same set, with names that start with the given one and a dot. */
  public Parameters in(String name) {
    return new Parameters(manager, seed, drawn, prefix + name + ".", all);
  }

  /** The path that names start with, such as {@code blocks.0.attention}; empty for all. */
  public String name() {
    return prefix.isEmpty() ? "" : prefix.substring(0, prefix.length() - 1);
  }

  /** A tensor drawn from a normal distribution around 0. */
  public NDArray normal(String name, double standardDeviation, long... shape) {
    if (!drawn.get()) {
      return zeros(name, shape);
    }
    SplittableRandom random = Seeds.random(Seeds.derive(seed, prefix + name));
    float[] values = new float[size(shape)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (standardDeviation * random.nextGaussian());
    }
    return add(name, manager.create(values, new Shape(shape)));
  }

  /** A tensor of zeros. */
  public NDArray zeros(String name, long... shape) {
    size(shape);
    return add(name, manager.zeros(new Shape(shape)));
  }

  /** A tensor of ones. */
  public NDArray ones(String name, long... shape) {
    float[] values = new float[size(shape)];
    Arrays.fill(values, 1f);
    return add(name, manager.create(values, new Shape(shape)));
  }

  /**
   * A tensor that is not trained and never changes, such as a mask. It lives as long as the model,
   * so that autograd may hold it.
   */
  public NDArray constant(float[] values, long... shape) {
    return own(manager.create(values, new Shape(shape)));
  }

  /** The manager that owns the tensors. */
  public NDManager manager() {
    return manager;
  }

  /** The parameters in the order of their making. */
  public Stream<Parameter> stream() {
    return all.values().stream();
  }

  /** The parameters that training moves, in the order of their making. */
  public Stream<Parameter> trained() {
    return stream().filter(Parameter::isTrained);
  }

  /**
   * The trained ones, of which there must be some.
   *
   * @throws IllegalArgumentException if all are frozen
   */
  public List<Parameter> requireTrained() {
    List<Parameter> trained = trained().toList();
    if (trained.isEmpty()) {
      throw new IllegalArgumentException(
          "Wanted a parameter to train, got "
              + all.size()
              + ", all frozen. Add weights after freeze(), such as adapters; take merged adapters out"
              + " of the weights before you train them.");
    }
    return trained;
  }

  /**
   * Stops the training of all parameters that there are so far; those made later are trained. A
   * training step asks once, when it is made: freeze before that.
   */
  public void freeze() {
    stream().forEach(p -> p.array().setRequiresGradient(false));
  }

  /** The parameters by name, in the order of their making. */
  public Map<String, Parameter> byName() {
    return Collections.unmodifiableMap(all);
  }

  /**
   * The parameter of that full name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public Parameter get(String name) {
    Parameter parameter = all.get(prefix + name);
    if (parameter == null) {
      throw new IllegalArgumentException(
          "Wanted a parameter '" + prefix + name + "'; this model has " + all.keySet() + ".");
    }
    return parameter;
  }

  /** How many values there are, trained and frozen. */
  public long count() {
    return stream().mapToLong(Parameter::size).sum();
  }

  /** How many values are trained. */
  public long trainedCount() {
    return trained().mapToLong(Parameter::size).sum();
  }

  /** Closes every tensor of the model. */
  @Override
  public void close() {
    manager.close();
  }

  private NDArray add(String name, NDArray made) {
    NDArray array = own(made);
    array.setRequiresGradient(true);
    Parameter parameter = new Parameter(prefix + name, array);
    if (all.putIfAbsent(parameter.name(), parameter) != null) {
      array.close();
      throw new IllegalArgumentException(
          "The model has a parameter '"
              + parameter.name()
              + "' already: give each layer a name of its own with in(...).");
    }
    return array;
  }

  /** A model made inside a scope outlives it. */
  private static NDArray own(NDArray array) {
    NDScope.unregister(array);
    return array;
  }

  private static int size(long... shape) {
    long size = 1;
    for (long dimension : shape) {
      if (dimension < 1) {
        throw new IllegalArgumentException(
            "Wanted dimensions of 1 or more, got " + Arrays.toString(shape) + ".");
      }
      size = Math.multiplyExact(size, dimension);
    }
    return Math.toIntExact(size);
  }
}
