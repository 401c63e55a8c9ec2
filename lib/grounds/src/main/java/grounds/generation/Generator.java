package grounds.generation;

import ai.djl.ndarray.types.Shape;
import grounds.model.LanguageModel;
import grounds.model.TextReader;
import grounds.model.script.ScriptOptions;
import grounds.model.script.ScriptedModel;
import grounds.tensor.Precision;
import grounds.tensor.Seeds;
import grounds.tensor.TensorScope;
import grounds.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Continues texts with a model, token by token.
 *
 * <pre>{@code
 * Generator generator = new Generator(model, tokenizer)
 *     .sampler(Sampler.of(new Temperature(0.8), new TopP(0.95)))
 *     .stopAt("\n\n");
 * String text = generator.generate("ROMEO:\n", 200);
 * }</pre>
 *
 * <p>On PyTorch a model of a family that has a script reads as native code, made anew for each
 * call.
 */
public final class Generator {

  private final LanguageModel model;
  private final Tokenizer tokenizer;
  private Sampler sampler = Sampler.temperature(1);
  private long seed = 1;
  private Overflow overflow = Overflow.SLIDE;
  private boolean cached = true;
  private Precision precision = Precision.current();
  private List<String> stopStrings = List.of();
  private Set<Integer> stopTokens = Set.of();

  /**
   * A generator that draws at temperature 1 with seed 1, and slides over long texts.
   *
   * @throws IllegalArgumentException if model and tokenizer have vocabularies of different sizes
   */
  public Generator(LanguageModel model, Tokenizer tokenizer) {
    requireSameVocabulary(model, tokenizer);
    this.model = model;
    this.tokenizer = tokenizer;
  }

  private Generator(Generator other) {
    this.model = other.model;
    this.tokenizer = other.tokenizer;
    this.sampler = other.sampler;
    this.seed = other.seed;
    this.overflow = other.overflow;
    this.cached = other.cached;
    this.precision = other.precision;
    this.stopStrings = other.stopStrings;
    this.stopTokens = other.stopTokens;
  }

  private Generator with(Consumer<Generator> change) {
    Generator changed = new Generator(this);
    change.accept(changed);
    return changed;
  }

  /** The same with another rule of choosing. */
  public Generator sampler(Sampler sampler) {
    return with(g -> g.sampler = sampler);
  }

  /** The same at another temperature, without other rules. */
  public Generator temperature(double temperature) {
    return sampler(Sampler.temperature(temperature));
  }

  /** The same with other chance. */
  public Generator seed(long seed) {
    return with(g -> g.seed = seed);
  }

  /** The same with another way to treat texts that grow longer than the context. */
  public Generator overflow(Overflow overflow) {
    return with(g -> g.overflow = overflow);
  }

  /** The same with or without kept keys and values: all of a text is then read for each token. */
  public Generator cached(boolean cached) {
    return with(g -> g.cached = cached);
  }

  /** The same with native code that reads weights at that precision. */
  public Generator precision(Precision precision) {
    return with(g -> g.precision = precision);
  }

  /**
   * The same, ending a text where one of these strings comes, which is not shown.
   *
   * @throws IllegalArgumentException if one is empty
   */
  public Generator stopAt(String... strings) {
    if (List.of(strings).contains("")) {
      throw new IllegalArgumentException(
          "Wanted stop strings of one or more characters, got an empty one.");
    }
    return with(g -> g.stopStrings = List.of(strings));
  }

  /**
   * The same, ending a text at one of these tokens, such as the one that ends a text.
   *
   * @throws IllegalArgumentException if one is not in the vocabulary
   */
  public Generator stopAt(int... tokens) {
    Set<Integer> stops = requireTokens(tokens, tokenizer);
    return with(g -> g.stopTokens = stops);
  }

