package grounds.tokenizer;

import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
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
 * <p>{@link UnigramTrainer} makes one from a text. What takes long stops with a
 * CancellationException when its thread is interrupted.
 */
public final class UnigramTokenizer implements Tokenizer {
  /** SentencePiece's, for what is not in the vocabulary. */
  private static final double FALLBACK_PENALTY = 10;

  /** Of log probabilities and alphas: no sum or product of them overflows. */
  private static final double LARGEST = 1e9;

  private static final int WORDS_BETWEEN_POLLS = 4096;

  /**
   * A part of a text, and its probability.
   *
   * @param text whole characters, at least one
   * @param logProbability natural logarithm, from -10<sup>9</sup> to 0
   */
  public record Piece(String text, double logProbability) {
    public Piece {
      if (text.isEmpty()) {
        throw new IllegalArgumentException("A piece needs at least one character; got none.");
      }
      if (!Utf8.wholeCharacters(text).equals(text)) {
        throw new IllegalArgumentException(
            "A piece is whole characters; '%s' has half of one."
                .formatted(Utf8.wholeCharacters(text)));
      }
      if (!(logProbability <= 0 && logProbability >= -LARGEST)) {
        throw new IllegalArgumentException(
            "The log probability of a piece is a number from -10^9 to 0; that of '%s' is %s."
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

  private final UnigramVocabulary vocabulary;
  private final PieceTrie trie;
  private final double[] logProbabilities;

  /** The log probability of a character that becomes bytes. */
  private final double fallback;

  private UnigramTokenizer(UnigramVocabulary vocabulary) {
    this.vocabulary = vocabulary;
    List<Piece> pieces = vocabulary.pieces();
    trie = new PieceTrie(pieces.stream().map(Piece::text).toList());
    logProbabilities = pieces.stream().mapToDouble(Piece::logProbability).toArray();
    fallback = Arrays.stream(logProbabilities).min().orElse(0) - FALLBACK_PENALTY;
  }

  /**
   * The tokenizer of given pieces. They should be probabilities that add up to 1, but that is not
   * checked: only their proportions matter to {@link #encode}.
   *
   * @throws IllegalArgumentException if a piece or a special token is there twice
   */
  public static UnigramTokenizer of(List<Piece> pieces, String... specialTokens) {
    return new UnigramTokenizer(new UnigramVocabulary(List.of(specialTokens), pieces));
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
    UnigramFile.write(file, vocabulary.specialTokens(), vocabulary.pieces());
  }

  /** The pieces and their probabilities; the first one's id is {@code vocabularySize() - size}. */
  public List<Piece> pieces() {
    return vocabulary.pieces();
  }

  @Override
  public int vocabularySize() {
    return vocabulary.size();
  }

  @Override
  public Map<String, Integer> specialTokens() {
    return vocabulary.specials().ids();
  }

  @Override
  public int[] encode(String text) {
    return encode(text, SpecialText.refused());
  }

  @Override
  public int[] encode(String text, SpecialText special) {
    return segment(text, special, Lattice::best);
  }

  /**
   * The token ids of a segmentation drawn at random: each with probability proportional to its own
   * to the power alpha. Every segmentation can come, not only the n best ones.
   *
   * @param alpha 0: all alike; 1: as probable as the model says; large: nearly always {@link
   *     #encode}'s. Kudo (2018) trains with 0.1 to 0.5
   * @throws IllegalArgumentException if alpha is not from 0 to 10<sup>9</sup>, or as {@link
   *     #encode}
   */
  public int[] sample(String text, double alpha, RandomGenerator random) {
    if (!(alpha >= 0 && alpha <= LARGEST)) {
      throw new IllegalArgumentException("Wanted an alpha from 0 to 10^9, got " + alpha + ".");
    }
    return segment(text, SpecialText.refused(), lattice -> lattice.sample(alpha, random));
  }

  private int[] segment(String text, SpecialText special, Function<Lattice, int[]> choose) {
    Lattice lattice = lattice();
    return vocabulary
        .specials()
        .encode(
            text,
            special,
            (plain, ids) ->
                eachPlainWord(
                    plain,
                    lattice,
                    (whole, from) -> add(whole, from, lattice, choose.apply(lattice), ids)));
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
    NBest best = new NBest(n);
    Lattice lattice = lattice();
    eachWord(
        text,
        lattice,
        (whole, from) ->
            best.add(
                lattice.best(n).stream()
                    .map(path -> segmentation(whole, from, lattice, path))
                    .toList()));
    return best.segmentations();
  }

  private Segmentation segmentation(String text, int from, Lattice lattice, Lattice.Path path) {
    IntList ids = new IntList();
    add(text, from, lattice, path.edges(), ids);
    return new Segmentation(Arrays.stream(ids.toArray()).boxed().toList(), path.logProbability());
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
      byte first = vocabulary.bytes(id)[0];
      if (vocabulary.isPiece(id)) {
        sum += vocabulary.piece(id).logProbability();
      } else if (vocabulary.isByte(id) && (first & 0xC0) != 0x80) {
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
    eachWord(text, lattice, (whole, from) -> sum[0] += lattice.logSum(1));
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

  private void eachWord(String text, Lattice lattice, Word word) {
    vocabulary
        .specials()
        .encode(text, SpecialText.refused(), (plain, ids) -> eachPlainWord(plain, lattice, word));
  }

  private static void eachPlainWord(String text, Lattice lattice, Word word) {
    int words = 0;
    for (int from = 0, to; from < text.length(); from = to) {
      if (++words % WORDS_BETWEEN_POLLS == 0 && Thread.currentThread().isInterrupted()) {
        throw new CancellationException(
            "Encoding was interrupted at %d of %d.".formatted(from, text.length()));
      }
      to = Words.end(text, from, text.length());
      lattice.read(text, from, to, to - from);
      word.take(text, from);
    }
  }

  /** Adds the ids of a word's edges. */
  private void add(String text, int from, Lattice lattice, int[] edges, IntList ids) {
    int start = from;
    for (int edge : edges) {
      int end = from + lattice.end(edge);
      if (lattice.piece(edge) != Lattice.FALLBACK) {
        ids.add(vocabulary.pieceId(lattice.piece(edge)));
      } else {
        for (byte value : text.substring(start, end).getBytes(StandardCharsets.UTF_8)) {
          ids.add(vocabulary.byteId(value));
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
      out.writeBytes(vocabulary.bytes(id));
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  /** {@inheritDoc} A space is shown as U+2581, as in SentencePiece; a byte as {@code <0x0A>}. */
  @Override
  public String token(int id) {
    return vocabulary.shown(id);
  }

  @Override
  public byte[] tokenBytes(int id) {
    return vocabulary.bytes(id).clone();
  }

  /** Equal if special tokens, pieces and probabilities are. */
  @Override
  public boolean equals(Object other) {
    return other instanceof UnigramTokenizer that
        && pieces().equals(that.pieces())
        && specialTokens().equals(that.specialTokens());
  }

  @Override
  public int hashCode() {
    return pieces().hashCode();
  }

  @Override
  public String toString() {
    return "UnigramTokenizer(%d special tokens, %d bytes, %d pieces)"
        .formatted(specialTokens().size(), UnigramVocabulary.BYTES, pieces().size());
  }
}
