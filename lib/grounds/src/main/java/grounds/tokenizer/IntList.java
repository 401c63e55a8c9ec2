package grounds.tokenizer;

import java.util.Arrays;

/** A growing list of int. */
final class IntList {
  private int[] values;
  private int size;

  IntList() {
    this(16);
  }

  /** A list with room for so many, to begin with. */
  IntList(int room) {
    values = new int[room];
  }

  void add(int value) {
    if (size == values.length) {
      grow(size + 1);
    }
    values[size++] = value;
  }

  /** Adds the first ones of four; always writing all four costs less than asking. */
  void addFirst(int count, int a, int b, int c, int d) {
    if (size + 4 > values.length) {
      grow(size + 4);
    }
    values[size] = a;
    values[size + 1] = b;
    values[size + 2] = c;
    values[size + 3] = d;
    size += count;
  }

  void addAll(int[] from, int start, int count) {
    if (size + count > values.length) {
      grow(size + count);
    }
    System.arraycopy(from, start, values, size, count);
    size += count;
  }

  private void grow(int atLeast) {
    long wanted = Math.max(atLeast, 2L * values.length);
    values = Arrays.copyOf(values, (int) Math.min(wanted, Integer.MAX_VALUE - 8));
  }

  int get(int index) {
    return values[index];
  }

  int size() {
    return size;
  }

  void clear() {
    size = 0;
  }

  /** Keeps the first ones only. */
  void truncate(int newSize) {
    size = newSize;
  }

  int[] toArray() {
    return Arrays.copyOf(values, size);
  }
}
