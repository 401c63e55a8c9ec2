package grounds.tokenizer;

import java.util.Arrays;

/**
 * Which two tokens merge, how early, and into what. A hash table of pairs, read far more often than
 * written.
 */
final class MergeTable {

  /** The merge of a pair that does not merge: later than any other. */
  static final long NONE = Long.MAX_VALUE;

  private static final long FREE = -1;

  /**
   * Pairs of the first tokens, mostly bytes, with which every piece begins, have their own place.
   */
  private static final int FIRST = 256;

  private final long[] first = new long[FIRST * FIRST];

  /** Key and value of each slot, side by side. */
  private long[] slots;

  private int size;

  MergeTable(int expected) {
    slots = new long[2 * Math.max(16, Integer.highestOneBit(expected) * 4)];
    Arrays.fill(slots, FREE);
    Arrays.fill(first, NONE);
  }

  /** A merge as a number: merges that come first are smaller. */
  static long merge(int rank, int id) {
    return (long) rank << 32 | id;
  }

  static int rank(long merge) {
    return (int) (merge >>> 32);
  }

  static int id(long merge) {
    return (int) merge;
  }

  /** The merge of a pair, or {@link #NONE}. */
  long get(int left, int right) {
    if ((left | right) < FIRST) {
      return first[left * FIRST + right];
    }
    long key = key(left, right);
    long[] table = slots;
    int mask = table.length - 2;
    for (int slot = slot(key, mask); ; slot = slot + 2 & mask) {
      long found = table[slot];
      if (found == key) {
        return table[slot + 1];
      }
      if (found == FREE) {
        return NONE;
      }
    }
  }

  /** Puts in a merge, if the pair has none yet. */
  boolean putIfAbsent(int left, int right, long merge) {
    if ((left | right) < FIRST) {
      int place = left * FIRST + right;
      boolean absent = first[place] == NONE;
      first[place] = absent ? merge : first[place];
      return absent;
    }
    long key = key(left, right);
    int mask = slots.length - 2;
    int slot = slot(key, mask);
    while (slots[slot] != FREE) {
      if (slots[slot] == key) {
        return false;
      }
      slot = slot + 2 & mask;
    }
    slots[slot] = key;
    slots[slot + 1] = merge;
    if (4 * ++size > slots.length) {
      enlarge();
    }
    return true;
  }

  private void enlarge() {
    long[] old = slots;
    slots = new long[2 * old.length];
    Arrays.fill(slots, FREE);
    int mask = slots.length - 2;
    for (int i = 0; i < old.length; i += 2) {
      if (old[i] != FREE) {
        int slot = slot(old[i], mask);
        while (slots[slot] != FREE) {
          slot = slot + 2 & mask;
        }
        slots[slot] = old[i];
        slots[slot + 1] = old[i + 1];
      }
    }
  }

  private static long key(int left, int right) {
    return (long) left << 32 | right;
  }

  private static int slot(long key, int mask) {
    return (int) (ByteTable.mix(key) >>> 31) & mask;
  }
}
