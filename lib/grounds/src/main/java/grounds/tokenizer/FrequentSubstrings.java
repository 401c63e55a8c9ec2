package grounds.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;

/**
 * The substrings of words that occur twice or more, up to a number of characters: what a unigram
 * vocabulary starts from. Of substrings that are always followed by the same character only the
 * longest counts, as in SentencePiece, where a suffix array finds them.
 *
 * <p>All places in all words are sorted by the character there, those with the same character by
 * the next one, and so on. Each group of places that agree on n characters is a substring.
 */
final class FrequentSubstrings {

  /** A substring, and how often it occurs. */
  record Found(String text, long count) {}

  private record Group(int start, int length, long count) {}

  private static final int END = -1;

  private final int longest;

  /** The characters of all words, each word with an END after it; and each one's word's count. */
  private final int[] characters;

  private final long[] counts;
  private final List<Group> groups = new ArrayList<>();

  private FrequentSubstrings(Map<String, Long> words, int longest) {
    this.longest = longest;
    int size =
        words.keySet().stream().mapToInt(word -> word.length() + 1).reduce(0, Math::addExact);
    int[] all = new int[size];
    counts = new long[size];
    int at = 0;
    for (Map.Entry<String, Long> word : words.entrySet()) {
      for (int character : word.getKey().codePoints().toArray()) {
        counts[at] = word.getValue();
        all[at++] = character;
      }
      all[at++] = END;
    }
    characters = Arrays.copyOf(all, at);
  }

  /** The {@code most} of them with the largest product of count and length, largest first. */
  static List<Found> in(Map<String, Long> words, int longest, int most) {
    return new FrequentSubstrings(words, longest).find(most);
  }

  private List<Found> find(int most) {
    long[] places = new long[characters.length];
    int count = 0;
    for (int place = 0; place < characters.length; place++) {
      if (characters[place] != END) {
        places[count++] = place;
      }
    }
    divide(places, 0, count, 0);
    // Sorting is stable: equal ones stay in the order of their characters.
    groups.sort(Comparator.comparingLong((Group g) -> g.count * g.length).reversed());
    return groups.stream()
        .limit(most)
        .map(g -> new Found(new String(characters, g.start, g.length), g.count))
        .toList();
  }

  /** Divides places that agree on {@code length} characters by the next one. */
  private void divide(long[] places, int from, int to, int length) {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException(
          "Training was interrupted while it looked for pieces; there is no tokenizer yet.");
    }
    long count = 0;
    for (int i = from; i < to; i++) {
      int place = (int) places[i];
      places[i] = (long) characters[place + length] << 32 | place;
      count += counts[place];
    }
    if (count < 2) {
      return;
    }
    Arrays.sort(places, from, to);
    if (length > 1 && (length == longest || canEndHere(places, from, to))) {
      groups.add(new Group((int) places[from], length, count));
    }
    if (length == longest) {
      return;
    }
    for (int start = from, end; start < to; start = end) {
      int next = next(places[start]);
      for (end = start; end < to && next(places[end]) == next; ) {
        end++;
      }
      if (next != END) {
        divide(places, start, end, length + 1);
      }
    }
  }

  private static boolean canEndHere(long[] places, int from, int to) {
    return next(places[from]) == END || next(places[from]) != next(places[to - 1]);
  }

  private static int next(long place) {
    return (int) (place >> 32);
  }
}
