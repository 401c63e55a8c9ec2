package grounds.generation;

import grounds.generation.Continuation.Reason;
import grounds.model.LanguageModel;
import grounds.model.TextReader;
import grounds.model.script.ScriptOptions;
import grounds.model.script.ScriptedModel;
import grounds.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.CancellationException;

/**
 * Looks for the most probable continuation: keeps a few texts, the beams, extends each by every
 * token and goes on with the best of all. Greedy is one beam. Finished texts of different lengths
 * are compared by log-probability / length^penalty (Wu et al. 2016, without the constant).
 *
 * <pre>{@code
 * Continuation best = new BeamSearch(model, tokenizer, 4).search("To be, ", 20).get(0);
 * }</pre>
 */
public final class BeamSearch {

  private final LanguageModel model;
  private final Tokenizer tokenizer;
  private final int beams;
  private final double lengthPenalty;
  private final Set<Integer> stopTokens;

  /**
   * A search with length penalty 1, the mean log-probability of a token.
   *
   * @param beams 1 or more
   * @throws IllegalArgumentException if model and tokenizer have vocabularies of different sizes
   */
  public BeamSearch(LanguageModel model, Tokenizer tokenizer, int beams) {
    this(model, tokenizer, beams, 1, Set.of());
    Generator.requireSameVocabulary(model, tokenizer);
    if (beams < 1) {
      throw new IllegalArgumentException("Wanted 1 or more beams, got " + beams + ".");
    }
  }

