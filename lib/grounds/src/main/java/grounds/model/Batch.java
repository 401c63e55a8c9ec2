package grounds.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Windows of text that a model reads at once, and at each position the token that came next.
 *
 * @param size how many windows
 * @param time tokens a window
 * @param inputs token ids, window after window
 * @param targets the inputs shifted by one: what the model should predict
 * @param mask which targets count in the loss, such as those of an answer but not of its question;
 *     empty: all. A target that does not count is still the id of some token
 * @param weights how much the surprise at each target adds to the loss, which is then their sum and
 *     not a mean; below 0 where the model should be surprised. Empty: the mean
 */
public record Batch(
    int size,
    int time,
    long[] inputs,
    long[] targets,
    Optional<boolean[]> mask,
    Optional<float[]> weights) {

  public Batch {
    if (size < 1 || time < 1) {
      throw new IllegalArgumentException(
          "Wanted a batch of 1 or more windows of 1 or more tokens, got "
              + size
              + " of "
              + time
              + ".");
    }
    if (inputs.length != size * time || targets.length != size * time) {
      throw new IllegalArgumentException(
          "Wanted "
              + size
              + " x "
              + time
              + " inputs and targets, got "
              + inputs.length
              + " and "
              + targets.length
              + ".");
    }
    mask.ifPresent(counted -> requireMask(counted, targets.length));
    weights.ifPresent(all -> requireWeights(all, targets.length));
  }

  /** A batch in which every target counts. */
  public Batch(int size, int time, long[] inputs, long[] targets) {
    this(size, time, inputs, targets, Optional.empty(), Optional.empty());
  }

  private static void requireWeights(float[] weights, int targets) {
    if (weights.length != targets) {
      throw new IllegalArgumentException(
          "Wanted a weight for each of " + targets + " targets, got " + weights.length + ".");
    }
    for (float weight : weights) {
      if (!Float.isFinite(weight)) {
        throw new IllegalArgumentException("Wanted finite weights, got " + weight + ".");
      }
    }
  }

  private static void requireMask(boolean[] mask, int targets) {
    if (mask.length != targets) {
      throw new IllegalArgumentException(
          "Wanted a mask with one value for each of "
              + targets
              + " targets, got "
              + mask.length
              + ".");
    }
    if (count(mask) == 0) {
      throw new IllegalArgumentException(
          "Wanted a target that counts in the loss, got a mask that leaves all "
              + targets
              + " out. Leave such a batch out.");
    }
  }

  private static int count(boolean[] mask) {
    int count = 0;
    for (boolean counts : mask) {
      count += counts ? 1 : 0;
    }
    return count;
  }

  /** Cuts windows of the given length out of a text, one at each start. */
  public static Batch of(int[] tokens, int time, int... starts) {
    long[] inputs = new long[starts.length * time];
    long[] targets = new long[starts.length * time];
    for (int row = 0; row < starts.length; row++) {
      for (int t = 0; t < time; t++) {
        inputs[row * time + t] = tokens[starts[row] + t];
        targets[row * time + t] = tokens[starts[row] + t + 1];
      }
    }
    return new Batch(starts.length, time, inputs, targets);
  }

  /**
   * Puts windows together that were cut out already.
   *
   * @param windows each as long as the context, and the token after it: [batch][time + 1]
   */
  public static Batch ofWindows(int[]... windows) {
    int time = windows.length == 0 ? 0 : Math.max(0, windows[0].length - 1);
    long[] inputs = new long[windows.length * time];
    long[] targets = new long[windows.length * time];
    for (int row = 0; row < windows.length; row++) {
      if (windows[row].length != windows[0].length) {
        throw new IllegalArgumentException(
            "Wanted windows of one length, got "
                + windows[0].length
                + " tokens in the first and "
                + windows[row].length
                + " in number "
                + row
                + ".");
      }
      for (int t = 0; t < time; t++) {
        inputs[row * time + t] = windows[row][t];
        targets[row * time + t] = windows[row][t + 1];
      }
    }
    return new Batch(windows.length, time, inputs, targets);
  }

  /**
   * The same windows, where only some targets count in the loss.
   *
   * @param mask true for each target that counts, window after window; at least one
   */
  public Batch withMask(boolean[] mask) {
    return new Batch(size, time, inputs, targets, Optional.of(mask), weights);
  }

  /**
   * The same windows with a loss that is a weighted sum. Whatever loss depends on the surprises
   * alone has the gradient of such a sum, where each weight is the derivative by that surprise.
   *
   * @param weights one for each target, window after window
   */
  public Batch withWeights(float[] weights) {
    return new Batch(size, time, inputs, targets, mask, Optional.of(weights));
  }

  /**
   * The windows dealt out evenly, in their order. A window in which no target counts is left out:
   * it has no part in the loss.
   *
   * @param parts at most the number of windows
   * @return that many batches, or fewer where fewer windows count; never none
   */
  public List<Batch> split(int parts) {
    if (parts < 1 || parts > size) {
      throw new IllegalArgumentException(
          "Wanted 1 to " + size + " parts of a batch of " + size + " windows, got " + parts + ".");
    }
    int[] rows = IntStream.range(0, size).filter(this::countsWindow).toArray();
    int filled = Math.min(parts, rows.length);
    List<Batch> batches = new ArrayList<>();
    for (int part = 0; part < filled; part++) {
      int from = part * rows.length / filled;
      int to = (part + 1) * rows.length / filled;
      batches.add(windows(Arrays.copyOfRange(rows, from, to)));
    }
    return batches;
  }

  private boolean countsWindow(int row) {
    return IntStream.range(row * time, (row + 1) * time).anyMatch(this::counts);
  }

  /** Those windows alone. */
  private Batch windows(int... rows) {
    long[] someInputs = new long[rows.length * time];
    long[] someTargets = new long[rows.length * time];
    boolean[] someMask = new boolean[rows.length * time];
    float[] someWeights = new float[rows.length * time];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(inputs, rows[i] * time, someInputs, i * time, time);
      System.arraycopy(targets, rows[i] * time, someTargets, i * time, time);
      for (int t = 0; t < time; t++) {
        someMask[i * time + t] = counts(rows[i] * time + t);
      }
      for (int t = 0; t < time && weights.isPresent(); t++) {
        someWeights[i * time + t] = weights.get()[rows[i] * time + t];
      }
    }
    return new Batch(
        rows.length,
        time,
        someInputs,
        someTargets,
        mask.map(all -> someMask),
        weights.map(all -> someWeights));
  }

  /** How many tokens are predicted. */
  public int tokens() {
    return size * time;
  }

  /** How many of them count in the loss. */
  public int countedTokens() {
    return mask.map(Batch::count).orElse(tokens());
  }

  /** Whether the i-th target counts in the loss. */
  public boolean counts(int i) {
    return mask.isEmpty() || mask.get()[i];
  }

  /**
   * What the surprise at the i-th target adds to the loss.
   *
   * @param counted how many targets count in the whole step
   */
  public float share(int i, long counted) {
    return weights.map(all -> all[i]).orElseGet(() -> counts(i) ? 1f / counted : 0);
  }

  /** The inputs as int64 [batch, time], owned by the manager. */
  public NDArray inputs(NDManager manager) {
    return manager.create(inputs, new Shape(size, time));
  }

  /** The targets as int64 [batch, time], owned by the manager. */
  public NDArray targets(NDManager manager) {
    return manager.create(targets, new Shape(size, time));
  }

  /** The mask as float32 [batch, time], 1 where a target counts, else 0; owned by the manager. */
  public Optional<NDArray> mask(NDManager manager) {
    return mask.map(
        counted -> {
          float[] values = new float[counted.length];
          for (int i = 0; i < values.length; i++) {
            values[i] = counted[i] ? 1 : 0;
          }
          return manager.create(values, new Shape(size, time));
        });
  }

  /** Fails unless the text has a window of that length and a token after it. */
  public static void requireWindow(String what, long tokens, int time) {
    if (tokens < time + 1) {
      throw new IllegalArgumentException(
          "Wanted at least "
              + (time + 1)
              + " tokens of "
              + what
              + " text (the context of "
              + time
              + " and the token after it), got "
              + tokens
              + ". Take a longer text or a shorter context.");
    }
  }
}
