package grounds.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PowerLawFitTest {

  private static final PowerLaw KAPLAN = new PowerLaw(0, Math.pow(8.8e13, 0.076), -0.076);

  private static double[] places(int count, double low, double high) {
    return IntStream.range(0, count)
        .mapToDouble(i -> low * Math.pow(high / low, i / (count - 1.0)))
        .toArray();
  }

  private static double[] values(PowerLaw law, double[] x, double noise, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return Arrays.stream(x).map(v -> law.at(v) * Math.exp(noise * random.nextGaussian())).toArray();
  }

  @Test
  void recoversALine() {
    double[] x = places(9, 1e6, 1e9);
    PowerLawFit fit = PowerLawFit.of(x, values(KAPLAN, x, 0, 1));
    assertEquals(-0.076, fit.law().exponent(), 1e-9);
    assertEquals(1, fit.law().coefficient() / KAPLAN.coefficient(), 1e-7);
    assertEquals(0, fit.law().offset());
    assertEquals(1, fit.rSquared(), 1e-12);
    assertEquals(1e8, fit.law().inverse(fit.law().at(1e8)), 1);
  }

  @Test
  void recoversAnOffset() {
    PowerLaw law = new PowerLaw(1.7, 400, -0.34);
    double[] x = places(12, 1e5, 1e9);
    PowerLawFit fit = PowerLawFit.withOffset(x, values(law, x, 0, 1));
    assertEquals(1.7, fit.law().offset(), 1e-6);
    assertEquals(-0.34, fit.law().exponent(), 1e-6);
    assertThrows(IllegalArgumentException.class, () -> fit.law().inverse(1.6));
  }

  /** One wild run among twenty does not turn the line. */
  @Test
  void oneWildRunDoesNotDecide() {
    double[] x = places(20, 1e6, 1e9);
    double[] y = values(KAPLAN, x, 0.002, 3);
    y[19] *= 2;
    assertEquals(-0.076, PowerLawFit.of(x, y).law().exponent(), 0.004);
  }

  /** An interval of 95% misses five times in a hundred; ten is the limit. */
  @Test
  void theIntervalHoldsTheExponent() {
    double[] x = places(20, 1e6, 1e9);
    int inside = 0;
    for (int seed = 0; seed < 100; seed++) {
      PowerLawFit fit = PowerLawFit.of(x, values(KAPLAN, x, 0.01, seed));
      inside += fit.intervals(200, seed).exponent().contains(-0.076) ? 1 : 0;
    }
    assertTrue(inside >= 90, inside + " of 100");
  }

  @Test
  void fitsAFewPointsThatLieFarFromTheLaw() {
    // Bottoms of our own valleys: the loss has a kink at its lowest, where the optimizer gives up.
    double[] flops = {3.001188189696e11, 9.9990375168e11, 2.9998941861888e12, 9.999796127424e12};
    double[] tokens = {3761271.5730256853, 4903671.983646739, 6874585.7541652, 7541652.292453483};
    assertEquals(0.1984, PowerLawFit.of(flops, tokens).law().exponent(), 1e-4);
  }

  @Test
  void saysWhenAPredictionDeservesDoubt() {
    double[] wide = places(9, 1e6, 1e9);
    PowerLawFit good = PowerLawFit.of(wide, values(KAPLAN, wide, 0, 1));
    assertFalse(good.warning(5e9).isPresent());
    assertTrue(good.warning(1e12).orElseThrow().contains("3.0 decades beyond"));
    double[] narrow = places(9, 1e6, 2e6);
    assertTrue(
        PowerLawFit.of(narrow, values(KAPLAN, narrow, 0, 1))
            .warning(2e6)
            .orElseThrow()
            .contains("span 0.3 decades"));
    assertTrue(
        PowerLawFit.of(wide, values(KAPLAN, wide, 0.5, 1))
            .warning(1e9)
            .orElseThrow()
            .contains("explains"));
  }

  @Test
  void refusesWhatCannotBeFitted() {
    double[] three = {1, 2, 3};
    assertThrows(IllegalArgumentException.class, () -> PowerLawFit.of(three, new double[] {1, 2}));
    assertThrows(
        IllegalArgumentException.class, () -> PowerLawFit.of(three, new double[] {1, 0, 2}));
    assertThrows(
        IllegalArgumentException.class,
        () -> PowerLawFit.of(new double[] {5, 5, 5}, new double[] {1, 2, 3}));
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> PowerLawFit.withOffset(new double[] {1, 2}, new double[] {1, 2}))
            .getMessage();
    assertTrue(message.contains("3 or more"), message);
  }

  /**
   * Steps are whole, so runs of one budget differ a little; wherever it lies they are one valley.
   */
  @Test
  void budgetsThatDifferALittleAreOneValley() {
    ParametricLaw law = ParametricLaw.HOFFMANN;
    for (double budget = 1e19; budget < 1.3e19; budget *= 1.01) {
      List<ScalingPoint> points = new ArrayList<>();
      for (double flops : new double[] {budget, 3 * budget}) {
        double best = law.optimum(flops).parameters();
        for (double factor : new double[] {0.5, 0.7, 1, 1.4, 2}) {
          double tokens = flops * (0.99 + factor / 100) / 6 / (best * factor);
          points.add(ScalingPoint.of(best * factor, tokens, law.loss(best * factor, tokens)));
        }
      }
      assertEquals(2, IsoFlop.of(points).valleys().size());
    }
  }

  /** Valleys drawn from the law have their bottoms where the law says. */
  @Test
  void isoFlopFindsTheOptimum() {
    ParametricLaw law = ParametricLaw.HOFFMANN;
    List<ScalingPoint> points = new ArrayList<>();
    for (double flops : new double[] {1e19, 1e20, 1e21}) {
      double best = law.optimum(flops).parameters();
      for (double factor : new double[] {0.5, 0.7, 1, 1.4, 2}) {
        double parameters = best * factor;
        double tokens = flops / 6 / parameters;
        points.add(ScalingPoint.of(parameters, tokens, law.loss(parameters, tokens)));
      }
    }
    IsoFlop valleys = IsoFlop.of(points);
    assertEquals(3, valleys.valleys().size());
    for (IsoFlop.Valley valley : valleys.valleys()) {
      assertEquals(1, valley.parameters() / law.optimum(valley.flops()).parameters(), 0.02);
      assertTrue(valley.isInside());
      assertEquals(valley.loss(), valley.at(valley.parameters()), 1e-12);
    }
    assertEquals(law.parameterExponent(), valleys.parameters().law().exponent(), 0.005);
    assertEquals(1 - law.parameterExponent(), valleys.tokens().law().exponent(), 0.005);
    assertThrows(IllegalArgumentException.class, () -> IsoFlop.of(points.subList(0, 5)));
    assertThrows(IllegalArgumentException.class, () -> IsoFlop.of(points.subList(0, 7)));
  }

  /** Curves of many sizes: the lowest at each budget is the size that the law calls best. */
  @Test
  void theEnvelopeFindsTheOptimum() {
    ParametricLaw law = ParametricLaw.HOFFMANN;
    List<List<ScalingPoint>> curves = new ArrayList<>();
    for (double parameters : places(60, 1e7, 1e10)) {
      List<ScalingPoint> curve = new ArrayList<>();
      for (double tokens : places(60, 1e8, 1e12)) {
        curve.add(ScalingPoint.of(parameters, tokens, law.loss(parameters, tokens)));
      }
      curves.add(curve);
    }
    List<List<ScalingPoint>> inRange =
        curves.stream()
            .map(c -> c.stream().filter(p -> p.flops() > 1e18 && p.flops() < 1e21).toList())
            .filter(c -> c.size() > 1)
            .toList();
    Envelope envelope = Envelope.of(inRange, 40);
    assertEquals(law.parameterExponent(), envelope.parameters().law().exponent(), 0.03);
    assertTrue(envelope.loss().law().exponent() < 0);
    assertThrows(IllegalArgumentException.class, () -> Envelope.of(inRange, 1));
    assertThrows(IllegalArgumentException.class, () -> Envelope.of(List.of(), 10));
  }
}
