package grounds.tokenizer;

import java.io.IOException;
import java.io.Reader;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * How often each word occurs in texts that are read part by part. Special tokens in them are left
 * out; a word ends there.
 */
final class WordCounter {
  private static final int PART = 1 << 16;

  /** Finds special tokens, the longest first. */
  private final Pattern specials;

  private final int lookahead;
  private final Map<String, Long> counts = new HashMap<>();

  WordCounter(List<String> specialTokens) {
    specials =
        Pattern.compile(
            specialTokens.stream()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .map(Pattern::quote)
                .collect(Collectors.joining("|")));
    lookahead = Words.LOOKAHEAD + specialTokens.stream().mapToInt(String::length).max().orElse(0);
  }

  void count(Reader reader) throws IOException {
    StringBuilder buffer = new StringBuilder();
    char[] part = new char[PART];
    boolean start = true;
    for (boolean more = true; more; ) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancellationException(
            "Training was interrupted while it read the text; there is no tokenizer yet.");
      }
      int read = reader.read(part);
      more = read >= 0;
      if (more) {
        boolean mark = start && read > 0 && part[0] == '\uFEFF'; // A byte order mark is no text.
        start &= read == 0;
        buffer.append(part, mark ? 1 : 0, mark ? read - 1 : read);
      }
      // A word too near to the end may go on in the next part.
      int counted = count(buffer, more ? buffer.length() - lookahead : buffer.length());
      buffer.delete(0, counted);
    }
  }

  /** Counts the words that start before {@code limit}, and gives the end of the last of them. */
  private int count(StringBuilder text, int limit) {
    Matcher special = specials.matcher(text);
    int specialAt = -1;
    int at = 0;
    while (at < limit) {
      if (specialAt < at) {
        specialAt =
            !specials.pattern().isEmpty() && special.find(at) ? special.start() : text.length();
      }
      if (specialAt == at) {
        at = special.end();
      } else {
        int end = Words.end(text, at, specialAt);
        counts.merge(Utf8.wholeCharacters(text.substring(at, end)), 1L, Long::sum);
        at = end;
      }
    }
    return at;
  }

  /** The words and their counts, in the order of the words. */
  Map<String, Long> counts() {
    return new TreeMap<>(counts);
  }
}
