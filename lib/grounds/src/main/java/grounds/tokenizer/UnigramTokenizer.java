package grounds.tokenizer;

import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * A tokenizer whose pieces have probabilities: the probability of a segmentation is the product of
 * those of its pieces, each drawn without regard to the others (a unigram model), and a text is
 * encoded as its most probable one (Kudo 2018, Subword Regularization). {@link #sample} draws
 * others, so that a model can be trained on many segmentations of one text.
 *
 * <p>Ids: the special tokens, the 256 bytes, the pieces in the order given. A character that is no
 * piece becomes the bytes of its UTF-8 form, as in SentencePiece (Kudo and Richardson 2018), so
 * that every text can be encoded; it counts as less probable than any piece, by a factor of
 * e<sup>10</sup>, as there. {@code decode(encode(text))} is the text: nothing is normalised and no
 * space is added. Only half a character, a surrogate without its other half, becomes U+FFFD.
 *
 * <p>Text is cut into words first. A word is a run of line ends; or a run of letters, of digits or
 * of other characters, with the one space before it, if there is one; or the spaces left over. A
 * mark belongs to what it stands on, and words end after 1,024 UTF-16 units. No piece reaches over
 * the end of a word: one that would is never used. Of equally probable segmentations of a word,
 * that with the longest last piece counts, then with the longest before it, and so on.
 *
 * <p>{@link UnigramTrainer} makes one from a text.
 */
public final class UnigramTokenizer implements Tokenizer {
  private static final int BYTES = 256;

  /** SentencePiece's, for what is not in the vocabulary. */
  private static final double FALLBACK_PENALTY = 10;

  /**
   * A part of a text, and its probability.
   *
   * @param text whole characters, at least one
   * @param logProbability natural logarithm: 0 or less, and finite
   */
  public record Piece(String text, double logProbability) {
    public Piece {
      if (text.isEmpty()) {
        throw new IllegalArgumentException("A piece needs at least one character; got none.");
      }
      if (!Words.whole(text).equals(text)) {
        throw new IllegalArgumentException(
            "A piece is whole characters; '%s' has half of one.".formatted(Words.whole(text)));
      }
      if (!(logProbability <= 0 && logProbability > Double.NEGATIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "The log probability of a piece is finite and 0 or less; that of '%s' is %s."
                .formatted(text, logProbability));
      }
    }
  }

  /**
   * One way to cut a text into tokens.
   *
   * @param ids its tokens
   * @param logProbability the sum of their log probabilities
   */
  public record Segmentation(List<Integer> ids, double logProbability) {
    public Segmentation {
      ids = List.copyOf(ids);
    }
  }

  private final List<Piece> pieces;
  private final SpecialTokens specials;
  private final int firstByte;
  private final int firstPiece;
  private final byte[][] bytes;
  private final PieceTrie trie;
  private final double[] logProbabilities;
  private final double fallback;

  private UnigramTokenizer(List<Piece> pieces, List<String> specialTokens) {
    this.pieces = List.copyOf(pieces);
    specials = numbered(specialTokens);
    firstByte = specialTokens.size();
    firstPiece = firstByte + BYTES;
    requireDistinct();
    List<String> texts = pieces.stream().map(Piece::text).toList();
    trie = new PieceTrie(texts);
    logProbabilities = pieces.stream().mapToDouble(Piece::logProbability).toArray();
    fallback = Arrays.stream(logProbabilities).min().orElse(0) - FALLBACK_PENALTY;
    bytes = new byte[firstPiece + texts.size()][];
    specials.ids().forEach((token, id) -> bytes[id] = token.getBytes(StandardCharsets.UTF_8));
    for (int value = 0; value < BYTES; value++) {
      bytes[firstByte + value] = new byte[] {(byte) value};
    }
    for (int i = 0; i < texts.size(); i++) {
      bytes[firstPiece + i] = texts.get(i).getBytes(StandardCharsets.UTF_8);
    }
  }

  private static SpecialTokens numbered(List<String> tokens) {
    Map<String, Integer> ids = new LinkedHashMap<>();
    for (String token : tokens) {
      if (ids.put(token, ids.size()) != null) {
        throw new IllegalArgumentException(
            "A special token is given once; %s is there twice.".formatted(token));
      }
      if (!Words.whole(token).equals(token) || token.equals(UnigramFile.byteName(0))) {
        throw new IllegalArgumentException("'%s' cannot be a special token.".formatted(token));
      }
    }
    return new SpecialTokens(ids);
  }

  private void requireDistinct() {
    Map<String, Integer> places = new HashMap<>();
    for (int i = 0; i < pieces.size(); i++) {
      Integer before = places.put(pieces.get(i).text(), i);
      if (before != null) {
        throw new IllegalArgumentException(
            "A vocabulary holds each piece once; '%s' is piece %d and piece %d."
                .formatted(pieces.get(i).text(), before, i));
      }
    }
  }

  /**
   * The tokenizer of given pieces. They should be probabilities that add up to 1, but that is not
   * checked: only their proportions matter to {@link #encode}.
   *
   * @throws IllegalArgumentException if a piece or a special token is there twice
   */
  public static UnigramTokenizer of(List<Piece> pieces, String... specialTokens) {
    return new UnigramTokenizer(pieces, List.of(specialTokens));
  }

  /**
   * Reads what {@link #save} wrote. A {@code .vocab} file of SentencePiece's unigram models,
   * trained with {@code --byte_fallback}, has the same form; its first tokens become special
   * tokens.
   *
   * @throws IllegalArgumentException if it is not such a file; the message says which line
   * @throws UncheckedIOException if it cannot be read
   */
  public static UnigramTokenizer load(Path file) {
    return UnigramFile.read(file);
  }

  /**
   * Writes the vocabulary as UTF-8 text, one token a line: its text, a tab, its log probability.
   * First the special tokens and the bytes, {@code <0x00>} to {@code <0xFF>}, with a 0; then the
   * pieces. A space is written as U+2581; a backslash, that character itself, and what would break
   * a line as escapes of Java. The file is written whole or not at all.
   *
   * @throws UncheckedIOException if it cannot be written; what was there before is untouched
   */
  public void save(Path file) {
    UnigramFile.write(file, List.copyOf(specials.ids().keySet()), pieces);
  }

  /** The pieces and their probabilities; the first one's id is {@code vocabularySize() - size}. */
  public List<Piece> pieces() {
    return pieces;
  }

  @Override
  public int vocabularySize() {
    return bytes.length;
  }

  @Override
  public Map<String, Integer> specialTokens() {
    return specials.ids();
  }

  @Override
  public int[] encode(String text) {
    return encode(text, SpecialText.refused());
  }

  @Override
  public int[] encode(String text, SpecialText special) {
    Lattice lattice = lattice();
    return specials.encode(
        text,
        special,
        (plain, ids) ->
            eachWord(
                plain, lattice, (whole, from) -> add(whole, from, lattice, lattice.best(), ids)));
  }

  /**
   * The token ids of a segmentation drawn at random: each with probability proportional to its own
   * to the power alpha. Every segmentation can come, not only the n best ones.
   *
   * @param alpha 0: all alike; 1: as probable as the model says; large: nearly always {@link
   *     #encode}'s. Kudo (2018) trains with 0.1 to 0.5
   * @throws IllegalArgumentException if alpha is negative or not finite, or as {@link #encode}
   */
  public int[] sample(String text, double alpha, RandomGenerator random) {
    if (!(alpha >= 0 && alpha < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "Wanted an alpha of 0 or more, finite; got " + alpha + ".");
    }
    Lattice lattice = lattice();
    return specials.encode(
        text,
        SpecialText.refused(),
        (plain, ids) ->
            eachWord(
                plain,
                lattice,
                (whole, from) -> add(whole, from, lattice, lattice.sample(alpha, random), ids)));
  }

  /**
   * The n most probable segmentations of a text, the first one first; fewer if there are not so
   * many.
   *
   * @throws IllegalArgumentException if n is not positive, or as {@link #encode}
   */
  public List<Segmentation> best(String text, int n) {
    if (n < 1) {
      throw new IllegalArgumentException("Wanted 1 or more segmentations, got " + n + ".");
    }
    Lattice lattice = lattice();
    List<List<Segmentation>> best =
        new ArrayList<>(List.of(List.of(new Segmentation(List.of(), 0))));
    specials.encode(
        text,
        SpecialText.refused(),
        (plain, ids) ->
            eachWord(
                plain,
                lattice,
                (whole, from) -> best.set(0, extended(best.get(0), whole, from, lattice, n))));
    return best.get(0);
  }

  private List<Segmentation> extended(
      List<Segmentation> before, String text, int from, Lattice lattice, int n) {
    List<Segmentation> longer = new ArrayList<>();
    for (Lattice.Path path : lattice.best(n)) {
      IntList word = new IntList();
      add(text, from, lattice, path.edges(), word);
      for (Segmentation start : before) {
        List<Integer> ids = new ArrayList<>(start.ids());
        Arrays.stream(word.toArray()).forEach(ids::add);
        longer.add(new Segmentation(ids, start.logProbability() + path.logProbability()));
      }
    }
    longer.sort(Comparator.comparingDouble(Segmentation::logProbability).reversed());
    return longer.subList(0, Math.min(n, longer.size()));
  }

  /**
   * The log probability of a segmentation: the sum over its pieces. A character as bytes counts
   * once, with its first byte; special tokens count nothing.
   *
   * @throws IllegalArgumentException if an id is not in the vocabulary
   */
  public double logProbability(int... ids) {
    double sum = 0;
    for (int id : ids) {
      byte[] token = bytes(id);
      if (id >= firstPiece) {
        sum += logProbabilities[id - firstPiece];
      } else if (id >= firstByte && (token[0] & 0xC0) != 0x80) {
        sum += fallback;
      }
    }
    return sum;
  }

  /**
   * The log probability of a text: of all its segmentations together.
   *
   * @throws IllegalArgumentException as {@link #encode}
   */
  public double logLikelihood(String text) {
    Lattice lattice = lattice();
    double[] sum = {0};
    specials.encode(
        text,
        SpecialText.refused(),
        (plain, ids) -> eachWord(plain, lattice, (whole, from) -> sum[0] += lattice.logSum(1)));
    return sum[0];
  }

  private Lattice lattice() {
    return new Lattice(trie, logProbabilities, fallback);
  }

  @FunctionalInterface
  private interface Word {
    /** The word that the lattice holds starts there. */
    void take(String text, int from);
  }

  private static void eachWord(String text, Lattice lattice, Word word) {
    String whole = Words.whole(text);
    for (int from = 0, to; from < whole.length(); from = to) {
      to = Words.end(whole, from, whole.length());
      lattice.read(whole, from, to, to - from);
      word.take(whole, from);
    }
  }

  private void add(String text, int from, Lattice lattice, int[] edges, IntList ids) {
    int start = from;
    for (int edge : edges) {
      int end = from + lattice.end(edge);
      if (lattice.piece(edge) != Lattice.FALLBACK) {
        ids.add(firstPiece + lattice.piece(edge));
      } else {
        for (byte value : text.substring(start, end).getBytes(StandardCharsets.UTF_8)) {
          ids.add(firstByte + (value & 0xFF));
        }
      }
      start = end;
    }
  }

  /** {@inheritDoc} Bytes that are no UTF-8 become U+FFFD. */
  @Override
  public String decode(int... ids) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int id : ids) {
      out.writeBytes(bytes(id));
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  /** {@inheritDoc} A space is shown as U+2581, as in SentencePiece; a byte as {@code <0x0A>}. */
  @Override
  public String token(int id) {
    byte[] token = bytes(id);
    if (id >= firstPiece) {
      return pieces.get(id - firstPiece).text().replace(' ', UnigramFile.SPACE);
    }
    return id >= firstByte
        ? UnigramFile.byteName(token[0] & 0xFF)
        : new String(token, StandardCharsets.UTF_8);
  }

  @Override
  public byte[] tokenBytes(int id) {
    return bytes(id).clone();
  }

  private byte[] bytes(int id) {
    if (id < 0 || id >= bytes.length) {
      throw new IllegalArgumentException(
          ("A token id of this tokenizer is 0 to %d; got %d. Do the model and the tokenizer belong"
                  + " together?")
              .formatted(bytes.length - 1, id));
    }
    return bytes[id];
  }

  /** Equal if special tokens, pieces and probabilities are. */
  @Override
  public boolean equals(Object other) {
    return other instanceof UnigramTokenizer that
        && pieces.equals(that.pieces)
        && List.copyOf(specials.ids().keySet()).equals(List.copyOf(that.specials.ids().keySet()));
  }

  @Override
  public int hashCode() {
    return pieces.hashCode();
  }

  @Override
  public String toString() {
    return "UnigramTokenizer(%d special tokens, %d bytes, %d pieces)"
        .formatted(firstByte, BYTES, pieces.size());
  }
}
