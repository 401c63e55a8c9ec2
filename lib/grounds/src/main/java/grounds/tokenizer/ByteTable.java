package grounds.tokenizer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A set of byte strings, each with an index in the order in which they came: 0, 1, 2 and so on. All
 * bytes lie in one array, so that millions of entries cost little more than their bytes.
 */
final class ByteTable {
  static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** An index that is not there. */
  static final int ABSENT = -1;

  private static final int FREE = 0;

  private byte[] bytes = new byte[1 << 12];
  private int[] ends = new int[1 << 8];
  private int[] hashes = new int[1 << 8];
  private int size;

  /** One more than the index of the entry that lies there. */
  private int[] slots = new int[1 << 9];

  int size() {
    return size;
  }

  int start(int index) {
    return index == 0 ? 0 : ends[index - 1];
  }

  int end(int index) {
    return ends[index];
  }

  /** Where all entries lie, one after the other. */
  byte[] bytes() {
    return bytes;
  }

  byte[] get(int index) {
    return Arrays.copyOfRange(bytes, start(index), end(index));
  }

  int find(byte[] text, int from, int to) {
    return slots[slot(text, from, to, hash(text, from, to))] - 1;
  }

  /** The index of a byte string, which is put in if it is new. */
  int add(byte[] text, int from, int to) {
    int hash = hash(text, from, to);
    int slot = slot(text, from, to, hash);
    if (slots[slot] != FREE) {
      return slots[slot] - 1;
    }
    int start = size == 0 ? 0 : ends[size - 1];
    if (size == ends.length) {
      ends = Arrays.copyOf(ends, 2 * size);
      hashes = Arrays.copyOf(hashes, 2 * size);
    }
    if (to - from > bytes.length - start) {
      bytes = Arrays.copyOf(bytes, grown(bytes.length, (long) start + to - from));
    }
    System.arraycopy(text, from, bytes, start, to - from);
    ends[size] = start + to - from;
    hashes[size] = hash;
    slots[slot] = ++size;
    if (2L * size > slots.length) {
      enlarge();
    }
    return size - 1;
  }

  private static int grown(int length, long wanted) {
    if (wanted > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "The distinct words of this text take more than 2 GB. Take a part of it.");
    }
    return (int) Math.min(Integer.MAX_VALUE - 8, Math.max(wanted, 2L * length));
  }

  private int slot(byte[] text, int from, int to, int hash) {
    int mask = slots.length - 1;
    int slot = hash & mask;
    while (slots[slot] != FREE) {
      int index = slots[slot] - 1;
      if (hashes[index] == hash
          && Arrays.equals(bytes, start(index), ends[index], text, from, to)) {
        return slot;
      }
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void enlarge() {
    slots = new int[2 * slots.length];
    int mask = slots.length - 1;
    for (int i = 0; i < size; i++) {
      int slot = hashes[i] & mask;
      while (slots[slot] != FREE) {
        slot = (slot + 1) & mask;
      }
      slots[slot] = i + 1;
    }
  }

  static int hash(byte[] text, int from, int to) {
    long hash = to - from;
    int at = from;
    for (; at + 8 <= to; at += 8) {
      hash = mix(hash ^ (long) LONG.get(text, at));
    }
    long rest = 0;
    for (int i = to - 1; i >= at; i--) {
      rest = rest << 8 | text[i] & 0xFF;
    }
    return (int) (mix(hash ^ rest) >>> 32);
  }

  static long mix(long value) {
    long mixed = value * 0x9E3779B97F4A7C15L;
    return (mixed ^ mixed >>> 29) * 0xBF58476D1CE4E5B9L;
  }
}
