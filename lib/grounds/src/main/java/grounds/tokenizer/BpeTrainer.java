package grounds.tokenizer;

import grounds.tokenizer.BpeTokenizer.Pair;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/**
 * Learns a byte-level byte-pair vocabulary from text (Sennrich et al. 2016): begin with the 256
 * bytes; again and again make the most frequent pair of neighbours a new token, until the
 * vocabulary is full.
 *
 * <pre>{@code
 * BpeTokenizer tokenizer = new BpeTrainer(5_000).specialTokens("<|endoftext|>").train(text);
 * }</pre>
 *
 * <p>Among pairs of the same frequency the greatest counts, compared as two byte strings, unsigned,
 * first the left ones. Pairs that overlap, as in "aaa", count each. So the merges follow from the
 * text alone, whatever the number of threads. Bytes have the ids 0 to 255, merged tokens follow in
 * their order, special tokens come last. Two merges that make the same bytes make one token.
 */
public final class BpeTrainer {
  private static final int MERGES_BETWEEN_POLLS = 16;

  private final int vocabularySize;
  private final PreTokenizer preTokenizer;
  private final List<String> special;
  private final int threads;
  private final Consumer<Merge> listener;

  /**
   * A merge at the time it is learned.
   *
   * @param number 1 for the first one
   * @param left the first token, as text where it is text
   * @param right the second token
   * @param count how often the two are neighbours
   */
  public record Merge(int number, String left, String right, long count) {}

  /**
   * A trainer with GPT-2's pre-tokenizer, no special tokens, and a thread for each core.
   *
   * @param vocabularySize the 256 bytes, the merged tokens and the special tokens together
   */
  public BpeTrainer(int vocabularySize) {
    this(
        vocabularySize,
        PreTokenizer.GPT2,
        List.of(),
        Runtime.getRuntime().availableProcessors(),
        merge -> {});
  }

  private BpeTrainer(
      int vocabularySize,
      PreTokenizer preTokenizer,
      List<String> special,
      int threads,
      Consumer<Merge> listener) {
    int least = 256 + special.size();
    if (vocabularySize < least) {
      throw new IllegalArgumentException(
          ("A byte-level vocabulary holds the 256 bytes and %d special tokens before anything is"
                  + " learned: wanted a size of %d or more, got %d.")
              .formatted(special.size(), least, vocabularySize));
    }
    if (vocabularySize > PairTable.MOST_TOKENS) {
      throw new IllegalArgumentException(
          "Wanted a vocabulary of at most %,d tokens, got %,d."
              .formatted(PairTable.MOST_TOKENS, vocabularySize));
    }
    if (special.stream().distinct().count() < special.size() || special.contains("")) {
      throw new IllegalArgumentException(
          "Wanted special tokens that differ from each other and are not empty, got %s."
              .formatted(special));
    }
    if (threads < 1) {
      throw new IllegalArgumentException("Wanted 1 thread or more, got %d.".formatted(threads));
    }
    this.vocabularySize = vocabularySize;
    this.preTokenizer = preTokenizer;
    this.special = special;
    this.threads = threads;
    this.listener = listener;
  }

  /** The same with other pieces, across whose ends nothing is merged. */
  public BpeTrainer preTokenizer(PreTokenizer preTokenizer) {
    return new BpeTrainer(vocabularySize, preTokenizer, special, threads, listener);
  }

  /** The same with tokens that are not learned from the text and take no part in merges. */
  public BpeTrainer specialTokens(String... tokens) {
    return new BpeTrainer(vocabularySize, preTokenizer, List.of(tokens), threads, listener);
  }

  /** The same on so many threads. */
  public BpeTrainer threads(int threads) {
    return new BpeTrainer(vocabularySize, preTokenizer, special, threads, listener);
  }

  /** The same, with somebody who is told of each merge as it is learned. */
  public BpeTrainer onMerge(Consumer<Merge> listener) {
    return new BpeTrainer(vocabularySize, preTokenizer, special, threads, listener);
  }