  private BeamSearch(
      LanguageModel model,
      Tokenizer tokenizer,
      int beams,
      double lengthPenalty,
      Set<Integer> stopTokens) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.beams = beams;
    this.lengthPenalty = lengthPenalty;
    this.stopTokens = stopTokens;
  }

  /** The same with another penalty: 0 compares whole texts, above 1 favours long ones. */
  public BeamSearch lengthPenalty(double penalty) {
    if (!Double.isFinite(penalty)) {
      throw new IllegalArgumentException("Wanted a finite length penalty, got " + penalty + ".");
    }
    return new BeamSearch(model, tokenizer, beams, penalty, stopTokens);
  }

  /**
   * The same, finishing a text at one of these tokens.
   *
   * @throws IllegalArgumentException if one is not in the vocabulary
   */
  public BeamSearch stopAt(int... tokens) {
    return new BeamSearch(
        model, tokenizer, beams, lengthPenalty, Generator.requireTokens(tokens, tokenizer));
  }

  /**
   * The best texts that were found, the best first, as many as there are beams or fewer.
   *
   * @param prompt one or more tokens
   * @param tokens how many to add at most
   * @throws IllegalArgumentException if the prompt is empty, or it and the new tokens do not fit
   *     into the context
   * @throws CancellationException if the thread is interrupted
   */
  public List<Continuation> search(String prompt, int tokens) {
    return search(tokenizer.encode(prompt), tokens);
  }

  /** The same for a prompt of ids. */
  public List<Continuation> search(int[] prompt, int tokens) {
    Generator.requirePrompt(prompt, model);
    Generator.requireTokens(tokens);
    Generator.requireRoom(prompt, tokens, model);
    Optional<ScriptedModel> script = ScriptedModel.of(model, ScriptOptions.forModel(model));
    try (TextReader reader = script.map(ScriptedModel::reader).orElseGet(model::reader)) {
      return search(reader, prompt, tokens);
    } finally {
      script.ifPresent(ScriptedModel::close);
    }
  }

  /** What a text is compared by; the higher, the better. */
  public double score(Continuation text) {
    return score(text.logProbability(), text.ids().length);
  }

  private double score(double logProbability, int length) {
    return length == 0 ? 0 : logProbability / Math.pow(length, lengthPenalty);
  }

  /** A beam, and the number of the text that it extends. */
  private record Beam(int[] ids, double[] logProbabilities, double sum, int parent) {

    Beam with(Candidate next) {
      int length = ids.length;
      int[] longer = Arrays.copyOf(ids, length + 1);
      longer[length] = next.token;
      double[] each = Arrays.copyOf(logProbabilities, length + 1);
      each[length] = next.sum - sum;
      return new Beam(longer, each, next.sum, next.beam);
    }

    int last() {
      return ids[ids.length - 1];
    }
  }

  private record Candidate(int beam, int token, double sum) {}

  private static final Comparator<Candidate> BEST_FIRST =
      Comparator.comparingDouble((Candidate c) -> -c.sum)
          .thenComparingInt(Candidate::beam)
          .thenComparingInt(Candidate::token);

  private List<Continuation> search(TextReader reader, int[] prompt, int tokens) {
    List<Beam> open = List.of(new Beam(new int[0], new double[0], 0, 0));
    List<Continuation> finished = new ArrayList<>();
    if (tokens == 0) {
      finished.add(continuation(open.get(0), Reason.LENGTH));
    }
    int[][] next = {prompt};
    for (int length = 1; length <= tokens && !open.isEmpty(); length++) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancellationException(
            "The search was interrupted after " + (length - 1) + " tokens.");
      }
      float[][] scores = Generator.read(model, reader, next);
      List<Candidate> candidates = best(open, scores);
      List<Beam> extended = new ArrayList<>();
      for (int rank = 0; rank < candidates.size() && extended.size() < beams; rank++) {
        Candidate candidate = candidates.get(rank);
        boolean stops = stopTokens.contains(candidate.token);
        Beam beam = open.get(candidate.beam).with(candidate);
        if (!stops && length < tokens) {
          extended.add(beam);
        } else if (rank < beams) {
          finished.add(continuation(beam, stops ? Reason.STOP_TOKEN : Reason.LENGTH));
        }
      }
      finished.sort(Comparator.comparingDouble(text -> -score(text)));
      finished = new ArrayList<>(finished.subList(0, Math.min(beams, finished.size())));
      if (extended.isEmpty() || isDecided(finished, extended.get(0), length)) {
        break;
      }
      open = extended;
      reader.select(open.stream().mapToInt(Beam::parent).toArray());
      next = open.stream().map(beam -> new int[] {beam.last()}).toArray(int[][]::new);
    }
    return finished;
  }

  /** Whether no open text, were it to end now, would be better than the worst finished one. */
  private boolean isDecided(List<Continuation> finished, Beam bestOpen, int length) {
    return finished.size() == beams
        && score(bestOpen.sum, length) <= score(finished.get(beams - 1));
  }

  /** Enough of the best extensions that, whichever of them stop, each beam goes on. */
  private List<Candidate> best(List<Beam> open, float[][] scores) {
    int wanted = Math.max(2, 1 + stopTokens.size()) * beams;
    PriorityQueue<Candidate> best = new PriorityQueue<>(BEST_FIRST.reversed());
    for (int beam = 0; beam < scores.length; beam++) {
      float[] row = scores[beam];
      int highest = Sampler.highest(row);
      // The logarithm of the softmax of a token is its score less this.
      double norm = row[highest] - Sampler.logProbability(row, highest);
      double sum = open.get(beam).sum;
      for (int token = 0; token < row.length; token++) {
        double extended = sum + (row[token] - norm);
        if (best.size() < wanted) {
          best.add(new Candidate(beam, token, extended));
        } else if (extended > best.peek().sum) {
          best.poll();
          best.add(new Candidate(beam, token, extended));
        }
      }
    }
    return best.stream().sorted(BEST_FIRST).toList();
  }

  private Continuation continuation(Beam beam, Reason reason) {
    int[] ids = beam.ids;
    int shown = reason == Reason.STOP_TOKEN ? ids.length - 1 : ids.length;
    return new Continuation(
        tokenizer.decode(Arrays.copyOf(ids, shown)), ids, beam.logProbabilities, reason);
  }
}
