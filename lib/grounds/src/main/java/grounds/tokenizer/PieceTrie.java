package grounds.tokenizer;

import java.util.Arrays;
import java.util.List;

/**
 * Pieces by their characters: from the root, one step for each UTF-16 unit. The steps lie in one
 * hash table with open addressing, keyed by node and unit.
 */
final class PieceTrie {
  static final int ROOT = 0;
  static final int NONE = -1;

  private static final long EMPTY = -1;

  private final long[] keys;
  private final int[] children;
  private final int shift;
  private final int[] pieces;
  private int nodes = 1;

  /** A piece's number is its place in the list; of equal ones the last counts. */
  PieceTrie(List<String> texts) {
    int steps = texts.stream().mapToInt(String::length).reduce(0, Math::addExact);
    int bits = Math.max(4, 33 - Integer.numberOfLeadingZeros(steps)); // At most half full.
    keys = new long[1 << bits];
    Arrays.fill(keys, EMPTY);
    children = new int[keys.length];
    shift = 64 - bits;
    int[] pieceOf = new int[steps + 1];
    Arrays.fill(pieceOf, NONE);
    for (int piece = 0; piece < texts.size(); piece++) {
      String text = texts.get(piece);
      int node = ROOT;
      for (int i = 0; i < text.length(); i++) {
        node = makeChild(node, text.charAt(i));
      }
      pieceOf[node] = piece;
    }
    pieces = Arrays.copyOf(pieceOf, nodes);
  }

  private int makeChild(int node, char unit) {
    int slot = slot(node, unit);
    if (keys[slot] == EMPTY) {
      keys[slot] = key(node, unit);
      children[slot] = nodes++;
    }
    return children[slot];
  }

  /** The node one step on, or {@link #NONE}. */
  int child(int node, char unit) {
    int slot = slot(node, unit);
    return keys[slot] == EMPTY ? NONE : children[slot];
  }

  /** The piece that ends at that node, or {@link #NONE}. */
  int piece(int node) {
    return pieces[node];
  }

  private int slot(int node, char unit) {
    long key = key(node, unit);
    int slot = (int) (key * 0x9E3779B97F4A7C15L >>> shift); // Fibonacci hashing, Knuth 6.4
    while (keys[slot] != key && keys[slot] != EMPTY) {
      slot = slot + 1 & keys.length - 1;
    }
    return slot;
  }

  private static long key(int node, char unit) {
    return (long) node << 16 | unit;
  }
}
