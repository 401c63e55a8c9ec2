package grounds.finetune;

import grounds.finetune.Actor.Sample;
import grounds.model.Batch;
import grounds.model.LanguageModel;
import grounds.training.TrainingStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * Proximal policy optimization (Schulman et al. 2017) of a language model, as for InstructGPT
 * (Ouyang et al. 2022): the policy writes answers, gets a reward for each and pays for every nat
 * that it departs from the reference, and moves so that better answers than expected become more
 * probable, a little at a time.
 *
 * <p>What is expected says a second model, which is asked for plus or minus at every token as a
 * {@link RewardModel} is after the last one. Both take ordinary training steps, in which each
 * token's surprise has the derivative of the loss as its weight.
 */
public final class Ppo implements AutoCloseable {

  /**
   * The dials.
   *
   * @param tokens most tokens of an answer
   * @param epochs how often each batch of answers is gone through
   * @param minibatch answers a step
   * @param clip how far the probability of a token may move before its gradient ends: 0.2
   * @param lambda between one step's surprise (0) and all that came of it (1), in advantages: 0.95
   * @param penalty what a nat of distance to the reference costs, at the start
   * @param target the distance that the penalty is adapted to, in nats an answer; empty: it stays
   * @param entropy how much undecidedness is worth, a nat a token
   * @param learningRate of the policy
   * @param valueRate of the model that says what is expected
   */
  public record Config(
      int tokens,
      int epochs,
      int minibatch,
      double clip,
      double lambda,
      double penalty,
      Optional<Double> target,
      double entropy,
      double learningRate,
      double valueRate) {

    public Config {
      if (tokens < 1 || epochs < 1 || minibatch < 1) {
        throw new IllegalArgumentException(
            "Wanted 1 or more tokens, epochs and answers a step, got "
                + tokens
                + ", "
                + epochs
                + " and "
                + minibatch
                + ".");
      }
      if (!(clip > 0 && clip < 1 && lambda >= 0 && lambda <= 1 && penalty >= 0 && entropy >= 0)) {
        throw new IllegalArgumentException(
            "Wanted clip in (0, 1), lambda in [0, 1], penalty and entropy of 0 or more, got "
                + clip
                + ", "
                + lambda
                + ", "
                + penalty
                + " and "
                + entropy
                + ".");
      }
    }

    /** The usual values for small models, with a penalty that holds a distance of 5 nats. */
    public static Config of(int tokens) {
      return new Config(tokens, 2, 16, 0.2, 0.95, 0.05, Optional.of(5.0), 0, 3e-5, 1e-4);
    }

    public Config withPenalty(double penalty, Optional<Double> target) {
      return new Config(
          tokens,
          epochs,
          minibatch,
          clip,
          lambda,
          penalty,
          target,
          entropy,
          learningRate,
          valueRate);
    }

    public Config withRates(double learningRate, double valueRate) {
      return new Config(
          tokens,
          epochs,
          minibatch,
          clip,
          lambda,
          penalty,
          target,
          entropy,
          learningRate,
          valueRate);
    }
  }

  private final Actor actor;
  private final Config config;
  private final TrainingStep valueStep;
  private final int plus;
  private final int minus;
  private double penalty;
  private double valueError;
  private int round;

  /**
   * A run.
   *
   * @param policy what learns
   * @param value what says what is expected; a copy of the policy or of a reward model, which
   *     learns too
   * @param reference what the policy began as; only read
   * @throws IllegalArgumentException if the three have not the template's vocabulary, or plus and
   *     minus are no single tokens of it
   */
  public Ppo(
      LanguageModel policy,
      LanguageModel value,
      LanguageModel reference,
      ChatTemplate template,
      Reward reward,
      Config config,
      long seed) {
    template.requireVocabularyOf(value);
    this.config = config;
    this.penalty = config.penalty;
    plus = template.verdict("+");
    minus = template.verdict("-");
    actor =
        new Actor(policy, reference, template, reward, config.minibatch, config.learningRate, seed);
    valueStep = Actor.step(value, config.minibatch, config.valueRate);
  }

  /** An answer, and how much better than expected each of its tokens was. */
  private record Judged(Sample sample, double[] advantages, double[] returns) {}

  /**
   * One round: answers to the prompts, their rewards, and some steps.
   *
   * @throws IllegalArgumentException if a reward is not a number, naming its prompt; nothing has
   *     moved then
   * @throws CancellationException if the thread is interrupted
   */
  public Round round(List<String> prompts) {
    List<Sample> samples = actor.answer(prompts, config.tokens, round);
    double clipped = steps(judge(samples));
    Round result = Round.of(samples, clipped);
    config.target.ifPresent(target -> adapt(result.divergence() / target));
    round++;
    return result;
  }

  /** By the relative error, a fifth at most, as Ziegler et al. 2019 do in smaller steps. */
  private void adapt(double ratio) {
    penalty *= 1 + Math.max(-0.2, Math.min(0.2, ratio - 1));
  }

  private List<Judged> judge(List<Sample> samples) {
    List<Judged> judged = new ArrayList<>();
    for (int from = 0; from < samples.size(); from += config.minibatch) {
      List<Sample> some = samples.subList(from, Math.min(samples.size(), from + config.minibatch));
      double[][] values = values(actor.batch(some.stream().map(Sample::row).toList()));
      for (int i = 0; i < some.size(); i++) {
        judged.add(judge(some.get(i), values[i]));
      }
    }
    normalize(judged);
    return judged;
  }

