package grounds.model.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import grounds.tensor.TensorScope;
import java.util.Arrays;

/**
 * The keys and values that one {@link Attention} made of the tokens read so far. No later token
 * changes them, so that the next one is read alone: its query asks, and what is kept answers.
 */
public final class KeyValueCache {

  private final NDManager manager;
  private NDArray keys;
  private NDArray values;

  /**
   * An empty cache.
   *
   * @param manager owns what is kept
   */
  public KeyValueCache(NDManager manager) {
    this.manager = manager;
  }

  /**
   * Puts the keys and values of the next tokens behind those that are kept.
   *
   * @param newKeys [batch, heads, time, headDim]
   * @param newValues the same shape
   * @return all keys and all values, which this cache owns: [batch, heads, length, headDim]
   */
  NDList append(NDArray newKeys, NDArray newValues) {
    keep(
        length() == 0 ? newKeys.duplicate() : keys.concat(newKeys, 2),
        length() == 0 ? newValues.duplicate() : values.concat(newValues, 2));
    return new NDList(keys, values);
  }

  /** How many tokens are kept. */
  public int length() {
    return keys == null ? 0 : (int) keys.getShape().get(2);
  }

  /** Goes on with some of the texts, rows of the batch: in a new order, or several times. */
  public void select(int... texts) {
    if (keys == null) {
      throw new IllegalStateException("Wanted a cache of some tokens to select from, it is empty.");
    }
    try (TensorScope scope = TensorScope.open(manager)) {
      NDArray rows = scope.manager().create(Arrays.stream(texts).asLongStream().toArray());
      keep(keys.get(rows), values.get(rows));
    }
  }

  /** Empties it. */
  public void clear() {
    if (keys != null) {
      keys.close();
      values.close();
      keys = null;
      values = null;
    }
  }

  private void keep(NDArray newKeys, NDArray newValues) {
    clear();
    keys = TensorScope.keep(newKeys, manager);
    values = TensorScope.keep(newValues, manager);
  }
}
