package grounds.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The special tokens of a vocabulary, found in texts; where several fit, the longest counts. */
final class SpecialTokens {

  /** Encodes text between special tokens. */
  @FunctionalInterface
  interface Plain {
    void encode(String text, IntList ids);
  }

  private final Map<String, Integer> ids;
  private final List<String> longestFirst;

  SpecialTokens(Map<String, Integer> ids) {
    this.ids = Collections.unmodifiableMap(new LinkedHashMap<>(ids));
    if (ids.containsKey("")) {
      throw new IllegalArgumentException(
          "A special token needs a text of 1 or more characters, such as <|endoftext|>; got an"
              + " empty one.");
    }
    longestFirst = new ArrayList<>(ids.keySet());
    longestFirst.sort(
        Comparator.comparingInt(String::length)
            .reversed()
            .thenComparing(Comparator.naturalOrder()));
  }

  Map<String, Integer> ids() {
    return ids;
  }

  /** Encodes a text, special tokens included as the caller wants them. */
  int[] encode(String text, SpecialText special, Plain plain) {
    IntList out = new IntList();
    int from = 0;
    Search search = new Search(text, special);
    for (Found next = search.from(0); next != null; next = search.from(from)) {
      if (next.at > from) {
        plain.encode(text.substring(from, next.at), out);
      }
      out.add(ids.get(next.token));
      from = next.at + next.token.length();
    }
    if (from < text.length()) {
      plain.encode(from == 0 ? text : text.substring(from), out);
    }
    return out.toArray();
  }

  private record Found(String token, int at) {}

  /** Goes through a text once for each special token, however many of them it holds. */
  private final class Search {
    private final String text;
    private final SpecialText special;
    private final List<String> wanted;
    private final int[] places;

    Search(String text, SpecialText special) {
      this.text = text;
      this.special = special;
      wanted = longestFirst.stream().filter(special::looksFor).toList();
      places = new int[wanted.size()];
      Arrays.fill(places, -1);
    }

    /** The first one from there on, or null. */
    Found from(int start) {
      Found first = null;
      for (int i = 0; i < places.length; i++) {
        if (places[i] < start) {
          int at = text.indexOf(wanted.get(i), start);
          places[i] = at < 0 ? Integer.MAX_VALUE : at;
        }
        if (places[i] < (first == null ? Integer.MAX_VALUE : first.at)) {
          first = new Found(wanted.get(i), places[i]);
        }
      }
      if (first != null && !special.allows(first.token)) {
        throw refused(first);
      }
      return first;
    }
  }

  private static IllegalArgumentException refused(Found found) {
    return new IllegalArgumentException(
        ("The text holds the special token %s, at position %d. If it is meant as control, allow it:"
                + " encode(text, SpecialText.allowed(\"%s\")). If it is only text, say so:"
                + " encode(text, SpecialText.plain()).")
            .formatted(found.token, found.at, found.token));
  }
}