  /**
   * The continuation of a prompt, the prompt not included.
   *
   * @param prompt one to as many tokens as the context holds
   * @param tokens how many to add at most
   * @throws IllegalArgumentException if the prompt is empty or longer than the context, or the text
   *     could become longer and {@link Overflow#REFUSE} was chosen
   * @throws CancellationException if the thread is interrupted
   */
  public String generate(String prompt, int tokens) {
    return complete(prompt, tokens).text();
  }

  /** The same with ids, each handed over as it is chosen. */
  public void generate(int[] prompt, int tokens, IntConsumer each) {
    write(List.of(prompt), tokens, text -> {}, each);
  }

  /** The continuation with its tokens, their probabilities, and why it ended. */
  public Continuation complete(String prompt, int tokens) {
    return complete(prompt, tokens, text -> {});
  }

  /**
   * The same, while it is written: whole characters only, and nothing that may turn out to begin a
   * stop string.
   *
   * @param each is handed the new text, token by token
   */
  public Continuation complete(String prompt, int tokens, Consumer<String> each) {
    return write(List.of(tokenizer.encode(prompt)), tokens, each, id -> {}).get(0);
  }

  /** The same for a prompt of ids. */
  public Continuation complete(int[] prompt, int tokens) {
    return write(List.of(prompt), tokens, text -> {}, id -> {}).get(0);
  }

  /**
   * The continuations of several prompts, which may differ in length, written side by side: that
   * takes less time than one after the other. Each draws its own chance from the seed and its place
   * in the list.
   */
  public List<Continuation> completeAll(List<String> prompts, int tokens) {
    return write(prompts.stream().map(tokenizer::encode).toList(), tokens, text -> {}, id -> {});
  }

  /** The same for prompts of ids. */
  public List<Continuation> completeAllIds(List<int[]> prompts, int tokens) {
    return write(prompts, tokens, text -> {}, id -> {});
  }

  /**
   * The score of every token after a prompt, before any rule: what a sampler chooses from.
   *
   * @return [vocabularySize]
   */
  public float[] scores(String prompt) {
    return scores(tokenizer.encode(prompt));
  }

  /** The same after a prompt of ids. */
  public float[] scores(int[] prompt) {
    requirePrompt(prompt, model);
    try (TextReader reader = model.reader()) {
      return read(model, reader, new int[][] {prompt})[0];
    }
  }

  private List<Continuation> write(
      List<int[]> prompts, int tokens, Consumer<String> text, IntConsumer id) {
    if (prompts.isEmpty()) {
      return List.of();
    }
    List<Draft> drafts = new ArrayList<>();
    for (int[] prompt : prompts) {
      requirePrompt(prompt, model);
      requireTokens(tokens);
      if (overflow == Overflow.REFUSE) {
        requireRoom(prompt, tokens, model);
      }
      long own = Seeds.derive(seed, drafts.isEmpty() ? "generate" : "generate " + drafts.size());
      drafts.add(
          new Draft(prompt, tokens, Seeds.random(own), tokenizer, stopStrings, stopTokens, text));
    }
    Optional<ScriptedModel> script =
        ScriptedModel.of(model, ScriptOptions.forModel(model).withPrecision(precision));
    LanguageModel fastest = script.isPresent() ? script.get() : model;
    try {
      write(cached ? fastest.reader() : TextReader.rereading(fastest), drafts, id);
    } finally {
      script.ifPresent(ScriptedModel::close);
    }
    return drafts.stream().map(Draft::continuation).toList();
  }

