package grounds.tokenizer;

import java.util.Arrays;
import java.util.concurrent.CancellationException;

/**
 * Encodes text with the merges of one vocabulary. It holds working memory and remembers the words
 * it has seen, so one thread at a time may use it.
 *
 * <p>Three ways, from the most frequent to the rarest: a word that was seen before is looked up; a
 * short one is merged by searching for its earliest merge again and again; a long one has its
 * merges in a heap, window by window.
 */
final class BpeEncoder {

  /** Up to here searching all merges of a piece beats a heap, in bytes. */
  private static final int SHORT = 48;

  /** Longer pieces are not remembered, in bytes. */
  private static final int LONGEST_REMEMBERED = 64;

  /** Two longs hold this many bytes and their number. */
  private static final int LONGEST_PACKED = 15;

  /** How much longer a window is than what the next one encodes again. */
  private static final int WINDOW_TO_OVERLAP = 8;

  /** A window holds at least so many of the longest token. */
  private static final int WINDOW_IN_TOKENS = 8;

  private static final int CACHE_BITS = 15;
  private static final int WIDE_CACHE_BITS = 14;
  private static final int CACHED_IDS = 1 << 18;

  /** So many ids of a remembered piece lie beside it. */
  private static final int INLINE = 4;

  private static final int ID_BITS = 24;
  private static final int ID_MASK = (1 << ID_BITS) - 1;

  private static final int PIECES_BETWEEN_POLLS = 1 << 16;
  private static final long EMPTY = -1;

  private final PreTokenizer preTokenizer;
  private final Vocabulary vocabulary;
  private final PairTable pairs;
  private final int[] idsByRank;
  private final boolean wholePieces;
  private final int window;

  // Working memory: tokens, the place where each one ends, and the rank of each with its right
  // neighbour.
  private int[] ids = new int[SHORT];
  private int[] ends = new int[SHORT];
  private int[] ranks = new int[SHORT];
  private int count;

  // For the heap: neighbours, and entries of rank and place.
  private int[] previous = {};
  private int[] next = {};
  private long[] heap = {};
  private int heapSize;

  // Remembered pieces, two to a set, four longs each: the piece in two, its ids and their number in
  // two, or the place of the ids.
  private final long[] cache = new long[8 << CACHE_BITS];
  private final byte[][] wideKeys = new byte[1 << WIDE_CACHE_BITS][];
  private final int[][] wideIds = new int[1 << WIDE_CACHE_BITS][];
  private final int[] cachedIds = new int[CACHED_IDS];
  private int cachedIdsSize;

  /**
   * An encoder.
   *
   * @param pairs the rank of each merge
   * @param idsByRank the token that each merge makes
   * @param wholePieces whether a piece that is a token is encoded as that token, even if the merges
   *     do not lead to it
   * @param window the length in bytes from which pieces are encoded in parts; if it is too short
   *     for the longest token, a longer one is taken
   */
  BpeEncoder(
      PreTokenizer preTokenizer,
      Vocabulary vocabulary,
      PairTable pairs,
      int[] idsByRank,
      boolean wholePieces,
      int window) {
    this.preTokenizer = preTokenizer;
    this.vocabulary = vocabulary;
    this.pairs = pairs;
    this.idsByRank = idsByRank;
    this.wholePieces = wholePieces;
    this.window = Math.max(window, WINDOW_IN_TOKENS * vocabulary.longest());
    Arrays.fill(cache, EMPTY);
  }

  /** Adds the ids of a part of a text, which is cut into pieces as if it stood alone. */
  void encode(byte[] text, int from, int to, IntList out) {
    int untilPoll = PIECES_BETWEEN_POLLS;
    for (int start = from; start < to; ) {
      int end = preTokenizer.end(text, start, to);
      encodePiece(text, start, end, out);
      start = end;
      if (--untilPoll == 0) {
        pollInterrupt();
        untilPoll = PIECES_BETWEEN_POLLS;
      }
    }
  }

