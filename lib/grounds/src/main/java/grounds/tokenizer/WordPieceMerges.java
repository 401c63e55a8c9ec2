package grounds.tokenizer;

import grounds.tokenizer.WordPieceTrainer.Merge;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * The merges of {@link WordPieceTrainer}, one by one. The words of the text are kept as they are
 * cut so far, and the pairs of neighbours in the order of their scores. A merge visits only the
 * words that hold its pair, and moves only the pairs whose score it changes. No two merges make the
 * same token: what became one token in one place became one in every place.
 */
final class WordPieceMerges implements Iterator<Merge> {
  /** The product of two counts must be a long: the square root of 2^63. */
  private static final long MOST_CHARACTERS = 3_037_000_499L;

  private static final class Token {
    final String text;

    /** The pairs that it begins, by the other half. */
    final Map<Token, Pair> asLeft = new HashMap<>();

    final Set<Pair> asRight = new HashSet<>();
    long count;

    Token(String text) {
      this.text = text;
    }
  }

  private static final class Pair {
    final Token left;
    final Token right;

    /** The words that hold it, and some that did, until another merge. */
    final List<Word> words = new ArrayList<>();

    long count;

    Pair(Token left, Token right) {
      this.left = left;
      this.right = right;
    }
  }

  private static final class Word {
    final long count;
    List<Token> tokens = new ArrayList<>();

    Word(long count) {
      this.count = count;
    }
  }

  private static final Comparator<Pair> BEST_FIRST =
      ((Comparator<Pair>) WordPieceMerges::compareScores)
          .thenComparingLong(pair -> pair.count)
          .reversed()
          .thenComparing(pair -> pair.left.text)
          .thenComparing(pair -> pair.right.text);

  private final Set<String> alphabet;
  private final long minimumFrequency;

  /** The pairs that may be merged. One whose score is about to change must be taken out before. */
  private final NavigableSet<Pair> queue = new TreeSet<>(BEST_FIRST);

  /** Starts with each word cut into its characters. */
  WordPieceMerges(Map<String, Long> wordCounts, long minimumFrequency) {
    this.minimumFrequency = minimumFrequency;
    Map<String, Token> tokens = new HashMap<>();
    long characters = 0;
    for (Map.Entry<String, Long> entry : wordCounts.entrySet()) {
      Word word = new Word(entry.getValue());
      for (int character : entry.getKey().codePoints().toArray()) {
        String prefix = word.tokens.isEmpty() ? "" : WordPieceTokenizer.CONTINUATION;
        word.tokens.add(tokens.computeIfAbsent(prefix + Character.toString(character), Token::new));
      }
      characters += word.count * word.tokens.size();
      if (characters > MOST_CHARACTERS) {
        throw new IllegalArgumentException(
            "Wanted at most %,d characters of words; the text has more. Train on a part of it."
                .formatted(MOST_CHARACTERS));
      }
      count(word, word.count);
      for (int i = 1; i < word.tokens.size(); i++) {
        pair(word.tokens.get(i - 1), word.tokens.get(i)).words.add(word);
      }
    }
    alphabet = new TreeSet<>(tokens.keySet());
    tokens.values().forEach(token -> enqueue(token.asLeft.values()));
  }

  /** The tokens before the first merge, in the order of strings. */
  Set<String> alphabet() {
    return alphabet;
  }

  @Override
  public boolean hasNext() {
    return !queue.isEmpty();
  }

  @Override
  public Merge next() {
    Pair best = queue.first();
    String suffix = best.right.text.substring(WordPieceTokenizer.CONTINUATION.length());
    Token joined = new Token(best.left.text + suffix);
    Merge merge =
        new Merge(
            best.left.text,
            best.right.text,
            joined.text,
            best.count,
            best.left.count,
            best.right.count);
    // Only these tokens get other counts, and only pairs with one of them other scores.
    for (Token token : List.of(best.left, best.right)) {
      token.asLeft.values().forEach(queue::remove);
      token.asRight.forEach(queue::remove);
    }
    for (Word word : best.words) {
      join(word, best, joined);
    }
    for (Token token : List.of(best.left, best.right, joined)) {
      enqueue(token.asLeft.values());
      enqueue(token.asRight);
    }
    return merge;
  }

  private void join(Word word, Pair pair, Token joined) {
    List<Token> before = word.tokens;
    List<Token> after = new ArrayList<>(before.size());
    for (int i = 0; i < before.size(); i++) {
      boolean here =
          before.get(i) == pair.left && i + 1 < before.size() && before.get(i + 1) == pair.right;
      after.add(here ? joined : before.get(i));
      i += here ? 1 : 0;
    }
    if (after.size() == before.size()) {
      return;
    }
    count(word, -word.count);
    word.tokens = after;
    count(word, word.count);
    for (int i = 1; i < after.size(); i++) {
      if (after.get(i - 1) == joined || after.get(i) == joined) {
        pair(after.get(i - 1), after.get(i)).words.add(word);
      }
    }
  }

  /** Adds to the counts of a word's tokens and pairs. */
  private void count(Word word, long change) {
    Token left = null;
    for (Token token : word.tokens) {
      token.count += change;
      if (left != null) {
        pair(left, token).count += change;
      }
      left = token;
    }
  }

  private void enqueue(Collection<Pair> pairs) {
    for (Pair pair : List.copyOf(pairs)) {
      if (pair.count == 0) {
        pair.left.asLeft.remove(pair.right);
        pair.right.asRight.remove(pair);
      } else if (pair.count >= minimumFrequency) {
        queue.add(pair);
      }
    }
  }

  private static Pair pair(Token left, Token right) {
    return left.asLeft.computeIfAbsent(
        right,
        other -> {
          Pair pair = new Pair(left, other);
          other.asRight.add(pair);
          return pair;
        });
  }

  /** Compares count / (left.count * right.count), crosswise in 128 bits, so that ties are ties. */
  private static int compareScores(Pair a, Pair b) {
    long ofA = a.left.count * a.right.count;
    long ofB = b.left.count * b.right.count;
    int high = Long.compare(Math.multiplyHigh(a.count, ofB), Math.multiplyHigh(b.count, ofA));
    return high != 0 ? high : Long.compareUnsigned(a.count * ofB, b.count * ofA);
  }
}
