package grounds.finetune;

import grounds.finetune.Actor.Sample;
import grounds.model.Batch;
import grounds.model.LanguageModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * Group relative policy optimization (Shao et al. 2024, DeepSeekMath): several answers to each
 * prompt, and better than expected is what is better than the others of its group. No second model
 * has to say what to expect, as in {@link Ppo}; and where a rule can tell right from wrong, none
 * has to say what is good.
 *
 * <p>An answer's advantage is its reward less the group's mean, in the group's standard deviations,
 * the same at all of its tokens. The distance to the reference is part of the loss and not of the
 * reward, as ratio - log ratio - 1 of reference and policy at every token, which is never negative.
 */
public final class Grpo implements AutoCloseable {

  /**
   * The dials.
   *
   * @param tokens most tokens of an answer
   * @param group answers to each prompt
   * @param epochs how often each batch of answers is gone through
   * @param minibatch answers a step
   * @param clip how far the probability of a token may move before its gradient ends: 0.2
   * @param penalty what the distance to the reference costs
   * @param learningRate of the policy
   */
  public record Config(
      int tokens,
      int group,
      int epochs,
      int minibatch,
      double clip,
      double penalty,
      double learningRate) {

    public Config {
      if (tokens < 1 || group < 2 || epochs < 1 || minibatch < 1) {
        throw new IllegalArgumentException(
            "Wanted 1 or more tokens, epochs and answers a step, and 2 or more answers a group, got "
                + tokens
                + ", "
                + epochs
                + ", "
                + minibatch
                + " and "
                + group
                + ".");
      }
      if (!(clip > 0 && clip < 1 && penalty >= 0 && learningRate > 0)) {
        throw new IllegalArgumentException(
            "Wanted clip in (0, 1), a penalty of 0 or more and a learning rate above 0, got "
                + clip
                + ", "
                + penalty
                + " and "
                + learningRate
                + ".");
      }
    }

    /** The usual values for small models. */
    public static Config of(int tokens) {
      return new Config(tokens, 8, 1, 32, 0.2, 0.04, 3e-5);
    }

    public Config withPenalty(double penalty) {
      return new Config(tokens, group, epochs, minibatch, clip, penalty, learningRate);
    }

    public Config withLearningRate(double learningRate) {
      return new Config(tokens, group, epochs, minibatch, clip, penalty, learningRate);
    }
  }

  private final Actor actor;
  private final Config config;
  private int round;

  /**
   * A run.
   *
   * @param policy what learns
   * @param reference what the policy began as; only read
   * @throws IllegalArgumentException if one has not the template's vocabulary
   */
  public Grpo(
      LanguageModel policy,
      LanguageModel reference,
      ChatTemplate template,
      Reward reward,
      Config config,
      long seed) {
    this.config = config;
    actor =
        new Actor(policy, reference, template, reward, config.minibatch, config.learningRate, seed);
  }

  /** An answer, and how much better than those of its group it was. */
  private record Judged(Sample sample, double advantage) {}

  /**
   * One round: a group of answers to each prompt, their rewards, and some steps.
   *
   * @throws IllegalArgumentException if a reward is not a number, naming its prompt; nothing has
   *     moved then
   * @throws CancellationException if the thread is interrupted
   */
  public Round round(List<String> prompts) {
    List<String> each =
        prompts.stream().flatMap(p -> Collections.nCopies(config.group, p).stream()).toList();
    List<Sample> samples = actor.answer(each, config.tokens, round);
    double[] advantages =
        advantages(
            samples.stream().mapToDouble(sample -> sample.answer().reward()).toArray(),
            config.group);
    List<Judged> judged = new ArrayList<>();
    for (int i = 0; i < samples.size(); i++) {
      judged.add(new Judged(samples.get(i), advantages[i]));
    }
    int[] clipped = {0};
    actor.pass(
        judged,
        config.epochs,
        round,
        answer -> answer.sample.row(),
        (some, batch) -> clipped[0] += step(some, batch));
    long tokens = config.epochs * samples.stream().mapToLong(Sample::tokens).sum();
    round++;
    return Round.of(samples, (double) clipped[0] / tokens);
  }

  /** Within each group mean 0 and variance 1; 0 where all are alike. */
  static double[] advantages(double[] rewards, int group) {
    double[] advantages = new double[rewards.length];
    for (int from = 0; from < rewards.length; from += group) {
      double[] some = Arrays.copyOfRange(rewards, from, from + group);
      double mean = Arrays.stream(some).average().orElseThrow();
      double deviation =
          Math.sqrt(Arrays.stream(some).map(r -> (r - mean) * (r - mean)).average().orElseThrow());
      for (int i = 0; i < group; i++) {
        advantages[from + i] = (some[i] - mean) / (deviation + 1e-8);
      }
    }
    return advantages;
  }

  /** A step on a minibatch; how many tokens were clipped. */
  private int step(List<Judged> some, Batch batch) {
    double[][] now = actor.logProbabilities(batch);
    double[][] slopes = new double[some.size()][];
    int clipped = 0;
    for (int row = 0; row < slopes.length; row++) {
      Judged answer = some.get(row);
      slopes[row] = slopes(now[row], answer.sample, answer.advantage, config, some.size());
      for (int t = 0; t < now[row].length; t++) {
        double old = answer.sample.old()[t];
        clipped += Actor.ended(now[row][t], old, answer.advantage, config.clip) ? 1 : 0;
      }
    }
    actor.step(batch, slopes);
    return clipped;
  }

  /**
   * The derivatives of the loss by the log-probabilities of one answer's tokens: a mean over the
   * answers of the mean over the tokens of minus the clipped objective, and of the distance times
   * its price.
   *
   * @param answers how many the mean is over
   */
  static double[] slopes(
      double[] now, Sample sample, double advantage, Config config, int answers) {
    double[] slopes = new double[now.length];
    for (int t = 0; t < slopes.length; t++) {
      double better = Actor.slope(now[t], sample.old()[t], advantage, config.clip);
      double away = distanceSlope(now[t], sample.before()[t]);
      slopes[t] = (better + config.penalty * away) / slopes.length / answers;
    }
    return slopes;
  }

  /** The derivative of ratio - log ratio - 1, the reference's over the policy's, by the latter. */
  static double distanceSlope(double now, double before) {
    return -Math.expm1(before - now);
  }

  /** Closes the optimizer; the models stay open. */
  @Override
  public void close() {
    actor.close();
  }
}
