package grounds.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ParametricFitTest {

  private static final int SEEDS = 100;

  /** 240 runs on a grid of 16 sizes and 15 lengths, as many as Hoffmann et al. had usable. */
  static List<ScalingPoint> drawn(ParametricLaw law, double noise, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<ScalingPoint> points = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      for (int j = 0; j < 15; j++) {
        double parameters = 5e7 * Math.pow(320, i / 15.0);
        double tokens = 1e9 * Math.pow(500, j / 14.0);
        double loss = law.loss(parameters, tokens) * Math.exp(noise * random.nextGaussian());
        points.add(ScalingPoint.of(parameters, tokens, loss));
      }
    }
    return points;
  }

  private static double[] coefficients(ParametricLaw law) {
    return new double[] {law.irreducible(), law.a(), law.b(), law.alpha(), law.beta()};
  }

  @Test
  void recoversThePublishedConstants() {
    ParametricFit fit = ParametricFit.of(drawn(ParametricLaw.HOFFMANN, 0, 1));
    double[] wanted = coefficients(ParametricLaw.HOFFMANN);
    double[] found = coefficients(fit.law());
    for (int i = 0; i < wanted.length; i++) {
      assertEquals(1, found[i] / wanted[i], 1e-4, Arrays.toString(found));
    }
    assertEquals(1, fit.rSquared(), 1e-9);
  }

  /** An interval of 95% misses five times in a hundred; ten is the limit. */
  @Test
  void theIntervalsHoldTheTruth() {
    double[] wanted = coefficients(ParametricLaw.HOFFMANN);
    int[] inside = new int[wanted.length];
    for (int seed = 0; seed < SEEDS; seed++) {
      ParametricFit.Intervals i =
          ParametricFit.of(drawn(ParametricLaw.HOFFMANN, 0.01, seed)).intervals(100, seed);
      Interval[] all = {i.irreducible(), i.a(), i.b(), i.alpha(), i.beta()};
      for (int j = 0; j < all.length; j++) {
        inside[j] += all[j].contains(wanted[j]) ? 1 : 0;
      }
    }
    assertTrue(Arrays.stream(inside).allMatch(n -> n >= 90), Arrays.toString(inside));
  }

  /** What rounding a few constants does to a plan for 5.76e23 operations, Chinchilla's budget. */
  @Test
  void roundingMovesTheOptimum() {
    assertEquals(58.932, ParametricLaw.HOFFMANN.optimum(5.76e23).tokensPerParameter(), 1e-3);
    assertEquals(
        92.647, ParametricLaw.HOFFMANN_ROUNDED.optimum(5.76e23).tokensPerParameter(), 1e-3);
  }

  /** At the optimum neither a larger nor a smaller model is better. */
  @Test
  void theOptimumIsOne() {
    ParametricLaw law = ParametricLaw.HOFFMANN;
    ParametricLaw.Optimum best = law.optimum(1e21);
    assertEquals(1e21, 6 * best.parameters() * best.tokens(), 1e12);
    for (double factor : new double[] {0.9, 1.1}) {
      assertTrue(law.loss(best.parameters() * factor, best.tokens() / factor) > best.loss());
    }
    double larger = law.optimum(1e23).parameters();
    assertEquals(law.parameterExponent(), Math.log10(larger / best.parameters()) / 2, 1e-9);
  }

  @Test
  void refusesWhatCannotBeFitted() {
    List<ScalingPoint> points = drawn(ParametricLaw.HOFFMANN, 0, 1);
    String few =
        assertThrows(IllegalArgumentException.class, () -> ParametricFit.of(points.subList(0, 4)))
            .getMessage();
    assertTrue(few.contains("5 or more") && few.contains("got 4"), few);
    String oneSize =
        assertThrows(IllegalArgumentException.class, () -> ParametricFit.of(points.subList(0, 15)))
            .getMessage();
    assertTrue(oneSize.contains("cannot be told apart"), oneSize);
    String loss =
        assertThrows(IllegalArgumentException.class, () -> ScalingPoint.of(1e6, 1e6, -1))
            .getMessage();
    assertTrue(loss.contains("loss above 0") && loss.contains("-1"), loss);
    assertThrows(IllegalArgumentException.class, () -> ScalingPoint.of(1e6, 1e6, Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> ParametricFit.of(points).intervals(10, 1));
  }
}
