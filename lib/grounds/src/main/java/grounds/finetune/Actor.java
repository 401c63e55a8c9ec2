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
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * A model that learns from answers of its own, and the reference that it should stay near: what
 * {@link Ppo} and {@link Grpo} share. They say how good each token was; the actor answers, looks
 * how probable its tokens are, and steps.
 */
final class Actor implements AutoCloseable {

  private final TrainingStep step;
  private final LanguageModel policy;
  private final Optional<ScriptedModel> script;
  private final LanguageModel reference;
  private final ChatTemplate template;
  private final Reward reward;
  private final int minibatch;
  private final double learningRate;
  private final long seed;

  /**
   * An answer, and what was thought of it before any step.
   *
   * @param old for each of its tokens the logarithm of the policy's probability
   * @param before the same of the reference
   */
  record Sample(ScoredAnswer answer, Rendered row, double[] old, double[] before) {

    int tokens() {
      return old.length;
    }
  }

  /**
   * An actor.
   *
   * @param minibatch answers a step
   */
  Actor(
      LanguageModel policy,
      LanguageModel reference,
      ChatTemplate template,
      Reward reward,
      int minibatch,
      double learningRate,
      long seed) {
    template.requireVocabularyOf(policy);
    template.requireVocabularyOf(reference);
    this.policy = policy;
    this.template = template;
    this.reward = reward;
    this.minibatch = minibatch;
    this.learningRate = learningRate;
    this.seed = seed;
    script = ScriptedModel.of(reference, ScriptOptions.forModel(reference));
    this.reference = script.<LanguageModel>map(model -> model).orElse(reference);
    step = step(policy, minibatch, learningRate);
  }

  /** A step without weight decay, which would pull towards zero and not towards the reference. */
  static TrainingStep step(LanguageModel model, int batch, double rate) {
    AdamW.Config noDecay = new AdamW.Config(0.9, 0.95, 1e-8, 0);
    return TrainingStep.of(model, TrainingConfig.of(1, batch, rate).withOptimizer(noDecay));
  }

  /**
   * Answers to prompts, drawn as probable as the policy finds them.
   *
   * @param tokens most tokens of an answer; fewer if the longest prompt leaves room for fewer
   * @throws IllegalArgumentException if a reward is not a number, or a prompt too long, naming it
   */
  List<Sample> answer(List<String> prompts, int tokens, int round) {
    List<int[]> starts =
        prompts.stream()
            .map(prompt -> template.prompt(List.of(new Message(Role.USER, prompt))))
            .toList();
    List<Continuation> written =
        new Generator(policy, template.tokenizer())
            .stopAt(template.end())
            .seed(Seeds.derive(seed, round))
            .completeAllIds(starts, fitting(prompts, starts, tokens));
    double[] rewards = rewards(prompts, written.stream().map(Continuation::text).toList());
    List<Sample> samples = new ArrayList<>();
    for (int from = 0; from < prompts.size(); from += minibatch) {
      List<Rendered> rows = new ArrayList<>();
      for (int i = from; i < Math.min(prompts.size(), from + minibatch); i++) {
        rows.add(row(starts.get(i), written.get(i)));
      }
      Batch batch = batch(rows);
      double[][] old = logProbabilities(batch);
      double[][] before = logProbabilities(reference, batch);
      for (int i = 0; i < rows.size(); i++) {
        double distance = Arrays.stream(old[i]).sum() - Arrays.stream(before[i]).sum();
        String text = written.get(from + i).text();
        ScoredAnswer answer =
            new ScoredAnswer(prompts.get(from + i), text, rewards[from + i], distance);
        samples.add(new Sample(answer, rows.get(i), old[i], before[i]));
      }
    }
    return samples;
  }

  /** Most tokens of an answer that has room behind each prompt, with its end and a verdict. */
  private int fitting(List<String> prompts, List<int[]> starts, int tokens) {
    int room = policy.config().contextLength() - 2;
    int fewest = tokens;
    for (int i = 0; i < starts.size(); i++) {
      int left = room - starts.get(i).length;
      if (left < 1) {
        throw new IllegalArgumentException(
            "Wanted prompts of at most "
                + (room - 1)
                + " tokens, so that an answer fits into the context, got "
                + starts.get(i).length
                + " in '"
                + prompts.get(i)
                + "'.");
      }
      fewest = Math.min(fewest, left);
    }
    return fewest;
  }

  private double[] rewards(List<String> prompts, List<String> answers) {
    List<Conversation> conversations = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      conversations.add(
          judged(template, policy.config().contextLength(), prompts.get(i), answers.get(i)));
    }
    double[] rewards = reward.of(conversations);
    if (rewards.length != prompts.size()) {
      throw new IllegalArgumentException(
          "Wanted a reward for each of "
              + prompts.size()
              + " answers, got "
              + rewards.length
              + " rewards.");
    }
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

