package grounds.generation;

import grounds.generation.Continuation.Reason;
import grounds.tokenizer.StreamingDecoder;
import grounds.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/** A text that is being written: a prompt, what was chosen since, and what of it may be shown. */
final class Draft {

  private final int[] ids;
  private final int prompt;
  private final double[] logProbabilities;
  private final RandomGenerator random;
  private final StreamingDecoder decoder;
  private final List<String> stopStrings;
  private final Set<Integer> stopTokens;
  private final Consumer<String> each;
  private final StringBuilder text = new StringBuilder();
  private int length;
  private int shown;
  private Reason reason;

  Draft(
      int[] prompt,
      int tokens,
      RandomGenerator random,
      Tokenizer tokenizer,
      List<String> stopStrings,
      Set<Integer> stopTokens,
      Consumer<String> each) {
    this.ids = Arrays.copyOf(prompt, prompt.length + tokens);
    this.prompt = prompt.length;
    this.length = prompt.length;
    this.logProbabilities = new double[tokens];
    this.random = random;
    this.decoder = new StreamingDecoder(tokenizer);
    this.stopStrings = stopStrings;
    this.stopTokens = stopTokens;
    this.each = each;
    if (tokens == 0) {
      end(Reason.LENGTH);
    }
  }

  /** How many tokens there are, the prompt's too. */
  int length() {
    return length;
  }

  int id(int place) {
    return ids[place];
  }

  boolean isFinished() {
    return reason != null;
  }

  /** Adds a token, and gives it. */
  int add(float[] logits, Sampler sampler) {
    float[] scores = logits.clone();
    int chosen = sampler.choose(scores, Arrays.copyOf(ids, length), random);
    if (chosen < 0 || chosen >= logits.length) {
      throw new IllegalArgumentException(
          "Wanted the sampler to choose one of "
              + logits.length
              + " tokens, it chose number "
              + chosen
              + ".");
    }
    logProbabilities[length - prompt] = Sampler.logProbability(logits, chosen);
    ids[length++] = chosen;
    if (stopTokens.contains(chosen)) {
      end(Reason.STOP_TOKEN);
      return chosen;
    }
    text.append(decoder.next(chosen));
    if (length == ids.length) {
      text.append(decoder.end());
    }
    int stop = firstStop();
    if (stop >= 0) {
      text.setLength(stop);
      end(Reason.STOP_STRING);
    } else if (length == ids.length) {
      end(Reason.LENGTH);
    } else {
      show(text.length() - beginningOfAStop());
    }
    return chosen;
  }

  /** Where the first stop string begins, which can only be in what was not shown; else -1. */
  private int firstStop() {
    return stopStrings.stream()
        .mapToInt(stop -> text.indexOf(stop, shown))
        .filter(at -> at >= 0)
        .min()
        .orElse(-1);
  }

  /** How many characters at the end may turn out to begin a stop string. */
  private int beginningOfAStop() {
    int most = 0;
    for (String stop : stopStrings) {
      for (int size = Math.min(stop.length() - 1, text.length() - shown); size > most; size--) {
        if (stop.startsWith(text.substring(text.length() - size))) {
          most = size;
        }
      }
    }
    return most;
  }

  private void show(int end) {
    if (end > shown) {
      each.accept(text.substring(shown, end));
      shown = end;
    }
  }

  private void end(Reason why) {
    if (why == Reason.STOP_TOKEN) {
      text.append(decoder.end());
    }
    show(text.length());
    reason = why;
  }

  Continuation continuation() {
    return new Continuation(
        text.toString(),
        Arrays.copyOfRange(ids, prompt, length),
        Arrays.copyOf(logProbabilities, length - prompt),
        reason);
  }
}
