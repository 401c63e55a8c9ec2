package grounds.tokenizer;

import java.util.Arrays;

/**
 * A number for each of many pairs of tokens: how early the two merge, which is called their rank. A
 * hash table that is read far more often than written, and mostly not from a cache: so a pair and
 * its rank are one long.
 */
final class PairTable {

  /** The rank of a pair that does not merge: later than any other. */
  static final int NONE = Integer.MAX_VALUE;

  private static final int ID_BITS = 20;
  private static final int RANK_BITS = 24;

  /** One more than the highest id of a token. */
  static final int MOST_TOKENS = 1 << ID_BITS;

  /** One more than the highest rank. */
  static final int MOST_PAIRS = (1 << RANK_BITS) - 1;

  private static final long FREE = -1;

  /**
   * Pairs of the first tokens, mostly bytes, with which every piece begins, have their own place.
   */
  private static final int FIRST = 256;

  private final int[] first = new int[FIRST * FIRST];
  private long[] slots;
  private int size;

  PairTable(int expected) {
    slots = new long[4 * Integer.highestOneBit(Math.max(16, expected))];
    Arrays.fill(slots, FREE);
    Arrays.fill(first, NONE);
  }

  /** The rank of a pair, or {@link #NONE}. */
  int get(int left, int right) {
    if ((left | right) < FIRST) {
      return first[left * FIRST + right];
    }
    long pair = pair(left, right);
    long[] table = slots;
    int mask = table.length - 1;
    for (int slot = slot(pair, mask); ; slot = slot + 1 & mask) {
      long found = table[slot];
      if (found >>> RANK_BITS == pair) {
        return (int) found & MOST_PAIRS;
      }
      if (found == FREE) {
        return NONE;
      }
    }
  }

  /**
   * Puts in a pair, if it is not there yet.
   *
   * @throws IllegalArgumentException if the rank is {@link #MOST_PAIRS} or more
   */
  boolean putIfAbsent(int left, int right, int rank) {
    if (rank >= MOST_PAIRS) {
      throw new IllegalArgumentException(
          "Wanted at most %,d pairs of tokens; there are more. Take a smaller text."
              .formatted(MOST_PAIRS));
    }
    if ((left | right) < FIRST) {
      int place = left * FIRST + right;
      boolean absent = first[place] == NONE;
      first[place] = absent ? rank : first[place];
      return absent;
    }
    long pair = pair(left, right);
    int mask = slots.length - 1;
    int slot = slot(pair, mask);
    while (slots[slot] != FREE) {
      if (slots[slot] >>> RANK_BITS == pair) {
        return false;
      }
      slot = slot + 1 & mask;
    }
    slots[slot] = pair << RANK_BITS | rank;
    if (2 * ++size > slots.length) {
      enlarge();
    }
    return true;
  }

  private void enlarge() {
    long[] old = slots;
    slots = new long[2 * old.length];
    Arrays.fill(slots, FREE);
    int mask = slots.length - 1;
    for (long entry : old) {
      if (entry != FREE) {
        int slot = slot(entry >>> RANK_BITS, mask);
        while (slots[slot] != FREE) {
          slot = slot + 1 & mask;
        }
        slots[slot] = entry;
      }
    }
  }

  private static long pair(int left, int right) {
    return (long) left << ID_BITS | right;
  }

  private static int slot(long pair, int mask) {
    return (int) (ByteTable.mix(pair) >>> 32) & mask;
  }
}
