package grounds.tokenizer;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;

/**
 * Counts the pieces of a corpus part by part, on as many threads or machines as there are: all that
 * a {@link BpeTrainer} has to read a corpus for.
 *
 * <pre>{@code
 * PieceCounts all = new PieceCounts();
 * for (PieceCounter.Part part : counter.parts(file, 100)) {
 *   all.add(counter.count(part)); // in any order, anywhere
 * }
 * }</pre>
 *
 * @param preTokenizer cuts text into pieces
 * @param special tokens that are no text; nothing is counted of them
 */
public record PieceCounter(PreTokenizer preTokenizer, List<String> special)
    implements Serializable {

  public PieceCounter {
    special = List.copyOf(special);
  }

  /**
   * A part of a file that begins and ends between two pieces.
   *
   * @param file its path
   * @param from where the part begins, in bytes
   * @param to where it ends
   */
  public record Part(String file, long from, long to) implements Serializable {}

  /**
   * Cuts a file into parts of about the same size.
   *
   * @param most how many parts there may be; a small file has fewer
   * @throws UncheckedIOException if the file cannot be read
   */
  public List<Part> parts(Path file, int most) {
    return parts(file, most, TextBlocks.BLOCK);
  }

  List<Part> parts(Path file, int most, int block) {
    try {
      List<Long> cuts = PieceCounts.cuts(file, preTokenizer, tokens(), most, block);
      List<Part> parts = new ArrayList<>();
      for (int i = 0; i + 1 < cuts.size(); i++) {
        parts.add(new Part(file.toString(), cuts.get(i), cuts.get(i + 1)));
      }
      return parts;
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /**
   * Counts a part, in memory that does not depend on its size.
   *
   * @throws UncheckedIOException if the file cannot be read
   * @throws CancellationException if the thread is interrupted
   */
  public PieceCounts count(Part part) {
    return count(part, TextBlocks.BLOCK);
  }

  PieceCounts count(Part part, int block) {
    Path file = Path.of(part.file);
    try {
      return PieceCounts.ofPart(file, preTokenizer, tokens(), part.from, part.to, block);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static UncheckedIOException unreadable(Path file, IOException e) {
    return new UncheckedIOException("Could not read " + file.toAbsolutePath(), e);
  }

  private SpecialTokens tokens() {
    Map<String, Integer> ids = new LinkedHashMap<>();
    special.forEach(token -> ids.put(token, ids.size()));
    return new SpecialTokens(ids);
  }
}
