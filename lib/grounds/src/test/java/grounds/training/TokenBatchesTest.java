package grounds.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.model.Batch;
import grounds.tokenizer.CharTokenizer;
import grounds.tokenizer.SpecialText;
import grounds.tokenizer.TokenFile;
import grounds.tokenizer.TokenSequence;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenBatchesTest {

  private static final int[] TEXT = IntStream.range(0, 20).toArray();

  @Test
  void targetsAreTheNextTokens() {
    Batch batch = new TokenBatches(TEXT, 3, 5, 1).next();
    assertEquals(15, batch.tokens());
    for (int i = 0; i < 15; i++) {
      assertEquals(batch.inputs()[i] + 1, batch.targets()[i]);
    }
  }

  @Test
  void everyWindowIsDrawnTheFirstAndTheLastToo() {
    TokenBatches batches = new TokenBatches(TEXT, 1, 5, 1);
    int[] seen = new int[20];
    for (int i = 0; i < 1000; i++) {
      seen[(int) batches.next().inputs()[0]]++;
    }
    for (int start = 0; start < 15; start++) {
      assertTrue(seen[start] > 30, "start " + start + " drawn " + seen[start] + " times of 1000");
    }
    assertEquals(0, Arrays.stream(seen, 15, 20).sum());
  }

  @Test
  void theNthBatchDependsOnSeedAndNumberAlone() {
    TokenBatches one = new TokenBatches(TEXT, 3, 5, 1);
    one.next();
    one.next();
    long[] third = one.next().inputs();
    TokenBatches other = new TokenBatches(TEXT, 3, 5, 1);
    other.seek(2);
    assertArrayEquals(third, other.next().inputs());
    assertEquals(3, other.drawn());
    other.seek(2);
    assertArrayEquals(third, other.next().inputs());
    TokenBatches otherSeed = new TokenBatches(TEXT, 3, 5, 2);
    otherSeed.seek(2);
    assertTrue(!Arrays.equals(third, otherSeed.next().inputs()));
  }

  private static long[] starts(TokenBatches batches) {
    Batch batch = batches.next();
    return IntStream.range(0, batch.size())
        .mapToLong(row -> batch.inputs()[row * batch.time()])
        .toArray();
  }

  /** Numbers from before there were sequences: a run that was begun then must go on the same. */
  @Test
  void theWindowsAreTheOnesTheyAlwaysWere(@TempDir Path folder) {
    int[] text = IntStream.range(0, 1000).toArray();
    CharTokenizer tokenizer =
        CharTokenizer.ofVocabulary(new String(IntStream.range(1000, 2000).toArray(), 0, 1000));
    try (TokenFile file =
        TokenFile.writeText(
            folder.resolve("text.tokens"),
            tokenizer,
            tokenizer.decode(text),
            SpecialText.refused())) {
      for (TokenBatches batches :
          List.of(
              new TokenBatches(text, 4, 8, 42),
              new TokenBatches(file, 4, 8, 42),
              new TokenBatches(file.slice(0, 1000), 4, 8, 42))) {
        assertArrayEquals(new long[] {88, 914, 198, 907}, starts(batches));
        assertArrayEquals(new long[] {300, 250, 499, 868}, starts(batches));
        assertArrayEquals(new long[] {608, 200, 203, 178}, starts(batches));
        batches.seek(1_000_000_007);
        assertArrayEquals(new long[] {37, 461, 349, 222}, starts(batches));
      }
      int[] part = Arrays.copyOfRange(text, 100, 700);
      TokenBatches fromArray = new TokenBatches(part, 3, 20, 9);
      TokenBatches fromFile = new TokenBatches(file.slice(100, 700), 3, 20, 9);
      for (int i = 0; i < 50; i++) {
        Batch expected = fromArray.next();
        Batch actual = fromFile.next();
        assertArrayEquals(expected.inputs(), actual.inputs());
        assertArrayEquals(expected.targets(), actual.targets());
      }
    }
  }

  /** A text of so many tokens, each of them its position in units of a thousand million. */
  private record Endless(long length) implements TokenSequence {
    @Override
    public int[] read(long start, int count) {
      assertTrue(start >= 0 && start <= length - count, "from " + start);
      return IntStream.range(0, count).map(i -> (int) ((start + i) / 1_000_000_000)).toArray();
    }
  }

  @Test
  void aTextLongerThanAnIntCountsIsDrawnFromEverywhere() {
    TokenBatches batches = new TokenBatches(new Endless(5_000_000_000L), 10, 8, 1);
    int[] seen = new int[5];
    for (int i = 0; i < 100; i++) {
      for (long start : starts(batches)) {
        seen[(int) start]++;
      }
    }
    for (int part : seen) {
      assertTrue(part > 150 && part < 250, "seen " + Arrays.toString(seen) + " times of 1000");
    }
    batches.seek(99);
    long[] last = batches.next().inputs();
    batches.seek(99);
    assertArrayEquals(last, batches.next().inputs());
    // As many places as an int counts are still drawn as ints: one token more, and they are not.
    new TokenBatches(new Endless(Integer.MAX_VALUE + 8L), 10, 8, 1).next();
    new TokenBatches(new Endless(Integer.MAX_VALUE + 9L), 10, 8, 1).next();
  }

  @Test
  void refusesATextShorterThanTheContext() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> new TokenBatches(new int[5], 1, 5, 1))
            .getMessage();
    assertTrue(message.contains("at least 6 tokens"), message);
    assertThrows(IllegalArgumentException.class, () -> new TokenBatches(TEXT, 0, 5, 1));
  }
}
