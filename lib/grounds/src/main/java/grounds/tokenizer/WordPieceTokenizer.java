package grounds.tokenizer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;

/**
 * BERT's tokenizer: a text is cut into words, and each word into the longest pieces that the
 * vocabulary has, from left to right. A piece that goes on in the middle of a word is written with
 * {@code ##} before it: {@code hugs} may become {@code hug ##s}. A word that cannot be put together
 * from pieces, or has more than 100 characters, is {@code [UNK]} as a whole.
 *
 * <p>Words are what BERT calls words: white space ends them, each punctuation character and each
 * Chinese character is one, control characters are dropped. With {@code lowerCase}, letters are
 * lower-cased and lose their accents, as in the uncased models.
 *
 * <p><b>{@code decode(encode(text))} is not the text but its normalised form</b>: the words as they
 * were looked up, with one space between each two. White space, the difference between "a,b" and "a
 * , b" and, with {@code lowerCase}, capitals and accents are lost; an unknown word comes back as
 * {@code [UNK]}.
 *
 * <p>Of {@code [PAD] [UNK] [CLS] [SEP] [MASK]} those in the vocabulary are special tokens; {@code
 * [UNK]} must be there. None is ever added to what was encoded: a model that wants {@code [CLS]}
 * and {@code [SEP]} around a text puts them there.
 *
 * <p>Schuster and Nakajima 2012, "Japanese and Korean Voice Search"; Wu et al. 2016, "Google's
 * Neural Machine Translation System"; Devlin et al. 2019, "BERT".
 *
 * @see WordPieceTrainer
 */
public final class WordPieceTokenizer implements Tokenizer {
  static final String UNKNOWN = "[UNK]";
  static final String CONTINUATION = "##";

  /** BERT's special tokens. */
  static final List<String> SPECIAL_TOKENS = List.of("[PAD]", UNKNOWN, "[CLS]", "[SEP]", "[MASK]");

  /** In characters; as in BERT. It also bounds the work for a word. */
  static final int LONGEST_WORD = 100;

  private final List<String> vocabulary;
  private final boolean lowerCase;
  private final BertPreTokenizer preTokenizer;
  private final SpecialTokens specialTokens;
  private final int unknownId;

  /** Ids of the pieces that begin a word, and of those that continue one, without their prefix. */
  private final Map<String, Integer> beginnings = new HashMap<>();

  private final Map<String, Integer> continuations = new HashMap<>();
  private final int longestPiece;

  private WordPieceTokenizer(
      List<String> vocabulary,
      boolean lowerCase,
      List<String> moreSpecialTokens,
      IntFunction<String> place) {
    this.vocabulary = List.copyOf(vocabulary);
    this.lowerCase = lowerCase;
    preTokenizer = new BertPreTokenizer(lowerCase);
    int longest = 0;
    for (int id = 0; id < vocabulary.size(); id++) {
      String token = vocabulary.get(id);
      requireToken(token, place.apply(id));
      boolean begins = !token.startsWith(CONTINUATION);
      String piece = begins ? token : token.substring(CONTINUATION.length());
      Integer earlier = (begins ? beginnings : continuations).putIfAbsent(piece, id);
      if (earlier != null) {
        throw new IllegalArgumentException(
            "%s: the token \"%s\" is there already, as %s. Each token has one id: remove one."
                .formatted(place.apply(id), token, place.apply(earlier)));
      }
      longest = Math.max(longest, piece.length());
    }
    longestPiece = longest;
    specialTokens = new SpecialTokens(specialIds(moreSpecialTokens));
    unknownId = beginnings.get(UNKNOWN);
  }

