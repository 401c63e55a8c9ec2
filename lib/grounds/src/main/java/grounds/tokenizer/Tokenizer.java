package grounds.tokenizer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * A fixed, finite vocabulary of tokens, and the two-way translation between text and sequences of
 * token ids. Ids are {@code 0} to {@code vocabularySize() - 1}.
 *
 * <p>For every text that {@code encode} accepts, {@code decode(encode(text))} is that text again; a
 * tokenizer that changes what it reads, as {@link WordPieceTokenizer} does, says how. The reverse
 * need not hold: several id sequences may decode to one text. A tokenizer never changes after it is
 * made, so any number of threads may use one.
 *
 * <p>Four methods make a tokenizer; the others follow from them.
 */
public interface Tokenizer {

  /**
   * The token ids of a text, in order; no ids for the empty text.
   *
   * @return a new array, the caller's own
   * @throws IllegalArgumentException if the text holds something the vocabulary has no token for,
   *     or the text of a special token; the message says what and where
   */
  int[] encode(String text);

  /**
   * The text of a sequence of token ids; the empty text for no ids.
   *
   * @throws IllegalArgumentException if an id is not in the vocabulary; the message says which
   */
  String decode(int... ids);

  /** The number of tokens: how many rows an embedding needs, how many logits a model gives. */
  int vocabularySize();

  /**
   * One token as text, to be shown. Where a token is no whole text of its own, as a part of a UTF-8
   * sequence, this is a readable stand-in; {@link #decode} is the way back to text.
   *
   * @throws IllegalArgumentException if the id is not in the vocabulary
   */
  String token(int id);

  /**
   * What a token adds to a text, in UTF-8; not always whole characters.
   *
   * @return a new array, the caller's own
   * @throws IllegalArgumentException if the id is not in the vocabulary
   */
  default byte[] tokenBytes(int id) {
    return token(id).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * The tokens that stand for no text but control a model, such as {@code <|endoftext|>}, and their
   * ids. A text gets them only where the caller allows it: {@link SpecialText}.
   */
  default Map<String, Integer> specialTokens() {
    return Map.of();
  }

  /**
   * The token ids of a text that may hold the text of special tokens.
   *
   * @param special whether such text becomes the special token's id, stays text, or is refused
   * @throws IllegalArgumentException as {@link #encode(String)}
   */
  default int[] encode(String text, SpecialText special) {
    Objects.requireNonNull(special, "special");
    return encode(text);
  }

  /**
   * The token ids of many texts, encoded on all cores.
   *
   * @throws IllegalArgumentException as {@link #encode(String)}
   */
  default List<int[]> encodeAll(List<String> texts, SpecialText special) {
    return texts.parallelStream().map(text -> encode(text, special)).toList();
  }

  /**
   * The token ids of a file of UTF-8 text, in order, in one part or several.
   *
   * @throws IllegalArgumentException as {@link #encode(String)}
   * @throws UncheckedIOException if the file cannot be read
   */
  default void encodeFile(Path file, SpecialText special, Consumer<int[]> each) {
    try {
      each.accept(encode(Files.readString(file), special));
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + file.toAbsolutePath(), e);
    }
  }

  /** A short name for messages: the kind of tokenizer and its size. */
  default String name() {
    return "%s of %,d tokens".formatted(getClass().getSimpleName(), vocabularySize());
  }

  /**
   * The vocabulary's SHA-256 in hexadecimal digits: equal where every id means the same bytes, and
   * the special tokens are the same.
   */
  default String vocabularyHash() {
    return VocabularyHash.of(vocabularySize(), this::tokenBytes, specialTokens());
  }
}
