package grounds.finetune;

import grounds.corpus.Conversation;
import grounds.corpus.Message;
import grounds.corpus.Role;
import grounds.model.LanguageModel;
import grounds.tokenizer.SpecialText;
import grounds.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * How a conversation becomes one row of tokens: each message is a special token for who speaks, the
 * words, and a special token for the end.
 *
 * <pre>
 * {@literal <|user|>Reverse stone.<|end|><|assistant|>enots<|end|>}
 * </pre>
 *
 * <p>What people write is text and never control: the characters of {@code <|end|>} in a message
 * become the tokens of those seven characters.
 */
public final class ChatTemplate {

  /** The special tokens, in an order of which vocabularies can make use. */
  public static final List<String> SPECIAL_TOKENS =
      List.of("<|system|>", "<|user|>", "<|assistant|>", "<|end|>");

  private final Tokenizer tokenizer;
  private final int system;
  private final int user;
  private final int assistant;
  private final int end;

  /**
   * A template in the words of a tokenizer.
   *
   * @throws IllegalArgumentException if it lacks one of {@link #SPECIAL_TOKENS}
   */
  public ChatTemplate(Tokenizer tokenizer) {
    Map<String, Integer> special = tokenizer.specialTokens();
    if (!special.keySet().containsAll(SPECIAL_TOKENS)) {
      throw new IllegalArgumentException(
          "Wanted a tokenizer with the special tokens "
              + SPECIAL_TOKENS
              + ", got "
              + tokenizer.name()
              + " with "
              + new TreeSet<>(special.keySet())
              + ". Name them when it is trained: new BpeTrainer(size).specialTokens(...).");
    }
    this.tokenizer = tokenizer;
    system = special.get(SPECIAL_TOKENS.get(0));
    user = special.get(SPECIAL_TOKENS.get(1));
    assistant = special.get(SPECIAL_TOKENS.get(2));
    end = special.get(SPECIAL_TOKENS.get(3));
  }

  /**
   * A conversation as tokens.
   *
   * @param ids all of them
   * @param counts for each token whether the loss counts it: the assistant's words and its end
   */
  public record Rendered(int[] ids, boolean[] counts) {

    public Rendered {
      if (ids.length != counts.length) {
        throw new IllegalArgumentException(
            "Wanted a mark for each of " + ids.length + " tokens, got " + counts.length + ".");
      }
    }

    /** How many tokens. */
    public int length() {
      return ids.length;
    }

    /** How many of them count. */
    public int counted() {
      int counted = 0;
      for (boolean count : counts) {
        counted += count ? 1 : 0;
      }
      return counted;
    }
  }

  /** All of a conversation, to learn from: every answer of the assistant counts. */
  public Rendered render(Conversation conversation) {
    List<int[]> parts = new ArrayList<>();
    List<Boolean> counted = new ArrayList<>();
    for (Message message : conversation.messages()) {
      boolean answer = message.role() == Role.ASSISTANT;
      add(parts, counted, false, speaker(message.role()));
      add(parts, counted, answer, words(message.content()));
      add(parts, counted, answer, end);
    }
    boolean[] counts = new boolean[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (int i = 0; i < parts.size(); i++) {
      int length = parts.get(i).length;
      Arrays.fill(counts, at, at + length, counted.get(i));
      at += length;
    }
    return new Rendered(join(parts), counts);
  }

  /** What a model continues to answer: all messages so far, and that the assistant speaks now. */
  public int[] prompt(List<Message> messages) {
    List<int[]> parts = new ArrayList<>();
    for (Message message : messages) {
      parts.add(new int[] {speaker(message.role())});
      parts.add(words(message.content()));
      parts.add(new int[] {end});
    }
    parts.add(new int[] {assistant});
    return join(parts);
  }

  private static void add(List<int[]> parts, List<Boolean> counted, boolean counts, int... ids) {
    parts.add(ids);
    counted.add(counts);
  }

  private static int[] join(List<int[]> parts) {
    return parts.stream().flatMapToInt(Arrays::stream).toArray();
  }

  private int speaker(Role role) {
    return switch (role) {
      case SYSTEM -> system;
      case USER -> user;
      case ASSISTANT -> assistant;
    };
  }

  private int[] words(String content) {
    return tokenizer.encode(content, SpecialText.plain());
  }

  /** The token that ends a message: where an answer stops. */
  public int end() {
    return end;
  }

  /** Whose tokens these are. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * Sees that a model knows the tokens of this template and no others.
   *
   * @throws IllegalArgumentException if its vocabulary has another size
   */
  void requireVocabularyOf(LanguageModel model) {
    int wanted = tokenizer.vocabularySize();
    if (model.config().vocabularySize() != wanted) {
      throw new IllegalArgumentException(
          "Wanted a model of the template's "
              + wanted
              + " tokens, got one of "
              + model.config().vocabularySize()
              + ".");
    }
  }

  /**
   * The token of a sign that says how good an answer is.
   *
   * @throws IllegalArgumentException if the tokenizer makes several of it
   */
  int verdict(String sign) {
    int[] ids = tokenizer.encode(sign);
    if (ids.length != 1) {
      throw new IllegalArgumentException(
          "Wanted a tokenizer with one token for '" + sign + "', got " + ids.length + ".");
    }
    return ids[0];
  }
}