  /**
   * All texts are read to the same place, at first the end of the shortest prompt. From there on a
   * text goes on with its own prompt as long as that lasts, and then with what is chosen.
   */
  private void write(TextReader reader, List<Draft> drafts, IntConsumer each) {
    int context = model.config().contextLength();
    int end = drafts.stream().mapToInt(Draft::length).min().orElseThrow();
    List<Draft> open = drafts.stream().filter(draft -> !draft.isFinished()).toList();
    try (reader) {
      while (!open.isEmpty()) {
        if (Thread.currentThread().isInterrupted()) {
          throw new CancellationException(
              "Generation was interrupted after " + end + " tokens, the prompt's among them.");
        }
        if (end > context) {
          reader.forget();
        }
        int start = end > context ? end - context : reader.length();
        float[][] scores = read(reader, open, start, end);
        for (int i = 0; i < open.size(); i++) {
          if (open.get(i).length() == end) {
            each.accept(open.get(i).add(scores[i], sampler));
          }
        }
        List<Draft> before = open;
        open = before.stream().filter(draft -> !draft.isFinished()).toList();
        if (!open.isEmpty() && open.size() < before.size()) {
          reader.select(indices(before.size(), i -> !before.get(i).isFinished()));
        }
        end++;
      }
    }
  }

  private static int[] indices(int size, Predicate<Integer> wanted) {
    return IntStream.range(0, size).filter(wanted::test).toArray();
  }

  private float[][] read(TextReader reader, List<Draft> texts, int start, int end) {
    return read(
        model,
        reader,
        texts.stream()
            .map(text -> IntStream.range(start, end).map(text::id).toArray())
            .toArray(int[][]::new));
  }

  /** The scores after the next tokens of each text. */
  static float[][] read(LanguageModel model, TextReader reader, int[][] next) {
    long[] ids = Arrays.stream(next).flatMapToInt(Arrays::stream).asLongStream().toArray();
    int vocabulary = model.config().vocabularySize();
    float[][] scores = new float[next.length][];
    try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
      Shape shape = new Shape(next.length, next[0].length);
      float[] all = reader.next(scope.manager().create(ids, shape)).toFloatArray();
      for (int i = 0; i < scores.length; i++) {
        scores[i] = Arrays.copyOfRange(all, i * vocabulary, (i + 1) * vocabulary);
      }
    }
    return scores;
  }

  static void requireSameVocabulary(LanguageModel model, Tokenizer tokenizer) {
    if (tokenizer.vocabularySize() != model.config().vocabularySize()) {
      throw new IllegalArgumentException(
          "Wanted a tokenizer and a model of one vocabulary, got "
              + tokenizer.vocabularySize()
              + " and "
              + model.config().vocabularySize()
              + " tokens.");
    }
  }

  static void requirePrompt(int[] prompt, LanguageModel model) {
    int context = model.config().contextLength();
    if (prompt.length < 1 || prompt.length > context) {
      throw new IllegalArgumentException(
          "Wanted a prompt of 1 to "
              + context
              + " tokens (the context length), got "
              + prompt.length
              + ". "
              + (prompt.length < 1
                  ? "Give at least one character, such as a line break."
                  : "Keep its last " + context + " tokens."));
    }
  }

  static void requireTokens(int tokens) {
    if (tokens < 0) {
      throw new IllegalArgumentException("Wanted 0 or more new tokens, got " + tokens + ".");
    }
  }

  static void requireRoom(int[] prompt, int tokens, LanguageModel model) {
    int room = model.config().contextLength() - prompt.length;
    if (tokens > room) {
      throw new IllegalArgumentException(
          "Wanted at most "
              + room
              + " new tokens after a prompt of "
              + prompt.length
              + " in a context of "
              + model.config().contextLength()
              + ", got "
              + tokens
              + ". Ask for fewer, shorten the prompt, or let a generator's window slide"
              + " (Overflow.SLIDE).");
    }
  }

  static Set<Integer> requireTokens(int[] tokens, Tokenizer tokenizer) {
    for (int token : tokens) {
      if (token < 0 || token >= tokenizer.vocabularySize()) {
        throw new IllegalArgumentException(
            "Wanted stop tokens from 0 to "
                + (tokenizer.vocabularySize() - 1)
                + ", got "
                + token
                + ".");
      }
    }
    return Set.copyOf(Arrays.stream(tokens).boxed().distinct().toList());
  }
}
