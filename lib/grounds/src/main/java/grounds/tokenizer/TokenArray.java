package grounds.tokenizer;

import java.util.Arrays;

/** A sequence in memory. */
final class TokenArray implements TokenSequence {
  private final int[] ids;

  TokenArray(int[] ids) {
    this.ids = ids;
  }

  @Override
  public long length() {
    return ids.length;
  }

  @Override
  public int[] read(long start, int count) {
    TokenSlice.requireWithin(start, count, ids.length);
    return Arrays.copyOfRange(ids, (int) start, (int) start + count);
  }

  @Override
  public String toString() {
    return "TokenSequence(%,d tokens)".formatted(ids.length);
  }
}
