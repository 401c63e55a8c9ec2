package grounds.finetune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.finetune.PreferenceLoss.ConservativeDpo;
import grounds.finetune.PreferenceLoss.Dpo;
import grounds.finetune.PreferenceLoss.Ipo;
import grounds.finetune.PreferenceLoss.Orpo;
import grounds.finetune.PreferenceLoss.Pair;
import grounds.finetune.PreferenceLoss.Value;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PreferenceLossTest {

  private static final double[] CHOSEN = {-12, -8.5, -20.25, -3};
  private static final double[] REJECTED = {-14, -8, -18, -3};
  private static final double[] REFERENCE_CHOSEN = {-12.5, -9, -19.75, -3.5};
  private static final double[] REFERENCE_REJECTED = {-13, -9.5, -18.5, -3.5};

  private static Pair pair(int i) {
    return new Pair(
        CHOSEN[i], REJECTED[i], REFERENCE_CHOSEN[i], REFERENCE_REJECTED[i], 5 + i, 9 - i);
  }

  private static void assertLosses(PreferenceLoss loss, double... expected) {
    for (int i = 0; i < 4; i++) {
      assertEquals(expected[i], loss.of(pair(i)).loss(), 1e-8);
    }
  }

  /** Values of an independent implementation in Python. */
  @Test
  void referenceValues() {
    assertLosses(new Dpo(0.1), 0.62095705, 0.74439666, 0.74439666, 0.69314718);
    assertLosses(new Dpo(0.5), 0.38687101, 0.97407698, 0.97407698, 0.69314718);
    assertLosses(new ConservativeDpo(0.1, 0.1), 0.63595705, 0.73439666, 0.73439666, 0.69314718);
  }

  @Test
  void whereThePolicyIsTheReference() {
    Pair same = new Pair(-7, -9, -7, -9, 3, 4);
    assertEquals(Math.log(2), new Dpo(0.3).of(same).loss(), 1e-12);
    assertEquals(0.25 / 0.09, new Ipo(0.3).of(same).loss(), 1e-12);
    assertEquals(0, new Ipo(0.5).of(new Pair(-6.5, -9.5, -7, -9, 3, 4)).loss(), 1e-12);
  }

  /** By hand: answers of two and of one token, each with probability 1/2 and 1/5 a token. */
  @Test
  void oddsRatioByHand() {
    Pair pair = new Pair(2 * Math.log(0.5), Math.log(0.2), 0, 0, 2, 1);
    // Odds 1 and 1/4: minus log sigma(log 4) is log(5/4).
    assertEquals(Math.log(2) + 0.1 * Math.log(1.25), new Orpo(0.1).of(pair).loss(), 1e-12);
  }

  static List<PreferenceLoss> all() {
    return List.of(new Dpo(0.1), new ConservativeDpo(0.4, 0.2), new Ipo(0.2), new Orpo(0.3));
  }

  @ParameterizedTest
  @MethodSource("all")
  void derivativesAreThoseOfTheLoss(PreferenceLoss loss) {
    double h = 1e-5;
    for (int i = 0; i < 4; i++) {
      Pair p = pair(i);
      Value value = loss.of(p);
      double byChosen =
          (loss.of(moved(p, h, 0)).loss() - loss.of(moved(p, -h, 0)).loss()) / (2 * h);
      double byRejected =
          (loss.of(moved(p, 0, h)).loss() - loss.of(moved(p, 0, -h)).loss()) / (2 * h);
      assertEquals(byChosen, value.byChosen(), 1e-7);
      assertEquals(byRejected, value.byRejected(), 1e-7);
    }
  }

  private static Pair moved(Pair p, double chosen, double rejected) {
    return new Pair(
        p.policyChosen() + chosen,
        p.policyRejected() + rejected,
        p.referenceChosen(),
        p.referenceRejected(),
        p.chosenTokens(),
        p.rejectedTokens());
  }

  @Test
  void extremesStayFinite() {
    Pair far = new Pair(-1, -2000, -2000, -1, 3, 4);
    for (PreferenceLoss loss : all()) {
      assertTrue(Double.isFinite(loss.of(far).loss()), loss.toString());
      assertTrue(Double.isFinite(loss.of(far).byChosen()), loss.toString());
      assertTrue(Double.isFinite(loss.of(moved(far, -2000, 1990)).loss()), loss.toString());
    }
  }

  @Test
  void badDialsAreNamed() {
    assertThrows(IllegalArgumentException.class, () -> new Dpo(0));
    assertThrows(IllegalArgumentException.class, () -> new ConservativeDpo(0.1, 0.5));
    assertThrows(IllegalArgumentException.class, () -> new Ipo(Double.NaN));
    String message = assertThrows(IllegalArgumentException.class, () -> new Orpo(-1)).getMessage();
    assertTrue(message.contains("lambda above 0, got -1"), message);
  }
}