  /**
   * Learns from a text. A text too short for the vocabulary gives a smaller one: its last pair
   * merged, there is nothing left to learn.
   *
   * @throws IllegalArgumentException if the text is empty
   * @throws CancellationException if the thread is interrupted
   */
  public BpeTokenizer train(String text) {
    return train(PieceCounts.of(text, preTokenizer, specialTokens(256)));
  }

  /**
   * Learns from a file, which is read part by part.
   *
   * @throws IllegalArgumentException if the file is empty
   * @throws java.io.UncheckedIOException if it cannot be read
   * @throws CancellationException if the thread is interrupted
   */
  public BpeTokenizer train(Path file) {
    return train(file, TextBlocks.BLOCK);
  }

  BpeTokenizer train(Path file, int block) {
    return train(PieceCounts.ofFile(file, counter(), threads, block));
  }

  /** What counts the pieces of a corpus for {@link #train(PieceCounts)}, wherever it lies. */
  public PieceCounter counter() {
    return new PieceCounter(preTokenizer, special);
  }

  /**
   * Learns from counted pieces, for example of many files; they must have been cut by the same
   * pre-tokenizer.
   *
   * @throws IllegalArgumentException if there are none
   * @throws CancellationException if the thread is interrupted
   */
  public BpeTokenizer train(PieceCounts pieces) {
    if (pieces.size() == 0) {
      throw new IllegalArgumentException(
          "There is no text to learn from: wanted at least one word, got none.");
    }
    Run run = new Run(pieces);
    run.fill(vocabularySize - special.size());
    return new BpeTokenizer(
        "BPE",
        preTokenizer,
        run.tokens,
        List.copyOf(run.merges),
        false,
        specialTokens(run.tokens.size()).ids());
  }

  private SpecialTokens specialTokens(int firstId) {
    Map<String, Integer> ids = new LinkedHashMap<>();
    special.forEach(token -> ids.put(token, firstId + ids.size()));
    return new SpecialTokens(ids);
  }

  /** A pair in the queue; its count may have changed since. */
  private record Candidate(int pair, long count) {}

  /** One training: the pieces as tokens, and the pairs in them. */
  private final class Run {
    private final List<byte[]> tokens = new ArrayList<>();
    private final ByteTable known = new ByteTable();
    private final List<Pair> merges = new ArrayList<>();

    // The tokens of all pieces, one after the other: piece i has lengths[i] from starts[i].
    private final int[] symbols;
    private final int[] starts;
    private final int[] lengths;
    private final PieceCounts pieces;

    // The pairs, in the order in which they were first seen.
    private final PairTable pairs = new PairTable(1 << 12);
    private final IntList lefts = new IntList();
    private final IntList rights = new IntList();
    private long[] counts = new long[1 << 12];
    private IntList[] places = new IntList[1 << 12];
    private final PriorityQueue<Candidate> queue =
        new PriorityQueue<>(
            Comparator.comparingLong((Candidate c) -> -c.count)
                .thenComparing((a, b) -> compareBytes(b.pair, a.pair)));

    // The pairs whose count grew in this merge.
    private final IntList grown = new IntList();

    Run(PieceCounts pieces) {
      this.pieces = pieces;
      for (int b = 0; b < 256; b++) {
        byte[] token = {(byte) b};
        tokens.add(token);
        known.add(token, 0, 1);
      }
      symbols = new int[Math.toIntExact(pieces.bytes())];
      starts = new int[pieces.size()];
      lengths = new int[pieces.size()];
      int at = 0;
      for (int piece = 0; piece < starts.length; piece++) {
        starts[piece] = at;
        lengths[piece] = pieces.length(piece);
        for (byte b : pieces.piece(piece)) {
          symbols[at++] = b & 0xFF;
        }
        for (int i = starts[piece]; i + 1 < at; i++) {
          change(symbols[i], symbols[i + 1], piece, pieces.count(piece));
        }
      }
      queueGrown();
    }

