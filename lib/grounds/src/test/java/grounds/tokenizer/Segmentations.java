package grounds.tokenizer;

import grounds.tokenizer.UnigramTokenizer.Piece;
import java.util.ArrayList;
import java.util.List;

/** All segmentations of a short text into given pieces, by trying each piece at each place. */
record Segmentations(List<Cut> all) {

  /** One of them: its pieces, and the sum of their log probabilities. */
  record Cut(List<String> pieces, double logProbability) {}

  static Segmentations of(String text, List<Piece> vocabulary) {
    List<Cut> all = new ArrayList<>();
    extend(text, vocabulary, List.of(), 0, all);
    return new Segmentations(all);
  }

  private static void extend(
      String rest, List<Piece> vocabulary, List<String> before, double sum, List<Cut> all) {
    if (rest.isEmpty()) {
      all.add(new Cut(before, sum));
    }
    for (Piece piece : vocabulary) {
      if (rest.startsWith(piece.text())) {
        List<String> pieces = new ArrayList<>(before);
        pieces.add(piece.text());
        extend(
            rest.substring(piece.text().length()),
            vocabulary,
            pieces,
            sum + piece.logProbability(),
            all);
      }
    }
  }

  /** The sum of the probabilities to the power alpha. */
  double sum(double alpha) {
    return all.stream().mapToDouble(cut -> Math.exp(alpha * cut.logProbability)).sum();
  }

  /** The share of one of them in that sum. */
  double share(Cut cut, double alpha) {
    return Math.exp(alpha * cut.logProbability) / sum(alpha);
  }

  /** How often a piece is expected. */
  double expected(String piece) {
    return all.stream()
        .mapToDouble(
            cut -> share(cut, 1) * cut.pieces.stream().filter(p -> p.equals(piece)).count())
        .sum();
  }
}
