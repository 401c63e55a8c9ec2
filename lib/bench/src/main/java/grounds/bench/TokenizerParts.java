package grounds.bench;

import grounds.tokenizer.BpeTokenizer;
import grounds.tokenizer.BpeTrainer;
import grounds.tokenizer.PieceCounts;
import grounds.tokenizer.PreTokenizer;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The parts of byte-pair encoding, each on a megabyte of made-up text: milliseconds each. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TokenizerParts {
  private static final int SIZE = 1_000_000;
  private static final int COMMON_WORDS = 2_000;

  private final BpeTokenizer gpt2 = BpeTokenizer.gpt2();
  private String commonWords;
  private String newWords;
  private String oneWord;
  private String digits;
  private int[] ids;
  private PieceCounts counts;

  /** Makes the texts. */
  @Setup
  public void makeTexts() {
    Random random = new Random(1);
    List<String> common = random.ints(COMMON_WORDS, 1, 10).mapToObj(n -> word(random, n)).toList();
    StringBuilder text = new StringBuilder();
    while (text.length() < SIZE) {
      // Zipf's law, roughly.
      text.append(common.get((int) Math.pow(COMMON_WORDS, random.nextDouble()) - 1)).append(' ');
    }
    commonWords = text.toString();
    text.setLength(0);
    while (text.length() < SIZE) {
      text.append(word(random, 1 + random.nextInt(12))).append(' ');
    }
    newWords = text.toString();
    oneWord = word(random, SIZE);
    digits = "7".repeat(SIZE);
    ids = gpt2.encode(commonWords);
    counts = PieceCounts.of(newWords, PreTokenizer.GPT2);
  }

  private static String word(Random random, int length) {
    StringBuilder word = new StringBuilder(length);
    random.ints(length, 'a', 'z' + 1).forEach(word::appendCodePoint);
    return word.toString();
  }

  /** Cutting a text into pieces and counting the distinct ones. */
  @Benchmark
  public PieceCounts countPieces() {
    return PieceCounts.of(commonWords, PreTokenizer.GPT2);
  }

  /** Words that are remembered. */
  @Benchmark
  public int[] encodeCommonWords() {
    return gpt2.encode(commonWords);
  }

  /** Words of which most are seen once. */
  @Benchmark
  public int[] encodeNewWords() {
    return gpt2.encode(newWords);
  }

  /** One piece with many different merges. */
  @Benchmark
  public int[] encodeOneWord() {
    return gpt2.encode(oneWord);
  }

  /** One piece with the same merges again and again. */
  @Benchmark
  public int[] encodeOneDigit() {
    return gpt2.encode(digits);
  }

  /** From ids back to text. */
  @Benchmark
  public String decode() {
    return gpt2.decode(ids);
  }

  /** Learning merges, the pieces being counted already. */
  @Benchmark
  public BpeTokenizer trainFromCounts() {
    return new BpeTrainer(2_000).train(counts);
  }
}
