package grounds.plot;

import static grounds.plot.XyChartTest.assertMessage;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class GraphPictureTest {

  @Test
  void aChainGrowsToTheRightAndSiblingsDown() {
    Chart chain =
        GraphPicture.of("t")
            .node("a", "value 2.00")
            .node("b")
            .node("c")
            .node("d")
            .node("e")
            .edge("a", "b")
            .edge("b", "c")
            .edge("c", "d")
            .edge("d", "e")
            .chart();
    Chart fan =
        GraphPicture.of("t")
            .node("a", "value 2.00")
            .node("b")
            .node("c")
            .node("d")
            .node("e")
            .edge("a", "e")
            .edge("b", "e")
            .edge("c", "e")
            .edge("d", "e")
            .chart();
    assertTrue(chain.width() > fan.width(), chain.width() + " and " + fan.width());
    assertTrue(fan.height() > chain.height(), fan.height() + " and " + chain.height());
    assertTrue(Pixels.hasCleanEdge(chain) && Pixels.hasCleanEdge(fan));
    assertTrue(chain.description().contains("a (value 2.00) leads to b."), chain.description());
  }

  @Test
  void anArrowPastANodeTakesItsOwnWay() {
    Chart direct =
        GraphPicture.of("t")
            .node("x")
            .node("f")
            .node("add")
            .edge("x", "f")
            .edge("f", "add")
            .chart();
    Chart residual =
        GraphPicture.of("t")
            .node("x")
            .node("f")
            .node("add")
            .edge("x", "f")
            .edge("f", "add")
            .edge("x", "add")
            .chart();
    assertTrue(residual.height() > direct.height());
  }

  @Test
  void badInputSaysWhatIsWrong() {
    assertMessage("no node \"b\"", () -> GraphPicture.of("t").node("a").edge("a", "b"));
    assertMessage("already is a node", () -> GraphPicture.of("t").node("a").node("a"));
    assertMessage(
        "in a circle through a, b",
        () -> GraphPicture.of("t").node("a").node("b").edge("a", "b").edge("b", "a").chart());
    assertThrows(IllegalStateException.class, () -> GraphPicture.of("t").chart());
  }
}
