package grounds.tensor;

import java.util.SplittableRandom;

/**
 * Random streams derived from one seed. The stream for a purpose, or for the n-th step, depends on
 * the seed and that name or number alone; so there is no generator state to save, and a resumed run
 * draws what the uninterrupted one would have drawn.
 */
public final class Seeds {

  private Seeds() {}

  /** A seed for the given purpose, as far from the parent's stream as a good hash can take it. */
  public static long derive(long seed, String purpose) {
    long hash = seed;
    for (int i = 0; i < purpose.length(); i++) {
      hash = mix(hash ^ purpose.charAt(i));
    }
    return mix(hash ^ purpose.length());
  }

  /** A seed for the n-th of a sequence of draws. */
  public static long derive(long seed, long n) {
    return mix(mix(seed) + 0x9E3779B97F4A7C15L * (n + 1));
  }

  /** A generator for the given seed. */
  public static SplittableRandom random(long seed) {
    return new SplittableRandom(seed);
  }

  /** The finaliser of SplitMix64 (Steele, Lea and Flood 2014). */
  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
