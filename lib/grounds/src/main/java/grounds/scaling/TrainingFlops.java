package grounds.scaling;

import grounds.model.DecoderConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * How many floating-point operations a model costs. A product of matrices [n, k] and [k, m] counts
 * 2 n k m: a multiplication and an addition for each term.
 */
public final class TrainingFlops {

  private static final String UNIT = "FLOPs";

  /** Operations for a number, by the plain formulas; a transcendental function counts as one. */
  private static final int NORM = 7;

  private static final int SOFTMAX = 4;
  private static final int ACTIVATION = 8;

  private TrainingFlops() {}

  /**
   * The forward pass over one sequence as nanoGPT counts it: matrix products alone, attention over
   * the whole square of scores, of which a causal mask then throws half away. (Karpathy's
   * transformer_sizing; PaLM's appendix B counts so too.)
   */
  public static Term forwardOfMatrices(DecoderConfig config, int time) {
    return forward(Anatomy.of(config), requireTime(config, time), false);
  }

  /**
   * The forward pass over one sequence, operation by operation: attention looks at what the mask
   * leaves (T(T+1)/2 scores a head), and norms, softmax, activations, biases and sums count too.
   *
   * @param time tokens of the sequence
   */
  public static Term forward(DecoderConfig config, int time) {
    return forward(Anatomy.of(config), requireTime(config, time), true);
  }

  private static long requireTime(DecoderConfig config, int time) {
    config.requireFits(time);
    return time;
  }

  private static Term forward(Anatomy a, long t, boolean exact) {
    long c = a.channels();
    double scores = exact ? t * (t + 1) / 2.0 : (double) t * t;
    String square = exact ? "T(T+1)/2" : "T²";
    List<Term> attention = new ArrayList<>();
    attention.add(
        product(
            "query, key, value",
            2.0 * t * c * (c + 2 * a.keyValueChannels()),
            a.keyValueChannels() == c ? "2 T C 3 C" : "2 T C (C + 2 K)"));
    attention.add(product("scores", 2 * scores * c, "2 " + square + " C"));
    if (exact) {
      attention.add(product("softmax", (SOFTMAX + 1) * scores * a.heads(), "5 " + square + " H"));
    }
    attention.add(product("mixture of values", 2 * scores * c, "2 " + square + " C"));
    attention.add(product("output", 2.0 * t * c * c, "2 T C²"));
    List<Term> feedForward = new ArrayList<>();
    feedForward.add(
        product(
            "matrices",
            2.0 * t * c * a.hidden() * a.feedForwardMatrices(),
            a.gated() ? "3 × 2 T C F" : "2 × 2 T C F"));
    if (exact) {
      feedForward.add(product("activation", (double) ACTIVATION * t * a.hidden(), "8 T F"));
    }
    List<Term> block = new ArrayList<>();
    block.add(Term.sum("attention", attention));
    block.add(Term.sum("feed-forward", feedForward));
    if (exact) {
      block.add(product("norms", 2.0 * NORM * t * c, "2 × 7 T C"));
      block.add(product("sums with the stream", 2.0 * t * c, "2 T C"));
      if (a.bias()) {
        long biases = 3 * c + c + a.hidden() + c;
        block.add(product("biases", (double) t * biases, "T (5 C + F)"));
      }
    }
    List<Term> all = new ArrayList<>();
    all.add(Term.sum("block", block).times(a.layers(), "blocks"));
    if (exact) {
      all.add(product("last norm", (double) NORM * t * c, "7 T C"));
    }
    all.add(product("head", 2.0 * t * c * a.vocabulary(), "2 T C V"));
    return Term.sum("forward pass", all);
  }

  private static Term product(String name, double value, String how) {
    return Term.of(name, value, UNIT, how);
  }

  /**
   * Training on so many tokens in full contexts: forward, and twice as much backward, since each
   * product has a gradient for either factor.
   */
  public static Term training(DecoderConfig config, double tokens) {
    requireTokens(tokens);
    Term forward = forward(config, config.contextLength());
    double sequences = tokens / config.contextLength();
    return Term.sum(
        "training", forward.times(sequences, "forward"), forward.times(2 * sequences, "backward"));
  }

  /**
   * The rule of thumb 6 N D: each parameter takes a multiplication and an addition a token, thrice
   * (Kaplan et al. 2020). Attention's look at the other tokens is left out.
   *
   * @param parameters those without embeddings (Kaplan), or all (Hoffmann et al. 2022)
   */
  public static double sixNd(double parameters, double tokens) {
    requireTokens(tokens);
    return 6 * parameters * tokens;
  }

  /** How far the rule of thumb with all parameters lies from the count, as a share of the count. */
  public static double sixNdError(DecoderConfig config) {
    double tokens = config.contextLength();
    double counted = training(config, tokens).value();
    return (sixNd(ParameterCount.of(config).value(), tokens) - counted) / counted;
  }

  private static void requireTokens(double tokens) {
    if (!(tokens >= 1) || Double.isInfinite(tokens)) {
      throw new IllegalArgumentException("Wanted 1 or more tokens, got " + tokens + ".");
    }
  }
}
