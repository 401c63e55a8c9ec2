package grounds.tokenizer;

import grounds.tokenizer.UnigramTokenizer.Piece;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;

/**
 * Pieces and their probabilities, while they are learnt: one step of expectation maximisation
 * (Dempster, Laird and Rubin 1977), and what a piece is worth. Never changes.
 */
final class UnigramModel {
  /** A character counts at least so much, as it must stay possible; SentencePiece's threshold. */
  private static final double LEAST_OF_CHARACTER = 0.5;

  /** The same for any piece, so that no logarithm is infinite. */
  private static final double LEAST = 1e-9;

  private static final int WORDS_BETWEEN_POLLS = 1024;

  private final List<String> pieces;
  private final double[] logProbabilities;

  /** The model with these probabilities, up to a factor; a single character is kept always. */
  UnigramModel(List<String> pieces, double[] counts) {
    this.pieces = pieces;
    double[] kept = counts.clone();
    for (int i = 0; i < kept.length; i++) {
      kept[i] = Math.max(kept[i], isCharacter(i) ? LEAST_OF_CHARACTER : LEAST);
    }
    double logSum = Math.log(Arrays.stream(kept).sum());
    logProbabilities = Arrays.stream(kept).map(count -> Math.log(count) - logSum).toArray();
  }

  int size() {
    return pieces.size();
  }

  private boolean isCharacter(int piece) {
    String text = pieces.get(piece);
    return Character.charCount(text.codePointAt(0)) == text.length();
  }

  /** How often each piece is expected in the words; and the log probability of all words. */
  record Expectation(double[] counts, double logLikelihood) {}

  /** The E step: sums over all segmentations of each word. */
  Expectation expect(Map<String, Long> words) {
    Lattice lattice = lattice();
    double[] counts = new double[size()];
    double logLikelihood = 0;
    int done = 0;
    for (Map.Entry<String, Long> entry : words.entrySet()) {
      if (done++ % WORDS_BETWEEN_POLLS == 0) {
        poll();
      }
      String word = entry.getKey();
      long count = entry.getValue();
      lattice.read(word, 0, word.length(), word.length());
      logLikelihood += count * lattice.expect(count, counts);
    }
    return new Expectation(counts, logLikelihood);
  }

  /**
   * The M step: a piece's probability is its share of the expected counts. With it no step makes
   * the words less probable. SentencePiece takes exp(digamma(count)) for the count instead.
   */
  UnigramModel maximize(Expectation expected) {
    return new UnigramModel(pieces, expected.counts);
  }

  /**
   * The model of so many pieces, without those that are missed least: that lose the least log
   * likelihood when each of their occurrences is spelt with other pieces.
   *
   * @param expected this model's counts
   */
  UnigramModel pruned(int size, Expectation expected) {
    double[] losses = losses(expected.counts);
    int[] kept =
        IntStream.range(0, size())
            .boxed()
            .sorted(Comparator.comparingDouble((Integer i) -> losses[i]).reversed())
            .limit(size)
            .mapToInt(Integer::intValue)
            .sorted()
            .toArray();
    return new UnigramModel(
        Arrays.stream(kept).mapToObj(pieces::get).toList(),
        Arrays.stream(kept).mapToDouble(i -> expected.counts[i]).toArray());
  }

  /** By piece: count times what one occurrence loses; infinite for a single character. */
  private double[] losses(double[] counts) {
    Lattice lattice = lattice();
    double[] losses = new double[size()];
    for (int i = 0; i < losses.length; i++) {
      if (i % WORDS_BETWEEN_POLLS == 0) {
        poll();
      }
      if (isCharacter(i)) {
        losses[i] = Double.POSITIVE_INFINITY;
      } else {
        String text = pieces.get(i);
        lattice.read(text, 0, text.length(), text.length() - 1); // All pieces but itself.
        losses[i] = counts[i] * (logProbabilities[i] - lattice.logSum(1));
      }
    }
    return losses;
  }

  /** The most probable first. */
  List<Piece> result() {
    List<Piece> result = new ArrayList<>();
    for (int i = 0; i < size(); i++) {
      result.add(new Piece(pieces.get(i), logProbabilities[i]));
    }
    result.sort(
        Comparator.comparingDouble(Piece::logProbability).reversed().thenComparing(Piece::text));
    return result;
  }

  /** Every character of the words is a piece, so the fallback is never needed. */
  private Lattice lattice() {
    return new Lattice(new PieceTrie(pieces), logProbabilities, Double.NEGATIVE_INFINITY);
  }

  private static void poll() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException(
          "Training was interrupted while it estimated probabilities; there is no tokenizer yet.");
    }
  }
}
