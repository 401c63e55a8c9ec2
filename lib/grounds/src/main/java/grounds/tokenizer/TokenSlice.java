package grounds.tokenizer;

/** A part of a sequence, read through it. */
class TokenSlice implements TokenSequence {
  /** Ids that are read at once where all are read. */
  static final int CHUNK = 1 << 16;

  private final TokenSequence whole;
  private final long from;
  private final long length;

  TokenSlice(TokenSequence whole, long from, long to) {
    requirePart(from, to, whole.length());
    this.whole = whole;
    this.from = from;
    this.length = to - from;
  }

  static void requireWithin(long start, long count, long length) {
    if (start < 0 || count < 0 || start > length - count) {
      throw new IllegalArgumentException(
          "Wanted %,d tokens from position %,d on, of a sequence of %,d. Positions count from 0."
              .formatted(count, start, length));
    }
  }

  private static void requirePart(long from, long to, long length) {
    if (from < 0 || to < from || to > length) {
      throw new IllegalArgumentException(
          "Wanted the part from %,d up to %,d of a sequence of %,d tokens. Positions count from 0."
              .formatted(from, to, length));
    }
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public int[] read(long start, int count) {
    requireWithin(start, count, length);
    return whole.read(from + start, count);
  }

  @Override
  public TokenSequence slice(long begin, long end) {
    requirePart(begin, end, length);
    return whole.slice(from + begin, from + end);
  }

  @Override
  public String toString() {
    return "%s[%,d to %,d]".formatted(whole, from, from + length);
  }
}
