package grounds.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import grounds.tokenizer.FrequentSubstrings.Found;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class FrequentSubstringsTest {
  private static final int LONGEST = 4;

  @Test
  void aHandWorkedExample() {
    // "an" is followed by "a" always, "na" by an end or by "n"; "ana" too. "ban" is there once.
    assertEquals(
        List.of(new Found("ana", 2), new Found("na", 2)),
        FrequentSubstrings.in(Map.of("banana", 1L), LONGEST, 10));
    assertEquals(
        List.of(new Found("ana", 2)), FrequentSubstrings.in(Map.of("banana", 1L), LONGEST, 1));
  }

  /** Counting every substring of every word, one by one. */
  @Test
  void theyAreThoseThatCountingFinds() {
    SplittableRandom random = new SplittableRandom(1);
    int[] alphabet = "abc\u4E2D\uD83D\uDE00\uD83D\uDE01".codePoints().toArray();
    for (int run = 0; run < 200; run++) {
      Map<String, Long> words = new TreeMap<>();
      for (int i = random.nextInt(6); i >= 0; i--) {
        String word =
            random
                .ints(1 + random.nextInt(12), 0, 1 + random.nextInt(alphabet.length))
                .mapToObj(c -> Character.toString(alphabet[c]))
                .collect(Collectors.joining());
        words.put(word, 1L + random.nextInt(3));
      }
      Map<String, Long> counts = new HashMap<>();
      Map<String, Set<String>> next = new HashMap<>();
      words.forEach((word, count) -> count(word, count, counts, next));
      counts
          .keySet()
          .removeIf(
              text ->
                  counts.get(text) < 2
                      || (text.codePointCount(0, text.length()) < LONGEST
                          && next.get(text).size() == 1
                          && !next.get(text).contains("")));
      List<Found> found = FrequentSubstrings.in(words, LONGEST, Integer.MAX_VALUE);
      assertEquals(
          counts,
          found.stream().collect(Collectors.toMap(Found::text, Found::count)),
          () -> "words: " + words);
      List<Long> order =
          found.stream()
              .map(f -> f.count() * f.text().codePointCount(0, f.text().length()))
              .toList();
      assertEquals(order.stream().sorted(java.util.Comparator.reverseOrder()).toList(), order);
    }
  }

  private static void count(
      String word, long count, Map<String, Long> counts, Map<String, Set<String>> next) {
    int[] characters = word.codePoints().toArray();
    for (int from = 0; from < characters.length; from++) {
      for (int length = 2; length <= LONGEST && from + length <= characters.length; length++) {
        String text = new String(characters, from, length);
        int end = from + length;
        counts.merge(text, count, Long::sum);
        next.computeIfAbsent(text, t -> new HashSet<>())
            .add(end < characters.length ? Character.toString(characters[end]) : "");
      }
    }
  }
}
