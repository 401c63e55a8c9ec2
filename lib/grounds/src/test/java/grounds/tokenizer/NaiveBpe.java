package grounds.tokenizer;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Byte-pair encoding by the definition and nothing else: every pair counted again for every merge,
 * every merge searched again in all of a piece. The oracle of the fast classes.
 */
final class NaiveBpe {

  record Pair(byte[] left, byte[] right) {
    byte[] both() {
      return concat(left, right);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Pair p
          && Arrays.equals(left, p.left)
          && Arrays.equals(right, p.right);
    }

    @Override
    public int hashCode() {
      return 31 * Arrays.hashCode(left) + Arrays.hashCode(right);
    }
  }

  private static final Comparator<Pair> BY_BYTES =
      ((Comparator<Pair>) (a, b) -> Arrays.compareUnsigned(a.left, b.left))
          .thenComparing((a, b) -> Arrays.compareUnsigned(a.right, b.right));

  private NaiveBpe() {}

  /** Merges until there are so many distinct tokens, the 256 bytes included, or no pair is left. */
  static List<Pair> train(List<byte[]> pieces, int tokens) {
    List<List<byte[]>> texts = new ArrayList<>();
    pieces.forEach(piece -> texts.add(bytes(piece)));
    List<Pair> merges = new ArrayList<>();
    Map<Pair, Boolean> made = new HashMap<>();
    while (256 + made.size() < tokens) {
      Map<Pair, Integer> counts = new HashMap<>();
      for (List<byte[]> text : texts) {
        for (int i = 0; i + 1 < text.size(); i++) {
          counts.merge(new Pair(text.get(i), text.get(i + 1)), 1, Integer::sum);
        }
      }
      if (counts.isEmpty()) {
        break;
      }
      Pair best =
          counts.entrySet().stream()
              .max(
                  Map.Entry.<Pair, Integer>comparingByValue()
                      .thenComparing(Map.Entry.comparingByKey(BY_BYTES)))
              .orElseThrow()
              .getKey();
      texts.forEach(text -> replace(text, best));
      merges.add(best);
      made.put(new Pair(best.both(), new byte[0]), true);
    }
    return merges;
  }

  /** The tokens of a piece: the earliest merge there is, its leftmost place, again and again. */
  static List<byte[]> encode(byte[] piece, List<Pair> merges) {
    Map<Pair, Integer> ranks = new HashMap<>();
    for (int i = 0; i < merges.size(); i++) {
      ranks.putIfAbsent(merges.get(i), i);
    }
    List<byte[]> text = bytes(piece);
    while (true) {
      int best = Integer.MAX_VALUE;
      int place = -1;
      for (int i = 0; i + 1 < text.size(); i++) {
        int rank = ranks.getOrDefault(new Pair(text.get(i), text.get(i + 1)), Integer.MAX_VALUE);
        if (rank < best) {
          best = rank;
          place = i;
        }
      }
      if (place < 0) {
        return text;
      }
      text.set(place, concat(text.get(place), text.get(place + 1)));
      text.remove(place + 1);
    }
  }

  private static void replace(List<byte[]> text, Pair pair) {
    for (int i = 0; i + 1 < text.size(); i++) {
      if (Arrays.equals(text.get(i), pair.left) && Arrays.equals(text.get(i + 1), pair.right)) {
        text.set(i, pair.both());
        text.remove(i + 1);
      }
    }
  }

  private static List<byte[]> bytes(byte[] piece) {
    List<byte[]> bytes = new ArrayList<>();
    for (byte b : piece) {
      bytes.add(new byte[] {b});
    }
    return bytes;
  }

  private static byte[] concat(byte[] left, byte[] right) {
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.writeBytes(left);
    both.writeBytes(right);
    return both.toByteArray();
  }
}
