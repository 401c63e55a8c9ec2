package grounds.finetune;

import grounds.corpus.Conversation;
import grounds.corpus.Message;
import grounds.corpus.Role;
import grounds.finetune.ChatTemplate.Rendered;
import grounds.generation.Continuation;
import grounds.generation.Generator;
import grounds.model.Batch;
import grounds.model.LanguageModel;
import grounds.model.script.ScriptOptions;
import grounds.model.script.ScriptedModel;
import grounds.tensor.Seeds;
import grounds.tensor.TensorScope;
import grounds.training.AdamW;
import grounds.training.TrainingConfig;
import grounds.training.TrainingStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

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

  /** What an answer is worth. */
  @FunctionalInterface
  public interface Reward {
    /** The rewards of the last answers of some conversations, in order. */
    double[] of(List<Conversation> conversations);
  }

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

  /**
   * What one round measured, before its steps.
   *
   * @param reward mean reward of the answers
   * @param divergence estimated distance to the reference, in nats an answer
   * @param entropy mean surprise of the policy at its own tokens
   * @param clipped share of tokens whose gradient had ended
   * @param valueError mean square of what was expected less what came
   * @param penalty what a nat of distance cost
   * @param answers what was written
   */
  public record Round(
      double reward,
      double divergence,
      double entropy,
      double clipped,
      double valueError,
      double penalty,
      List<String> answers) {}

  private final LanguageModel policy;
  private final ChatTemplate template;
  private final Reward reward;
  private final Config config;
  private final TrainingStep policyStep;
  private final TrainingStep valueStep;
  private final Optional<ScriptedModel> script;
  private final LanguageModel reference;
  private final int plus;
  private final int minus;
  private final long seed;
  private double penalty;
  private int round;

  /**
   * A run.
   *
   * @param policy what learns
   * @param value what says what is expected; a copy of the policy or of a reward model, which
   *     learns too
   * @param reference what the policy began as; only read
   * @throws IllegalArgumentException if the three have not the template's vocabulary
   */
  public Ppo(
      LanguageModel policy,
      LanguageModel value,
      LanguageModel reference,
      ChatTemplate template,
      Reward reward,
      Config config,
      long seed) {
    for (LanguageModel model : List.of(policy, value, reference)) {
      if (model.config().vocabularySize() != template.tokenizer().vocabularySize()) {
        throw new IllegalArgumentException(
            "Wanted models of the template's "
                + template.tokenizer().vocabularySize()
                + " tokens, got one of "
                + model.config().vocabularySize()
                + ".");
      }
    }
    this.policy = policy;
    this.template = template;
    this.reward = reward;
    this.config = config;
    this.seed = seed;
    this.penalty = config.penalty;
    plus = template.tokenizer().encode("+")[0];
    minus = template.tokenizer().encode("-")[0];
    script = ScriptedModel.of(reference, ScriptOptions.forModel(reference));
    this.reference = script.<LanguageModel>map(model -> model).orElse(reference);
    policyStep = TrainingStep.of(policy, steps(config.learningRate));
    valueStep = TrainingStep.of(value, steps(config.valueRate));
  }

  private TrainingConfig steps(double rate) {
    AdamW.Config noDecay = new AdamW.Config(0.9, 0.95, 1e-8, 0);
    return TrainingConfig.of(1, config.minibatch, rate).withOptimizer(noDecay);
  }

  /** An answer as the policy wrote it, and what became of it. */
  private record Sample(
      Rendered row, double[] old, double[] advantages, double[] returns, double distance) {}

  /**
   * One round: answers to the prompts, their rewards, and some steps.
   *
   * @throws IllegalArgumentException if a reward is not a number, naming its prompt; nothing has
   *     moved then
   * @throws CancellationException if the thread is interrupted
   */
  public Round round(List<String> prompts) {
    List<int[]> starts =
        prompts.stream()
            .map(prompt -> template.prompt(List.of(new Message(Role.USER, prompt))))
            .toList();
    List<Continuation> written =
        new Generator(policy, template.tokenizer())
            .stopAt(template.end())
            .seed(Seeds.derive(seed, round))
            .completeAllIds(starts, config.tokens);
    List<String> answers = written.stream().map(Continuation::text).toList();
    double[] rewards = rewards(prompts, answers);
    List<Rendered> rows = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      rows.add(row(starts.get(i), written.get(i)));
    }
    List<Sample> samples = samples(rows, rewards);
    double divergence = samples.stream().mapToDouble(Sample::distance).average().orElseThrow();
    double entropy =
        -samples.stream().flatMapToDouble(s -> Arrays.stream(s.old)).average().orElseThrow();
    double[] moved = steps(samples);
    Round result =
        new Round(
            Arrays.stream(rewards).average().orElseThrow(),
            divergence,
            entropy,
            moved[0],
            moved[1],
            penalty,
            answers);
    config.target.ifPresent(target -> adapt(divergence / target));
    round++;
    return result;
  }

  /** By the relative error, a fifth at most, as Ziegler et al. 2019 do in smaller steps. */
  private void adapt(double ratio) {
    penalty *= 1 + Math.max(-0.2, Math.min(0.2, ratio - 1));
  }

  private double[] rewards(List<String> prompts, List<String> answers) {
    List<Conversation> conversations = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      // An empty answer is an answer here, if a bad one; a conversation has none.
      String answer = answers.get(i).isBlank() ? "?" : answers.get(i);
      conversations.add(Conversation.of(prompts.get(i), answer));
    }
    double[] rewards = reward.of(conversations);
    for (int i = 0; i < rewards.length; i++) {
      if (!Double.isFinite(rewards[i])) {
        throw new IllegalArgumentException(
            "Wanted a finite reward, got "
                + rewards[i]
                + " for answer "
                + (i + 1)
                + " of "
                + rewards.length
                + ", '"
                + answers.get(i)
                + "' to '"
                + prompts.get(i)
                + "'.");
      }
    }
    return rewards;
  }

  /** Prompt and answer, of which the answer's tokens count, its end among them. */
  private static Rendered row(int[] prompt, Continuation written) {
    int[] tokens = written.ids();
    int[] ids = Arrays.copyOf(prompt, prompt.length + tokens.length);
    System.arraycopy(tokens, 0, ids, prompt.length, tokens.length);
    boolean[] counts = new boolean[ids.length];
    Arrays.fill(counts, prompt.length, ids.length, true);
    return new Rendered(ids, counts);
  }

  private List<Sample> samples(List<Rendered> rows, double[] rewards) {
    List<Sample> samples = new ArrayList<>();
    for (int from = 0; from < rows.size(); from += config.minibatch) {
      List<Rendered> some = rows.subList(from, Math.min(rows.size(), from + config.minibatch));
      Batch batch = ConversationData.toBatch(some, template.end());
      double[][] old = logProbabilities(policyStep.evaluator(), batch);
      double[][] before = logProbabilities(reference, batch);
      double[][] values = values(batch);
      for (int i = 0; i < some.size(); i++) {
        samples.add(sample(some.get(i), old[i], before[i], values[i], rewards[from + i]));
      }
    }
    normalize(samples);
    return samples;
  }

  private Sample sample(
      Rendered row, double[] old, double[] before, double[] values, double reward) {
    double[] perToken = new double[old.length];
    double distance = 0;
    for (int t = 0; t < old.length; t++) {
      distance += old[t] - before[t];
      perToken[t] = -penalty * (old[t] - before[t]);
    }
    if (old.length > 0) {
      perToken[old.length - 1] += reward;
    }
    double[] advantages = advantages(perToken, values, config.lambda);
    double[] returns = new double[old.length];
    for (int t = 0; t < returns.length; t++) {
      returns[t] = advantages[t] + values[t];
    }
    return new Sample(row, old, advantages, returns, distance);
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
  private static void normalize(List<Sample> samples) {
    double[] all = samples.stream().flatMapToDouble(s -> Arrays.stream(s.advantages)).toArray();
    double mean = Arrays.stream(all).average().orElse(0);
    double variance = Arrays.stream(all).map(a -> (a - mean) * (a - mean)).average().orElse(0);
    for (Sample sample : samples) {
      for (int t = 0; t < sample.advantages.length; t++) {
        sample.advantages[t] = (sample.advantages[t] - mean) / Math.sqrt(variance + 1e-8);
      }
    }
  }

  /** The epochs; the share of clipped tokens and the mean square error of the values. */
  private double[] steps(List<Sample> samples) {
    SplittableRandom random = Seeds.random(Seeds.derive(seed, "order " + round));
    List<Sample> order = new ArrayList<>(samples);
    double clipped = 0;
    double error = 0;
    long tokens = 0;
    for (int epoch = 0; epoch < config.epochs; epoch++) {
      for (int i = order.size() - 1; i > 0; i--) {
        Collections.swap(order, i, random.nextInt(i + 1));
      }
      for (int from = 0; from < order.size(); from += config.minibatch) {
        if (Thread.currentThread().isInterrupted()) {
          throw new CancellationException("PPO was interrupted in round " + (round + 1) + ".");
        }
        List<Sample> some = order.subList(from, Math.min(order.size(), from + config.minibatch));
        double[] sums = step(some);
        clipped += sums[0];
        error += sums[1];
        tokens += some.stream().mapToLong(s -> s.old.length).sum();
      }
    }
    return new double[] {clipped / tokens, error / tokens};
  }

  private double[] step(List<Sample> some) {
    Batch batch = ConversationData.toBatch(some.stream().map(Sample::row).toList(), template.end());
    int count = batch.countedTokens();
    double[][] now = logProbabilities(policyStep.evaluator(), batch);
    double[][] values = values(batch);
    float[] policyWeights = new float[batch.tokens()];
    float[] valueWeights = new float[2 * batch.tokens()];
    double clipped = 0;
    double error = 0;
    int[] seen = new int[some.size()];
    for (int i = 0; i < batch.tokens(); i++) {
      if (!batch.counts(i)) {
        continue;
      }
      int row = i / batch.time();
      int t = seen[row]++;
      Sample sample = some.get(row);
      double slope = slope(now[row][t], sample.old[t], sample.advantages[t], config.clip);
      clipped += slope == 0 ? 1 : 0;
      // The gradient of minus the entropy is the mean of (log p + 1) times that of log p.
      double undecided = config.entropy * (now[row][t] + 1);
      policyWeights[i] = (float) (-(slope + undecided) / count);
      double off = values[row][t] - sample.returns[t];
      error += off * off;
      // A value is the surprise at minus less the surprise at plus.
      valueWeights[i] = (float) (-off / count);
      valueWeights[batch.tokens() + i] = (float) (off / count);
    }
    policyStep.take(List.of(batch.withWeights(policyWeights)), config.learningRate, 0);
    valueStep.take(List.of(asked(batch).withWeights(valueWeights)), config.valueRate, 0);
    return new double[] {clipped, error};
  }

  /**
   * The derivative of the clipped objective's loss, minus min(ratio advantage, clipped ratio
   * advantage), by the new log-probability.
   */
  static double slope(double now, double old, double advantage, double clip) {
    double ratio = Math.exp(now - old);
    boolean ended = advantage > 0 ? ratio > 1 + clip : ratio < 1 - clip;
    return ended ? 0 : -advantage * ratio;
  }

  /** For each row the log-probabilities of its counted tokens. */
  private static double[][] logProbabilities(LanguageModel model, Batch batch) {
    float[] surprises = surprises(model, batch);
    return counted(batch, i -> -surprises[i]);
  }

  /** For each row what is expected before each counted token. */
  private double[][] values(Batch batch) {
    float[] surprises = surprises(valueStep.evaluator(), asked(batch));
    return counted(batch, i -> surprises[batch.tokens() + i] - surprises[i]);
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

  private static float[] surprises(LanguageModel model, Batch batch) {
    try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
      return model
          .surprises(batch.inputs(scope.manager()), batch.targets(scope.manager()))
          .toFloatArray();
    }
  }

  private static double[][] counted(Batch batch, IntToDoubleFunction value) {
    double[][] rows = new double[batch.size()][];
    for (int row = 0; row < rows.length; row++) {
      int from = row * batch.time();
      rows[row] =
          IntStream.range(from, from + batch.time())
              .filter(batch::counts)
              .mapToDouble(value)
              .toArray();
    }
    return rows;
  }

  /** What a nat of distance costs now. */
  public double penalty() {
    return penalty;
  }

  /** Closes the optimizers; the models stay open. */
  @Override
  public void close() {
    policyStep.close();
    valueStep.close();
    script.ifPresent(ScriptedModel::close);
  }
}