  private Judged judge(Sample sample, double[] values) {
    double[] rewards = new double[sample.tokens()];
    for (int t = 0; t < rewards.length; t++) {
      rewards[t] = -penalty * (sample.old()[t] - sample.before()[t]);
    }
    if (rewards.length > 0) {
      rewards[rewards.length - 1] += sample.answer().reward();
    }
    double[] advantages = advantages(rewards, values, config.lambda);
    double[] returns = new double[rewards.length];
    for (int t = 0; t < returns.length; t++) {
      returns[t] = advantages[t] + values[t];
    }
    return new Judged(sample, advantages, returns);
  }

  /**
   * Generalised advantages (Schulman et al. 2016) without discount: how much better than expected
   * it went from each token on.
   *
   * @param rewards at each token
   * @param values what was expected before each token
   */
  static double[] advantages(double[] rewards, double[] values, double lambda) {
    double[] advantages = new double[rewards.length];
    double next = 0;
    for (int t = rewards.length - 1; t >= 0; t--) {
      double after = t + 1 < values.length ? values[t + 1] : 0;
      next = rewards[t] + after - values[t] + lambda * next;
      advantages[t] = next;
    }
    return advantages;
  }

  /** Mean 0 and variance 1 over all tokens, which keeps the size of a step. */
  private static void normalize(List<Judged> answers) {
    double[] all = answers.stream().flatMapToDouble(a -> Arrays.stream(a.advantages)).toArray();
    double mean = Arrays.stream(all).average().orElse(0);
    double variance = Arrays.stream(all).map(a -> (a - mean) * (a - mean)).average().orElse(0);
    for (Judged answer : answers) {
      for (int t = 0; t < answer.advantages.length; t++) {
        answer.advantages[t] = (answer.advantages[t] - mean) / Math.sqrt(variance + 1e-8);
      }
    }
  }

  /** The epochs; the share of clipped tokens. */
  private double steps(List<Judged> answers) {
    double[] clipped = {0};
    double[] error = {0};
    actor.pass(
        answers,
        config.epochs,
        round,
        answer -> answer.sample.row(),
        (some, batch) -> {
          clipped[0] += policyStep(some, batch);
          error[0] += valueStep(some, batch);
        });
    long tokens = config.epochs * answers.stream().mapToLong(a -> a.sample.tokens()).sum();
    valueError = error[0] / tokens;
    return clipped[0] / tokens;
  }

  private int policyStep(List<Judged> some, Batch batch) {
    double[][] now = actor.logProbabilities(batch);
    double[][] slopes = new double[some.size()][];
    int clipped = 0;
    for (int row = 0; row < slopes.length; row++) {
      Judged answer = some.get(row);
      slopes[row] = new double[now[row].length];
      for (int t = 0; t < slopes[row].length; t++) {
        double old = answer.sample.old()[t];
        double slope = Actor.slope(now[row][t], old, answer.advantages[t], config.clip);
        clipped += Actor.ended(now[row][t], old, answer.advantages[t], config.clip) ? 1 : 0;
        // The gradient of minus the entropy is the mean of (log p + 1) times that of log p.
        double undecided = config.entropy * (now[row][t] + 1);
        slopes[row][t] = (slope + undecided) / batch.countedTokens();
      }
    }
    actor.step(batch, slopes);
    return clipped;
  }

  /** A step of what is expected towards what came; the sum of the squares that were between. */
  private double valueStep(List<Judged> some, Batch batch) {
    double[][] values = values(batch);
    float[] weights = new float[2 * batch.tokens()];
    double error = 0;
    int[] seen = new int[some.size()];
    for (int i = 0; i < batch.tokens(); i++) {
      if (!batch.counts(i)) {
        continue;
      }
      int row = i / batch.time();
      int t = seen[row]++;
      double off = values[row][t] - some.get(row).returns[t];
      error += off * off;
      // A value is the surprise at minus less the surprise at plus.
      weights[i] = (float) (-off / batch.countedTokens());
      weights[batch.tokens() + i] = (float) (off / batch.countedTokens());
    }
    valueStep.take(List.of(asked(batch).withWeights(weights)), config.valueRate, 0);
    return error;
  }

  /** For each row what is expected before each counted token. */
  private double[][] values(Batch batch) {
    float[] surprises = Actor.surprises(valueStep.evaluator(), asked(batch));
    return Actor.counted(batch, i -> surprises[batch.tokens() + i] - surprises[i]);
  }

  /** The same inputs twice, asked for plus and then for minus everywhere. */
  private Batch asked(Batch batch) {
    int tokens = batch.tokens();
    long[] inputs = Arrays.copyOf(batch.inputs(), 2 * tokens);
    System.arraycopy(batch.inputs(), 0, inputs, tokens, tokens);
    long[] targets = new long[2 * tokens];
    Arrays.fill(targets, 0, tokens, plus);
    Arrays.fill(targets, tokens, 2 * tokens, minus);
    return new Batch(2 * batch.size(), batch.time(), inputs, targets);
  }

  /** What a nat of distance costs now. */
  public double penalty() {
    return penalty;
  }

  /** In the last round, the mean square of what was expected less what came. */
  public double valueError() {
    return valueError;
  }

  /** Closes the optimizers; the models stay open. */
  @Override
  public void close() {
    actor.close();
    valueStep.close();
  }
}