  /**
   * What the reward reads. An empty answer is an answer here, if a bad one; a conversation has
   * none. Half letters that a policy may write become longer as text: of an answer that does not
   * fit any more its beginning is judged.
   */
  static Conversation judged(ChatTemplate template, int context, String prompt, String answer) {
    String text = answer.isBlank() ? "?" : answer;
    Conversation conversation = Conversation.of(prompt, text);
    while (template.render(conversation).length() > context) {
      text = text.substring(0, text.offsetByCodePoints(text.length(), -1));
      conversation = Conversation.of(prompt, text.isBlank() ? "?" : text);
    }
    return conversation;
  }

  /** Prompt and answer, of which the answer's tokens count, its end among them. */
  static Rendered row(int[] prompt, Continuation written) {
    int[] tokens = written.ids();
    int[] ids = Arrays.copyOf(prompt, prompt.length + tokens.length);
    System.arraycopy(tokens, 0, ids, prompt.length, tokens.length);
    boolean[] counts = new boolean[ids.length];
    Arrays.fill(counts, prompt.length, ids.length, true);
    return new Rendered(ids, counts);
  }

  Batch batch(List<Rendered> rows) {
    return ConversationData.toBatch(rows, template.end());
  }

  /**
   * Goes through all samples some times, each time in another order, a minibatch at a time.
   *
   * @param row of a sample
   * @param each takes a minibatch and the batch of its rows
   */
  <S> void pass(List<S> samples, int epochs, int round, Function<S, Rendered> row, Step<S> each) {
    Shuffle shuffle = new Shuffle(samples.size(), Seeds.derive(seed, "order " + round));
    for (int epoch = 0; epoch < epochs; epoch++) {
      for (int from = 0; from < samples.size(); from += minibatch) {
        if (Thread.currentThread().isInterrupted()) {
          throw new CancellationException("Interrupted in round " + (round + 1) + ".");
        }
        List<S> some = new ArrayList<>();
        for (int i = from; i < Math.min(samples.size(), from + minibatch); i++) {
          some.add(samples.get(shuffle.at((long) epoch * samples.size() + i)));
        }
        each.take(some, batch(some.stream().map(row).toList()));
      }
    }
  }

  /** What is done with a minibatch. */
  @FunctionalInterface
  interface Step<S> {
    void take(List<S> samples, Batch batch);
  }

  /** For each row the policy's log-probabilities of its counted tokens, as they are now. */
  double[][] logProbabilities(Batch batch) {
    return logProbabilities(step.evaluator(), batch);
  }

  private static double[][] logProbabilities(LanguageModel model, Batch batch) {
    float[] surprises = surprises(model, batch);
    return counted(batch, i -> -surprises[i]);
  }

  /** A step on a loss with these derivatives by the log-probability of each counted token. */
  void step(Batch batch, double[][] slopes) {
    float[] weights = new float[batch.tokens()];
    int[] seen = new int[batch.size()];
    for (int i = 0; i < weights.length; i++) {
      if (batch.counts(i)) {
        int row = i / batch.time();
        // A surprise is minus a logarithm of a probability.
        weights[i] = (float) -slopes[row][seen[row]++];
      }
    }
    step.take(List.of(batch.withWeights(weights)), learningRate, 0);
  }

  /**
   * The derivative of minus the clipped objective, min(ratio advantage, clipped ratio advantage),
   * by the new log-probability.
   */
  static double slope(double now, double old, double advantage, double clip) {
    return ended(now, old, advantage, clip) ? 0 : -advantage * Math.exp(now - old);
  }

  /** Whether the clipped objective is flat there: a token has gone as far as it may in a round. */
  static boolean ended(double now, double old, double advantage, double clip) {
    double ratio = Math.exp(now - old);
    return advantage > 0 ? ratio > 1 + clip : advantage < 0 && ratio < 1 - clip;
  }

  static float[] surprises(LanguageModel model, Batch batch) {
    try (TensorScope scope = TensorScope.open(model.parameters().manager())) {
      return model
          .surprises(batch.inputs(scope.manager()), batch.targets(scope.manager()))
          .toFloatArray();
    }
  }

  /** For each row the values at its counted tokens, of which each has a place in the batch. */
  static double[][] counted(Batch batch, IntToDoubleFunction value) {
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

  /** Closes the optimizer; the models stay open. */
  @Override
  public void close() {
    step.close();
    script.ifPresent(ScriptedModel::close);
  }
}
