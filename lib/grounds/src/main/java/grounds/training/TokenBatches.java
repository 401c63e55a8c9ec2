package grounds.training;

import grounds.model.Batch;
import grounds.tensor.Seeds;
import grounds.tokenizer.TokenSequence;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/**
 * Batches of windows from random places of a text. The n-th batch depends on the seed and n alone,
 * so a position in the stream is one number: {@link #drawn}.
 */
public final class TokenBatches {

  private final TokenSequence tokens;
  private final int size;
  private final int time;
  private final long seed;
  private long drawn;

  /**
   * A stream of batches.
   *
   * @param tokens the text, longer than the context
   * @param size windows a batch
   * @param time tokens a window: the context length
   */
  public TokenBatches(int[] tokens, int size, int time, long seed) {
    this(TokenSequence.of(tokens), size, time, seed);
  }

  /** The same from any sequence: the batches depend on its ids, not on where they are kept. */
  public TokenBatches(TokenSequence tokens, int size, int time, long seed) {
    if (size < 1) {
      throw new IllegalArgumentException("Wanted a batch of 1 or more windows, got " + size + ".");
    }
    Batch.requireWindow("training", tokens.length(), time);
    this.tokens = tokens;
    this.size = size;
    this.time = time;
    this.seed = seed;
  }

  /** The next batch of the stream. */
  public Batch next() {
    SplittableRandom random = Seeds.random(Seeds.derive(seed, drawn++));
    long places = tokens.length() - time;
    // The generator gives other numbers for long bounds: a text keeps the ones it always had.
    LongStream starts =
        places <= Integer.MAX_VALUE
            ? random.ints(size, 0, (int) places).asLongStream()
            : random.longs(size, 0, places);
    return Batch.ofWindows(
        starts.mapToObj(start -> tokens.read(start, time + 1)).toArray(int[][]::new));
  }

  /** How many batches have been drawn: the position to save. */
  public long drawn() {
    return drawn;
  }

  /** Goes on as if that many batches had been drawn. */
  public void seek(long drawn) {
    if (drawn < 0) {
      throw new IllegalArgumentException("Wanted a position of 0 or more, got " + drawn + ".");
    }
    this.drawn = drawn;
  }
}