    /** Compares the bytes of two pairs, unsigned: first their left tokens, then the right ones. */
    private int compareBytes(int a, int b) {
      int left = Arrays.compareUnsigned(tokens.get(lefts.get(a)), tokens.get(lefts.get(b)));
      return left != 0
          ? left
          : Arrays.compareUnsigned(tokens.get(rights.get(a)), tokens.get(rights.get(b)));
    }

    void fill(int size) {
      while (tokens.size() < size && !queue.isEmpty()) {
        Candidate best = queue.poll();
        long count = counts[best.pair];
        if (count != best.count) {
          if (count > 0 && count < best.count) {
            queue.add(new Candidate(best.pair, count));
          }
          continue;
        }
        if (count == 0) {
          continue;
        }
        if (merges.size() % MERGES_BETWEEN_POLLS == 0 && Thread.currentThread().isInterrupted()) {
          throw new CancellationException(
              "Training a vocabulary was interrupted at %d of %d tokens."
                  .formatted(tokens.size(), size));
        }
        learn(best.pair);
      }
    }

    private void learn(int pair) {
      int left = lefts.get(pair);
      int right = rights.get(pair);
      byte[] both =
          Arrays.copyOf(tokens.get(left), tokens.get(left).length + tokens.get(right).length);
      System.arraycopy(
          tokens.get(right), 0, both, tokens.get(left).length, tokens.get(right).length);
      int id = known.add(both, 0, both.length);
      if (id == tokens.size()) {
        tokens.add(both);
      }
      merges.add(new Pair(left, right));
      listener.accept(
          new Merge(
              merges.size(),
              Vocabulary.show(tokens.get(left)),
              Vocabulary.show(tokens.get(right)),
              counts[pair]));
      IntList where = places[pair];
      places[pair] = new IntList(1);
      for (int i = 0; i < where.size(); i++) {
        replace(where.get(i), left, right, id);
      }
      queueGrown();
    }

    /** Makes one of each two neighbours in a piece, from left to right. */
    private void replace(int piece, int left, int right, int both) {
      int start = starts[piece];
      int end = start + lengths[piece];
      long count = pieces.count(piece);
      int to = start;
      for (int from = start; from < end; to++) {
        if (symbols[from] != left || from + 1 == end || symbols[from + 1] != right) {
          symbols[to] = symbols[from++];
          continue;
        }
        if (to > start) {
          change(symbols[to - 1], left, piece, -count);
          change(symbols[to - 1], both, piece, count);
        }
        change(left, right, piece, -count);
        if (from + 2 < end) {
          change(right, symbols[from + 2], piece, -count);
          change(both, symbols[from + 2], piece, count);
        }
        symbols[to] = both;
        from += 2;
      }
      lengths[piece] = to - start;
    }

    private void change(int left, int right, int piece, long by) {
      int next = lefts.size();
      int pair = next;
      if (!pairs.putIfAbsent(left, right, next)) {
        pair = pairs.get(left, right);
      } else {
        lefts.add(left);
        rights.add(right);
        if (next == counts.length) {
          counts = Arrays.copyOf(counts, 2 * next);
          places = Arrays.copyOf(places, 2 * next);
        }
        places[next] = new IntList(1);
      }
      counts[pair] += by;
      if (by > 0) {
        IntList where = places[pair];
        if (where.size() == 0 || where.get(where.size() - 1) != piece) {
          where.add(piece);
        }
        grown.add(pair);
      }
    }

    private void queueGrown() {
      int[] all = grown.toArray();
      grown.clear();
      Arrays.sort(all);
      for (int i = 0; i < all.length; i++) {
        if ((i == 0 || all[i] != all[i - 1]) && counts[all[i]] > 0) {
          queue.add(new Candidate(all[i], counts[all[i]]));
        }
      }
    }
  }
}
