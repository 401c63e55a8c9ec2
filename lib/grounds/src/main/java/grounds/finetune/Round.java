package grounds.finetune;

import java.util.Arrays;
import java.util.List;

/**
 * A round of learning from own answers ({@link Ppo}, {@link Grpo}): what was measured before its
 * steps, and how far these went.
 *
 * @param answers what was written
 * @param entropy mean surprise of the policy at its own tokens, in nats
 * @param clipped share of tokens that the steps met after their gradient had ended
 */
public record Round(List<ScoredAnswer> answers, double entropy, double clipped) {

  public Round {
    answers = List.copyOf(answers);
  }

  /** The mean reward. */
  public double reward() {
    return answers.stream().mapToDouble(ScoredAnswer::reward).average().orElseThrow();
  }

  /** The standard deviation of the rewards. */
  public double rewardDeviation() {
    double mean = reward();
    return Math.sqrt(
        answers.stream()
            .mapToDouble(answer -> (answer.reward() - mean) * (answer.reward() - mean))
            .average()
            .orElseThrow());
  }

  /** The estimated distance to the reference, in nats an answer. */
  public double divergence() {
    return answers.stream().mapToDouble(ScoredAnswer::divergence).average().orElseThrow();
  }

  static Round of(List<Actor.Sample> samples, double clipped) {
    return new Round(
        samples.stream().map(Actor.Sample::answer).toList(),
        -samples.stream()
            .flatMapToDouble(sample -> Arrays.stream(sample.old()))
            .average()
            .orElseThrow(),
        clipped);
  }
}
