package grounds.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The special tokens of a vocabulary, found in texts; where several fit, the longest counts. */
final class SpecialTokens {

  /** Encodes text between special tokens; it is whole characters. */
  @FunctionalInterface
  interface Plain {
    void encode(String text, IntList out);
  }

  /** Encodes a part of a text in UTF-8, between special tokens. */
  @FunctionalInterface
  interface PlainBytes {
    void encode(byte[] text, int from, int to, IntList out);
  }

  private record Special(String token, byte[] bytes, int id) {}

  private final Map<String, Integer> ids;
  private final List<Special> longestFirst;

  SpecialTokens(Map<String, Integer> ids) {
    this.ids = Collections.unmodifiableMap(new LinkedHashMap<>(ids));
    if (ids.containsKey("")) {
      throw new IllegalArgumentException(
          "A special token needs a text of 1 or more characters, such as <|endoftext|>; got an"
              + " empty one.");
    }
    longestFirst =
        ids.entrySet().stream()
            .map(e -> new Special(e.getKey(), Utf8.bytes(e.getKey()), e.getValue()))
            .sorted(
                Comparator.comparingInt((Special s) -> s.bytes.length)
                    .reversed()
                    .thenComparing(Special::token))
            .toList();
  }

  Map<String, Integer> ids() {
    return ids;
  }

  /** The text of the special token with this id, in UTF-8. */
  Optional<byte[]> find(int id) {
    return longestFirst.stream().filter(s -> s.id == id).map(Special::bytes).findFirst();
  }

  /** Encodes a text, special tokens included as the caller wants them. */
  int[] encode(String text, SpecialText special, Plain plain) {
    byte[] bytes = Utf8.bytes(text);
    IntList out = new IntList();
    encode(
        bytes,
        bytes.length,
        special,
        (b, from, to, ids) -> plain.encode(new String(b, from, to - from, UTF_8), ids),
        out);
    return out.toArray();
  }

  /** The same for the first bytes of a text in UTF-8. */
  void encode(byte[] text, int length, SpecialText special, PlainBytes plain, IntList out) {
    int from = 0;
    Search search = new Search(text, length, special);
    for (int found = search.from(0); found >= 0; found = search.from(from)) {
      int at = search.places[found];
      if (at > from) {
        plain.encode(text, from, at, out);
      }
      out.add(search.wanted.get(found).id);
      from = at + search.wanted.get(found).bytes.length;
    }
    if (from < length) {
      plain.encode(text, from, length, out);
    }
  }

  /**
   * The last place where a text can be cut in two without changing its pieces or parting a special
   * token; 0 if there is none.
   */
  int cut(PreTokenizer preTokenizer, byte[] text, int length) {
    // Further on a special token could lie across the cut that does not end in this text.
    int seen = longestFirst.isEmpty() ? 0 : longestFirst.get(0).bytes.length;
    int cut = preTokenizer.cut(text, 0, length - seen);
    while (cut != PreTokenizer.NO_CUT && parts(text, cut, length)) {
      cut = preTokenizer.cut(text, 0, cut);
    }
    return Math.max(cut, 0);
  }

  private boolean parts(byte[] text, int cut, int length) {
    for (Special special : longestFirst) {
      int from = Math.max(0, cut - special.bytes.length + 1);
      int at = indexOf(text, special.bytes, from, Math.min(length, cut + special.bytes.length - 1));
      if (at < cut) {
        return true;
      }
    }
    return false;
  }

  private static int indexOf(byte[] text, byte[] wanted, int from, int to) {
    for (int at = from; at + wanted.length <= to; at++) {
      if (text[at] == wanted[0]
          && Arrays.equals(text, at, at + wanted.length, wanted, 0, wanted.length)) {
        return at;
      }
    }
    return Integer.MAX_VALUE;
  }

  /** Goes through a text once for each special token, however many of them it holds. */
  private final class Search {
    private final byte[] text;
    private final int length;
    private final SpecialText special;
    private final List<Special> wanted;
    private final int[] places;

    Search(byte[] text, int length, SpecialText special) {
      this.text = text;
      this.length = length;
      this.special = special;
      wanted = longestFirst.stream().filter(s -> special.looksFor(s.token)).toList();
      places = new int[wanted.size()];
      Arrays.fill(places, -1);
    }

    /** Which one comes first from there on, or -1. */
    int from(int start) {
      int first = -1;
      for (int i = 0; i < places.length; i++) {
        if (places[i] < start) {
          places[i] = indexOf(text, wanted.get(i).bytes, start, length);
        }
        if (places[i] < (first < 0 ? Integer.MAX_VALUE : places[first])) {
          first = i;
        }
      }
      if (first >= 0 && !special.allows(wanted.get(first).token)) {
        throw refused(wanted.get(first).token, new String(text, 0, places[first], UTF_8).length());
      }
      return first;
    }
  }

  private static IllegalArgumentException refused(String token, int position) {
    return new IllegalArgumentException(
        ("The text holds the special token %s, at position %d. If it is meant as control, allow it:"
                + " encode(text, SpecialText.allowed(\"%s\")). If it is only text, say so:"
                + " encode(text, SpecialText.plain()).")
            .formatted(token, position, token));
  }
}