  private static void requireToken(String token, String place) {
    if (token.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: the token is empty. A token has 1 or more characters: remove the empty one."
              .formatted(place));
    }
    if (token.chars().anyMatch(c -> c == '\n' || c == '\r')
        || token.codePoints().anyMatch(c -> Character.getType(c) == Character.SURROGATE)) {
      throw new IllegalArgumentException(
          ("%s: a token is whole characters without a line end, which no word holds; got \"%s\"."
                  + " Remove it.")
              .formatted(place, token.replace("\n", "\\n").replace("\r", "\\r")));
    }
  }

  private Map<String, Integer> specialIds(List<String> more) {
    Map<String, Integer> ids = new LinkedHashMap<>();
    for (String token : SPECIAL_TOKENS) {
      if (beginnings.containsKey(token)) {
        ids.put(token, beginnings.get(token));
      }
    }
    for (String token : more) {
      int id = vocabulary.indexOf(token);
      if (id < 0) {
        throw new IllegalArgumentException(
            "The special token \"%s\" is not among the %,d tokens of the vocabulary. Add it there."
                .formatted(token, vocabulary.size()));
      }
      ids.put(token, id);
    }
    return ids;
  }

  /**
   * The tokenizer of a given vocabulary: the first token has id 0. {@link #vocabulary()} is the way
   * back.
   *
   * @param lowerCase whether letters are lower-cased and lose their accents
   * @param moreSpecialTokens tokens of the vocabulary that are special besides BERT's own
   * @throws IllegalArgumentException if a token is empty, holds a line end or is there twice, or
   *     {@code [UNK]} or a special token is not there
   */
  public static WordPieceTokenizer ofVocabulary(
      List<String> vocabulary, boolean lowerCase, String... moreSpecialTokens) {
    if (!vocabulary.contains(UNKNOWN)) {
      throw new IllegalArgumentException(
          "Wanted %s among the %,d tokens of the vocabulary: words that fit no tokens become it."
              .formatted(UNKNOWN, vocabulary.size()));
    }
    return new WordPieceTokenizer(
        vocabulary, lowerCase, List.of(moreSpecialTokens), id -> "token " + id);
  }

  /**
   * The tokenizer of a {@code vocab.txt}: UTF-8, one token a line, the first line has id 0. The
   * file does not say whether it is lower-cased, nor which of its tokens are special.
   *
   * @param lowerCase whether letters are lower-cased and lose their accents
   * @param moreSpecialTokens tokens of the vocabulary that are special besides BERT's own
   * @throws IllegalArgumentException as {@link #ofVocabulary}, with the file and the line
   * @throws UncheckedIOException with the path, if it cannot be read
   */
  public static WordPieceTokenizer load(Path file, boolean lowerCase, String... moreSpecialTokens) {
    List<String> vocabulary = new ArrayList<>();
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        vocabulary.add(line);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + file.toAbsolutePath() + ".", e);
    }
    if (!vocabulary.contains(UNKNOWN)) {
      throw new IllegalArgumentException(
          "%s: wanted %s on one of its %,d lines: words that fit no tokens become it."
              .formatted(file, UNKNOWN, vocabulary.size()));
    }
    return new WordPieceTokenizer(
        vocabulary,
        lowerCase,
        List.of(moreSpecialTokens),
        id -> "%s, line %d".formatted(file, id + 1));
  }

  /**
   * Writes a {@code vocab.txt}, whole or not at all.
   *
   * @throws UncheckedIOException with the path, if it cannot be written
   */
  public void save(Path file) {
    WholeFile.write(file, String.join("\n", vocabulary) + "\n");
  }

  /** All tokens in the order of their ids: what a checkpoint stores. */
  public List<String> vocabulary() {
    return vocabulary;
  }

  /** Whether letters are lower-cased and lose their accents. */
  public boolean lowerCase() {
    return lowerCase;
  }

  @Override
  public int vocabularySize() {
    return vocabulary.size();
  }

  @Override
  public Map<String, Integer> specialTokens() {
    return specialTokens.ids();
  }

  @Override
  public int[] encode(String text) {
    return encode(text, SpecialText.refused());
  }

  @Override
  public int[] encode(String text, SpecialText special) {
    Objects.requireNonNull(special, "special");
    return specialTokens.encode(
        text, special, (plain, ids) -> preTokenizer.words(plain, word -> encodeWord(word, ids)));
  }

  private void encodeWord(String word, IntList ids) {
    int before = ids.size();
    boolean known = word.codePointCount(0, word.length()) <= LONGEST_WORD;
    for (int start = 0, end; known && start < word.length(); start = end) {
      Map<String, Integer> pieces = start == 0 ? beginnings : continuations;
      end = Math.min(word.length(), start + longestPiece);
      Integer id = pieces.get(word.substring(start, end));
      while (id == null && end - start > 1) {
        end--;
        id = pieces.get(word.substring(start, end));
      }
      known = id != null;
      if (known) {
        ids.add(id);
      }
    }
    if (!known) {
      ids.truncate(before);
      ids.add(unknownId);
    }
  }

  @Override
  public String decode(int... ids) {
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      String added = textOf(id);
      text.append(added, text.length() == 0 && added.startsWith(" ") ? 1 : 0, added.length());
    }
    return text.toString();
  }

  @Override
  public String token(int id) {
    if (id < 0 || id >= vocabulary.size()) {
      throw new IllegalArgumentException(
          ("A token id of this tokenizer is 0 to %d; got %d. Do the model and the tokenizer belong"
                  + " together?")
              .formatted(vocabulary.size() - 1, id));
    }
    return vocabulary.get(id);
  }

  /** {@inheritDoc} A token that begins a word brings the space before it. */
  @Override
  public byte[] tokenBytes(int id) {
    return textOf(id).getBytes(StandardCharsets.UTF_8);
  }

  private String textOf(int id) {
    String token = token(id);
    return token.startsWith(CONTINUATION) ? token.substring(CONTINUATION.length()) : " " + token;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof WordPieceTokenizer that
        && vocabulary.equals(that.vocabulary)
        && lowerCase == that.lowerCase
        && specialTokens().equals(that.specialTokens());
  }

  @Override
  public int hashCode() {
    return Objects.hash(vocabulary, lowerCase, specialTokens());
  }

  @Override
  public String toString() {
    return "WordPieceTokenizer(%,d tokens, %s)"
        .formatted(vocabulary.size(), lowerCase ? "lower case" : "cased");
  }
}
