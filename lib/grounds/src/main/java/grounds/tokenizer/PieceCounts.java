package grounds.tokenizer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The distinct pieces of a text and how often each occurs: all that training a byte-pair vocabulary
 * needs to know of it. A gigabyte of prose has some hundred thousand of them.
 *
 * <p>Counts of parts of a corpus can be added up, in any order: the merges that follow are the
 * same.
 */
public final class PieceCounts {
  private static final int PIECES_BETWEEN_POLLS = 1 << 16;

  /** Smaller parts of a file are not worth a thread, in bytes. */
  private static final long PART = 4 * TextBlocks.BLOCK;

  private final ByteTable pieces = new ByteTable();
  private long[] counts = new long[1 << 8];

  /** Counts of nothing. */
  public PieceCounts() {}

  /** Counts the pieces of a text. */
  public static PieceCounts of(String text, PreTokenizer preTokenizer) {
    return of(text, preTokenizer, new SpecialTokens(Map.of()));
  }

  /** Counts the pieces between special tokens. */
  static PieceCounts of(String text, PreTokenizer preTokenizer, SpecialTokens special) {
    PieceCounts counts = new PieceCounts();
    byte[] bytes = Utf8.bytes(text);
    counts.add(bytes, bytes.length, preTokenizer, special);
    return counts;
  }

  /**
   * Counts the pieces of a file, in memory that does not depend on the file's size.
   *
   * @throws UncheckedIOException if the file cannot be read
   * @throws CancellationException if the thread is interrupted
   */
  static PieceCounts ofFile(Path file, PieceCounter counter, int threads, int block) {
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<PieceCounts>> parts = new ArrayList<>();
      for (PieceCounter.Part part : counter.parts(file, threads, block)) {
        parts.add(executor.submit(() -> counter.count(part, block)));
      }
      PieceCounts all = parts.get(0).get();
      for (int i = 1; i < parts.size(); i++) {
        all.add(parts.get(i).get());
        parts.set(i, null); // What is added up is not needed twice.
      }
      return all;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      executor.shutdownNow();
    }
  }

  /** Where a file is parted: near equal shares, where no piece and no special token is. */
  static List<Long> cuts(
      Path file, PreTokenizer preTokenizer, SpecialTokens special, int most, int block)
      throws IOException {
    long size = Files.size(file);
    List<Long> cuts = new ArrayList<>(List.of(0L));
    long parts = block < TextBlocks.BLOCK ? most : Math.min(most, size / PART);
    for (long i = 1; i < parts; i++) {
      long from = size * i / parts;
      long to = Math.min(size, from + 4L * block);
      try (TextBlocks near = new TextBlocks(file, preTokenizer, special, from, to, block)) {
        long cut = near.next() ? from + near.length() : to;
        // What reaches to the end of all that was looked at ends there for no other reason.
        if (cut < to && cut > cuts.get(cuts.size() - 1)) {
          cuts.add(cut);
        }
      }
    }
    cuts.add(size);
    return cuts;
  }

  static PieceCounts ofPart(
      Path file, PreTokenizer preTokenizer, SpecialTokens special, long from, long to, int block)
      throws IOException {
    PieceCounts counts = new PieceCounts();
    try (TextBlocks blocks = new TextBlocks(file, preTokenizer, special, from, to, block)) {
      while (blocks.next()) {
        counts.add(blocks.text(), blocks.length(), preTokenizer, special);
      }
    }
    return counts;
  }

  private void add(byte[] text, int length, PreTokenizer preTokenizer, SpecialTokens special) {
    special.encode(
        text,
        length,
        SpecialText.allowed(),
        (bytes, from, to, ids) -> add(bytes, from, to, preTokenizer),
        new IntList());
  }

  private void add(byte[] text, int from, int to, PreTokenizer preTokenizer) {
    int untilPoll = PIECES_BETWEEN_POLLS;
    for (int start = from; start < to; ) {
      int end = preTokenizer.end(text, start, to);
      add(text, start, end, 1);
      start = end;
      if (--untilPoll == 0) {
        if (Thread.currentThread().isInterrupted()) {
          throw interrupted();
        }
        untilPoll = PIECES_BETWEEN_POLLS;
      }
    }
  }

  private static CancellationException interrupted() {
    return new CancellationException("Counting the words of a text was interrupted.");
  }

  private void add(byte[] text, int from, int to, long count) {
    int index = pieces.add(text, from, to);
    if (index == counts.length) {
      counts = Arrays.copyOf(counts, 2 * index);
    }
    counts[index] += count;
  }

  /**
   * Adds a piece that occurs so often.
   *
   * @throws IllegalArgumentException if the piece is empty or the count is below 1
   */
  public void add(byte[] piece, long count) {
    if (piece.length == 0 || count < 1) {
      throw new IllegalArgumentException(
          "Wanted a piece of 1 byte or more, 1 time or more; got %d bytes, %d times."
              .formatted(piece.length, count));
    }
    add(piece, 0, piece.length, count);
  }

  /** Adds the counts of another part of the corpus. */
  public void add(PieceCounts other) {
    for (int i = 0; i < other.size(); i++) {
      add(other.pieces.bytes(), other.pieces.start(i), other.pieces.end(i), other.counts[i]);
    }
  }

  /** How many different pieces there are. */
  public int size() {
    return pieces.size();
  }

  /** One of the pieces, 0 to {@code size() - 1}. */
  public byte[] piece(int index) {
    return pieces.get(index);
  }

  /** How often that piece occurs. */
  public long count(int index) {
    return counts[index];
  }

  int length(int index) {
    return pieces.end(index) - pieces.start(index);
  }

  /** How many bytes all different pieces have together. */
  long bytes() {
    return size() == 0 ? 0 : pieces.end(size() - 1);
  }
}
