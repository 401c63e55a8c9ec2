package grounds.generation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import grounds.model.LanguageModel;
import grounds.tensor.Seeds;
import grounds.tensor.TensorScope;
import grounds.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.IntConsumer;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Continues a text with a model.
 *
 * <pre>{@code
 * String text = new Generator(model, tokenizer).temperature(0.8).generate("ROMEO:\n", 200);
 * }</pre>
 *
 * <p>Once the text is longer than the model's context, the model sees its last part: the window
 * slides.
 */
public final class Generator {

  private final LanguageModel model;
  private final Tokenizer tokenizer;
  private final Sampler sampler;
  private final long seed;

  /** A generator that draws at temperature 1 with seed 1. */
  public Generator(LanguageModel model, Tokenizer tokenizer) {
    this(model, tokenizer, Sampler.temperature(1), 1);
  }

  private Generator(LanguageModel model, Tokenizer tokenizer, Sampler sampler, long seed) {
    if (tokenizer.vocabularySize() != model.config().vocabularySize()) {
      throw new IllegalArgumentException(
          "Wanted a tokenizer and a model of one vocabulary, got "
              + tokenizer.vocabularySize()
              + " and "
              + model.config().vocabularySize()
              + " tokens.");
    }
    this.model = model;
    this.tokenizer = tokenizer;
    this.sampler = sampler;
    this.seed = seed;
  }

  /** The same with another rule of choosing. */
  public Generator sampler(Sampler sampler) {
    return new Generator(model, tokenizer, sampler, seed);
  }

  /** The same at another temperature. */
  public Generator temperature(double temperature) {
    return sampler(Sampler.temperature(temperature));
  }

  /** The same with other chance. */
  public Generator seed(long seed) {
    return new Generator(model, tokenizer, sampler, seed);
  }

  /**
   * The continuation of a prompt, the prompt not included.
   *
   * @param prompt one to as many tokens as the context holds
   * @param tokens how many to add
   * @throws IllegalArgumentException if the prompt is empty or longer than the context
   * @throws CancellationException if the thread is interrupted
   */
  public String generate(String prompt, int tokens) {
    IntStream.Builder ids = IntStream.builder();
    generate(tokenizer.encode(prompt), tokens, ids);
    return tokenizer.decode(ids.build().toArray());
  }

  /** The same with ids, each handed over as it is chosen. */
  public void generate(int[] prompt, int tokens, IntConsumer each) {
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
    if (tokens < 0) {
      throw new IllegalArgumentException("Wanted 0 or more new tokens, got " + tokens + ".");
    }
    RandomGenerator random = Seeds.random(Seeds.derive(seed, "generate"));
    int[] text = Arrays.copyOf(prompt, prompt.length + tokens);
    for (int end = prompt.length; end < text.length; end++) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancellationException(
            "Generation was interrupted after " + (end - prompt.length) + " tokens.");
      }
      int[] window = Arrays.copyOfRange(text, Math.max(0, end - context), end);
      text[end] = sampler.choose(nextLogits(window), random);
      each.accept(text[end]);
    }
  }

  /** The scores of every token after that text. */
  private float[] nextLogits(int[] window) {
    long[] ids = Arrays.stream(window).asLongStream().toArray();
    try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
      NDArray input = scope.manager().create(ids, new Shape(1, ids.length));
      NDArray logits = model.logits(input, false);
      return logits.get(new NDIndex("0," + (ids.length - 1))).toFloatArray();
    }
  }
}
