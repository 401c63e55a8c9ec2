package grounds.tokenizer;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * A tokenizer whose tokens are single characters (Unicode code points): a character's id is its
 * place in the vocabulary. Two of them are equal if their vocabularies are.
 */
public final class CharTokenizer implements Tokenizer {
  private static final int SURROUNDINGS = 12;
  private static final int UNKNOWN = -1;

  private final String vocabulary;
  private final int[] characters;

  /** Ids by character up to the highest 16-bit one of the vocabulary: the fast path. */
  private final int[] ids;

  /** Ids of the characters beyond 16 bits, such as emoji. */
  private final Map<Integer, Integer> supplementaryIds = new HashMap<>();

  private CharTokenizer(String vocabulary) {
    this.vocabulary = vocabulary;
    characters = vocabulary.codePoints().toArray();
    int highest = Arrays.stream(characters).filter(Character::isBmpCodePoint).max().orElse(UNKNOWN);
    ids = new int[highest + 1];
    Arrays.fill(ids, UNKNOWN);
    for (int id = 0; id < characters.length; id++) {
      int character = characters[id];
      requireWhole(character);
      if (id(character) != UNKNOWN) {
        throw new IllegalArgumentException(
            ("A vocabulary holds each character once; %s is there at %d and at %d. To collect the"
                    + " characters of a text, use CharTokenizer.of(text).")
                .formatted(describe(character), id(character), id));
      }
      if (Character.isBmpCodePoint(character)) {
        ids[character] = id;
      } else {
        supplementaryIds.put(character, id);
      }
    }
  }

  /**
   * The tokenizer of all characters that occur in a text, ids in the order of their code points.
   *
   * @throws IllegalArgumentException if the text is empty, or not whole characters
   */
  public static CharTokenizer of(String text) {
    BitSet seen = new BitSet();
    text.codePoints().forEach(seen::set);
    // Before they are put side by side: two halves from different places would make a whole.
    seen.stream().forEach(CharTokenizer::requireWhole);
    return ofVocabulary(
        seen.stream()
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString());
  }

  /**
   * The tokenizer of a given vocabulary: the first character has id 0. {@link #vocabulary()} is the
   * way back.
   *
   * @throws IllegalArgumentException if it is empty or holds a character twice
   */
  public static CharTokenizer ofVocabulary(String vocabulary) {
    if (vocabulary.isEmpty()) {
      throw new IllegalArgumentException(
          "A character tokenizer needs at least one character; the text is empty.");
    }
    return new CharTokenizer(vocabulary);
  }

  private static void requireWhole(int character) {
    if (isSurrogate(character)) {
      throw new IllegalArgumentException(
          ("%s is half of a character, without its other half: the text is broken. Read it again,"
                  + " in the charset it was written in.")
              .formatted(describe(character)));
    }
  }

  /** All characters of the vocabulary in the order of their ids: what a checkpoint stores. */
  public String vocabulary() {
    return vocabulary;
  }

  @Override
  public int vocabularySize() {
    return characters.length;
  }

  @Override
  public int[] encode(String text) {
    int[] encoded = new int[text.codePointCount(0, text.length())];
    int offset = 0;
    for (int i = 0; i < encoded.length; i++) {
      int character = text.codePointAt(offset);
      int id = id(character);
      if (id == UNKNOWN) {
        throw unknown(text, offset, i);
      }
      encoded[i] = id;
      offset += Character.charCount(character);
    }
    return encoded;
  }

  private int id(int character) {
    if (character < ids.length) {
      return ids[character];
    }
    return supplementaryIds.getOrDefault(character, UNKNOWN);
  }

  @Override
  public String decode(int... tokenIds) {
    StringBuilder text = new StringBuilder(tokenIds.length);
    for (int id : tokenIds) {
      text.appendCodePoint(character(id));
    }
    return text.toString();
  }

  @Override
  public String token(int id) {
    return Character.toString(character(id));
  }

  private int character(int id) {
    if (id < 0 || id >= characters.length) {
      throw new IllegalArgumentException(
          ("A token id of this tokenizer is 0 to %d; got %d. Do the model and the tokenizer belong"
                  + " together?")
              .formatted(characters.length - 1, id));
    }
    return characters[id];
  }

  private IllegalArgumentException unknown(String text, int offset, int position) {
    int character = text.codePointAt(offset);
    String before = text.substring(Math.max(0, offset - SURROUNDINGS), offset);
    int end = offset + Character.charCount(character);
    String after = text.substring(end, Math.min(text.length(), end + SURROUNDINGS));
    return new IllegalArgumentException(
        ("The vocabulary of %d characters does not have %s, at position %d of the text, here:"
                + " \"%s>>%s<<%s\". Leave it out of the text, or make the tokenizer from a text"
                + " that has it: CharTokenizer.of(text).")
            .formatted(
                characters.length,
                describe(character),
                position,
                visible(before),
                visible(Character.toString(character)),
                visible(after)));
  }

  private static String describe(int character) {
    String codePoint = "U+%04X".formatted(character);
    return isSurrogate(character) || Character.isISOControl(character)
        ? "the character " + codePoint
        : "the character '%s' (%s)".formatted(Character.toString(character), codePoint);
  }

  /** Line ends and the like as escapes, and no half of a pair of surrogates. */
  private static String visible(String text) {
    StringBuilder visible = new StringBuilder();
    text.codePoints()
        .forEach(
            character -> {
              switch (character) {
                case '\n' -> visible.append("\\n");
                case '\r' -> visible.append("\\r");
                case '\t' -> visible.append("\\t");
                default -> {
                  if (isSurrogate(character) || Character.isISOControl(character)) {
                    visible.append("\\u%04X".formatted(character));
                  } else {
                    visible.appendCodePoint(character);
                  }
                }
              }
            });
    return visible.toString();
  }

  private static boolean isSurrogate(int character) {
    return character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CharTokenizer that && vocabulary.equals(that.vocabulary);
  }

  @Override
  public int hashCode() {
    return vocabulary.hashCode();
  }

  @Override
  public String toString() {
    return "CharTokenizer(%d characters: %s)".formatted(characters.length, visible(vocabulary));
  }
}
