package grounds.generation;

/**
 * What a generator added to a prompt.
 *
 * @param text the new text, without the stop token or string that ended it
 * @param ids the new tokens, those that ended it among them
 * @param logProbabilities for each new token the logarithm of the probability that the model gave
 *     it, before any change of scores, in nats
 * @param reason why there are no more
 */
public record Continuation(String text, int[] ids, double[] logProbabilities, Reason reason) {

  /** Why a text ends. */
  public enum Reason {
    /** It has as many new tokens as were asked for. */
    LENGTH,
    /** The model wrote a stop token. */
    STOP_TOKEN,
    /** The model wrote a stop string. */
    STOP_STRING
  }

  public Continuation {
    ids = ids.clone();
    logProbabilities = logProbabilities.clone();
  }

  @Override
  public int[] ids() {
    return ids.clone();
  }

  @Override
  public double[] logProbabilities() {
    return logProbabilities.clone();
  }

  /** The logarithm of the probability of all new tokens, one after the other. */
  public double logProbability() {
    double sum = 0;
    for (double each : logProbabilities) {
      sum += each;
    }
    return sum;
  }
}
