package grounds.finetune;

/**
 * An answer that a policy drew, and what it was worth.
 *
 * @param reward what the reward said
 * @param divergence how much more probable it is to the policy than to the reference, in nats; its
 *     mean over answers estimates the Kullback-Leibler divergence of the two
 */
public record ScoredAnswer(String prompt, String text, double reward, double divergence) {}