  private static void pollInterrupt() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("Encoding was interrupted.");
    }
  }

  private void encodePiece(byte[] text, int start, int end, IntList out) {
    int length = end - start;
    if (length <= LONGEST_PACKED) {
      encodePacked(text, start, end, out);
    } else if (length <= LONGEST_REMEMBERED) {
      int slot = ByteTable.hash(text, start, end) >>> 32 - WIDE_CACHE_BITS;
      byte[] key = wideKeys[slot];
      if (key == null || !Arrays.equals(key, 0, key.length, text, start, end)) {
        tokenize(text, start, end);
        wideKeys[slot] = Arrays.copyOfRange(text, start, end);
        wideIds[slot] = Arrays.copyOf(ids, count);
      }
      out.addAll(wideIds[slot], 0, wideIds[slot].length);
    } else if (length <= window) {
      tokenize(text, start, end);
      out.addAll(ids, 0, count);
    } else {
      encodeInWindows(text, start, end, out);
    }
  }

  private void encodePacked(byte[] text, int start, int end, IntList out) {
    int length = end - start;
    long low;
    long high = (long) length << 56;
    if (start + 16 <= text.length) {
      low = (long) ByteTable.LONG.get(text, start);
      if (length <= 8) {
        low &= -1L >>> 64 - 8 * length;
      } else {
        high |= (long) ByteTable.LONG.get(text, start + 8) & (1L << 8 * (length - 8)) - 1;
      }
    } else {
      low = 0;
      for (int i = length - 1; i >= 0; i--) {
        long b = text[start + i] & 0xFF;
        if (i < 8) {
          low = low << 8 | b;
        } else {
          high |= b << 8 * (i - 8);
        }
      }
    }
    int set = (int) (ByteTable.mix(low ^ high * 0xD6E8FEB86659FD93L) >>> 64 - CACHE_BITS) << 3;
    int slot = set;
    if (cache[slot] != low || cache[slot + 1] != high) {
      slot = set + 4;
      if (cache[slot] != low || cache[slot + 1] != high) {
        slot = set;
        tokenize(text, start, end);
        remember(set, low, high);
      }
    }
    long idsOrPlace = cache[slot + 2];
    long last = cache[slot + 3];
    int found = (int) (last >>> 2 * ID_BITS);
    if (found <= INLINE) {
      out.addFirst(
          found,
          (int) (idsOrPlace >>> 32),
          (int) idsOrPlace,
          (int) (last >>> ID_BITS) & ID_MASK,
          (int) last & ID_MASK);
    } else {
      out.addAll(cachedIds, (int) idsOrPlace, found);
    }
  }

  /** Puts the tokens that were found in front of the two pieces of a set; the second one goes. */
  private void remember(int set, long low, long high) {
    if (count > INLINE && cachedIdsSize + count > CACHED_IDS) {
      Arrays.fill(cache, EMPTY);
      cachedIdsSize = 0;
    }
    System.arraycopy(cache, set, cache, set + 4, 4);
    cache[set] = low;
    cache[set + 1] = high;
    cache[set + 3] = (long) count << 2 * ID_BITS;
    if (count <= INLINE) {
      cache[set + 2] = (long) ids[0] << 32 | (count > 1 ? ids[1] : 0);
      cache[set + 3] |= (count > 2 ? (long) ids[2] << ID_BITS : 0) | (count > 3 ? ids[3] : 0);
    } else {
      cache[set + 2] = cachedIdsSize;
      System.arraycopy(ids, 0, cachedIds, cachedIdsSize, count);
      cachedIdsSize += count;
    }
  }

  /** Finds the tokens of a piece that is shorter than a window. */
  private void tokenize(byte[] text, int start, int end) {
    int whole = wholePieces ? vocabulary.find(text, start, end) : Vocabulary.ABSENT;
    if (whole == Vocabulary.ABSENT) {
      merge(text, start, end);
    } else {
      ids[0] = whole;
      count = 1;
    }
  }

  /** Merges a text: its tokens are then in {@code ids}, their ends in {@code ends}. */
  void merge(byte[] text, int start, int end) {
    int length = end - start;
    if (length > ids.length) {
      int size = Math.max(length, Math.min(window, 2 * ids.length));
      ids = new int[size];
      ends = new int[size];
      ranks = new int[size];
    }
    for (int i = 0; i < length; i++) {
      ids[i] = vocabulary.ofByte(text[start + i]);
      ends[i] = start + i + 1;
    }
    for (int i = 0; i + 1 < length; i++) {
      ranks[i] = pairs.get(ids[i], ids[i + 1]);
    }
    ranks[length - 1] = PairTable.NONE;
    count = length;
    if (length <= SHORT) {
      mergeShort();
    } else {
      mergeLong();
    }
  }

  private void mergeShort() {
    while (true) {
      int first = 0;
      for (int i = 1; i < count - 1; i++) {
        if (ranks[i] < ranks[first]) {
          first = i;
        }
      }
      if (ranks[first] == PairTable.NONE) {
        return;
      }
      ids[first] = idsByRank[ranks[first]];
      int moved = count - first - 2;
      System.arraycopy(ids, first + 2, ids, first + 1, moved);
      System.arraycopy(ends, first + 1, ends, first, moved + 1);
      System.arraycopy(ranks, first + 1, ranks, first, moved + 1);
      count--;
      ranks[first] = first + 1 < count ? pairs.get(ids[first], ids[first + 1]) : PairTable.NONE;
      if (first > 0) {
        ranks[first - 1] = pairs.get(ids[first - 1], ids[first]);
      }
    }
  }

  private void mergeLong() {
    int length = count;
    if (length > previous.length) {
      previous = new int[ids.length];
      next = new int[ids.length];
      heap = new long[3 * ids.length];
    }
    heapSize = 0;
    for (int i = 0; i < length; i++) {
      previous[i] = i - 1;
      next[i] = i + 1;
      if (ranks[i] != PairTable.NONE) {
        heap[heapSize++] = entry(i);
      }
    }
    for (int i = heapSize / 2 - 1; i >= 0; i--) {
      siftDown(i);
    }
    while (heapSize > 0) {
      long top = heap[0];
      heap[0] = heap[--heapSize];
      siftDown(0);
      int left = (int) top;
      if (top != entry(left)) {
        continue; // One of the two was merged with another since.
      }
      int right = next[left];
      ids[left] = idsByRank[ranks[left]];
      ends[left] = ends[right];
      ranks[right] = PairTable.NONE;
      next[left] = next[right];
      if (next[right] < length) {
        previous[next[right]] = left;
      }
      renew(left, length);
      if (previous[left] >= 0) {
        renew(previous[left], length);
      }
    }
    count = 0;
    for (int i = 0; i < length; i = next[i]) {
      ids[count] = ids[i];
      ends[count] = ends[i];
      count++;
    }
  }

  private long entry(int place) {
    return (long) ranks[place] << 32 | place;
  }

  private void renew(int place, int length) {
    int right = next[place];
    ranks[place] = right < length ? pairs.get(ids[place], ids[right]) : PairTable.NONE;
    if (ranks[place] == PairTable.NONE) {
      return;
    }
    int child = heapSize++;
    long entry = entry(place);
    while (child > 0 && heap[(child - 1) / 2] > entry) {
      heap[child] = heap[(child - 1) / 2];
      child = (child - 1) / 2;
    }
    heap[child] = entry;
  }

  private void siftDown(int from) {
    long entry = heap[from];
    int parent = from;
    while (true) {
      int child = 2 * parent + 1;
      if (child >= heapSize) {
        break;
      }
      if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= entry) {
        break;
      }
      heap[parent] = heap[child];
      parent = child;
    }
    heap[parent] = entry;
  }

  /**
   * Encodes a long piece window by window, in time linear in its length.
   *
   * <p>Why the windows fit together: let A be encoded as a1 ... am and B as b1 ... bn. If the bytes
   * of am b1 are encoded as am, b1, then AB is encoded as a1 ... am b1 ... bn. For merges come in
   * one order, earliest and leftmost first, and each depends on two neighbours alone. Take the
   * first merge across the seam while AB is encoded. Up to then the two sides have merged as they
   * do alone, so the tokens it joins lie inside am and b1, and it would have come first among the
   * merges of am b1 as well.
   *
   * <p>The same argument, read from right to left, lets a window be cut off after any of its
   * tokens. So each window gives all but its last eighth; the next one begins there. Where its
   * first token is the one that the last window had there, the seam holds; otherwise it is tried,
   * and an earlier cut after that.
   */
  void encodeInWindows(byte[] text, int start, int end, IntList out) {
    int sizeBefore = out.size();
    int[] kept = {};
    int[] keptEnds = {};
    int cut = 0; // How many tokens of the last window are kept if the seam holds.
    int at = start;
    while (true) {
      pollInterrupt();
      merge(text, at, Math.min(end, at + window));
      if (cut > 0 && ids[0] != kept[cut]) {
        if (holds(kept[cut - 1], ids[0])) {
          merge(text, at, Math.min(end, at + window)); // Trying the seam took the working memory.
        } else if (cut > 1) {
          cut--;
          at = keptEnds[cut - 1];
          continue;
        } else {
          out.truncate(sizeBefore);
          merge(text, start, end);
          out.addAll(ids, 0, count);
          return;
        }
      }
      out.addAll(kept, 0, cut);
      if (ends[count - 1] == end) {
        out.addAll(ids, 0, count);
        return;
      }
      kept = Arrays.copyOf(ids, count);
      keptEnds = Arrays.copyOf(ends, count);
      int last = at + window - window / WINDOW_TO_OVERLAP;
      cut = 1;
      while (cut < count - 1 && ends[cut] <= last) {
        cut++;
      }
      at = keptEnds[cut - 1];
    }
  }

  /** How many tokens {@link #merge} found. */
  int count() {
    return count;
  }

  /** One of the tokens that {@link #merge} found. */
  int id(int index) {
    return ids[index];
  }

  /** Whether the bytes of two tokens are encoded as these two. */
  private boolean holds(int left, int right) {
    byte[] both = vocabulary.join(left, right);
    merge(both, 0, both.length);
    return count == 2 && ids[0] == left && ids[1] == right;
  }
}
