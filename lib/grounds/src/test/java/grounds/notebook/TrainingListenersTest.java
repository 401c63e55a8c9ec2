package grounds.notebook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.training.TrainingEvent;
import grounds.training.TrainingListener;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TrainingListenersTest {

  private static final int STEPS = 1000;

  /** A clock that only the test moves. */
  private long nanos = Long.MAX_VALUE - 5_000_000_000L;

  /** Steps from the one after {@code from} to {@code to}, 10 ms each, evaluated every 500. */
  private void train(TrainingListener listener, int from, int to) {
    for (int step = from + 1; step <= to; step++) {
      nanos += 10_000_000;
      double loss = 1 + 3.0 / step;
      listener.on(new TrainingEvent.Stepped(step, STEPS, loss, 1e-3, 1, 12_000 + step % 3));
      if (step % 500 == 0) {
        listener.on(new TrainingEvent.Evaluated(step, 1.9, 2 - step / 1000.0, true));
      }
    }
  }

  private void run(TrainingListener listener) {
    listener.on(new TrainingEvent.Started(0, STEPS, 1_803_840, 2048, "native step"));
    train(listener, 0, STEPS);
    listener.on(new TrainingEvent.Ended(STEPS, TrainingEvent.Outcome.FINISHED, 10));
  }

  @Test
  void theChartIsDrawnAtMostTwiceASecondAndAtTheEnd() {
    try (FakeFrontend page = FakeFrontend.open()) {
      LiveChart chart = new LiveChart("Loss", Page::frontend, () -> nanos);
      run(chart);
      assertEquals(1, page.updates().size(), "all under one display id");
      List<Output> drawn = page.updates().get(0);
      // 10 s of training: the first step, every half second, the end.
      assertEquals(21, drawn.size(), 1);
      Output last = drawn.get(drawn.size() - 1);
      assertEquals(chart.chart().description(), last.text());
      assertTrue(last.text().contains("validation: 2 points"), last.text());
      assertTrue(last.text().contains("best 1.000 at 1,000"), last.text());
      assertTrue(last.picture().isPresent());
    }
  }

  @Test
  void slowDrawingMakesRarerDrawing() {
    try (FakeFrontend page = FakeFrontend.open()) {
      // Each look at the clock while drawing costs 50 ms: 20 times that is 1 s between pictures.
      Page.Live live = new Page.Live(Page.frontend().orElseThrow(), () -> nanos += 50_000_000, 500);
      for (int i = 0; i < 200; i++) {
        live.offer(() -> Output.text("x"), false);
      }
      // 200 offers at 50 ms are 10 s.
      assertEquals(10, page.updates().get(0).size(), 1);
    }
  }

  @Test
  void aRunThatGoesOnKeepsItsCurveUnderANewId() {
    try (FakeFrontend page = FakeFrontend.open()) {
      LiveChart chart = new LiveChart("Loss", Page::frontend, () -> nanos);
      chart.on(new TrainingEvent.Started(0, STEPS, 1, 1, "native step"));
      train(chart, 0, 600);
      chart.on(new TrainingEvent.Ended(600, TrainingEvent.Outcome.STOPPED, 6));
      chart.on(new TrainingEvent.Started(500, STEPS, 1, 1, "native step"));
      train(chart, 500, STEPS);
      chart.on(new TrainingEvent.Ended(STEPS, TrainingEvent.Outcome.FINISHED, 5));
      assertEquals(2, page.updates().size());
      String text = chart.chart().description();
      assertTrue(text.contains("1,000 points, from 4 (at 1)"), text);
      chart.on(new TrainingEvent.Started(0, STEPS, 1, 1, "native step"));
      train(chart, 0, 10);
      assertTrue(chart.chart().description().contains("10 points"), chart.chart().description());
      assertFalse(chart.chart().description().contains("validation:"));
    }
  }

  @Test
  void aLossThatIsNotANumberIsAGapAndNoMore() {
    LiveChart chart = new LiveChart("Loss", () -> Optional.empty(), () -> nanos);
    chart.on(new TrainingEvent.Started(0, 3, 1, 1, "native step"));
    chart.on(new TrainingEvent.Stepped(1, 3, 2, 1, 1, 1));
    chart.on(new TrainingEvent.Stepped(2, 3, Double.NaN, 1, 1, 1));
    chart.on(new TrainingEvent.Stepped(3, 3, 2, 1, 1, 1));
    chart.on(new TrainingEvent.Ended(3, TrainingEvent.Outcome.FAILED, 1));
    String text = chart.chart().description();
    assertTrue(text.contains("from 2 (at 1) to 2 (at 3)"), text);
    assertTrue(text.contains("1 value is not a number"), text);
  }

  @Test
  void withNoKernelTheChartPrintsALineAtEachEvaluation() {
    String printed = Printed.by(() -> run(new LiveChart()));
    assertEquals(2, printed.lines().count(), printed);
    assertTrue(
        printed.startsWith(
            "step 500 of 1,000: training loss 1.9000, validation loss 1.5000, perplexity 4.482"),
        printed);
  }

  @Test
  void theBarShowsSpeedLossAndTimes() {
    try (FakeFrontend page = FakeFrontend.open()) {
      TrainingProgress progress = new TrainingProgress(Page::frontend, () -> nanos);
      progress.on(new TrainingEvent.Started(0, STEPS, 1, 1, "native step"));
      train(progress, 0, 501);
      nanos += 200_000_000;
      train(progress, 501, 502);
      List<Output> bars = page.updates().get(0);
      assertTrue(bars.size() <= 28, "5 s at 5 a second, but " + bars.size());
      String text = bars.get(bars.size() - 1).text();
      assertEquals(
          "[##########..........]  50% step 502 of 1,000 · 12,001 tokens/s · training loss 1.006"
              + " (perplexity 2.73) · validation loss 1.500 (perplexity 4.48) · 5 s left"
              + " · 5 s elapsed",
          text);
      assertTrue(bars.get(0).html().orElseThrow().contains("<progress max=\"100\" value=\"0.0\""));
      progress.on(new TrainingEvent.Ended(502, TrainingEvent.Outcome.STOPPED, 5));
      bars = page.updates().get(0);
      String last = bars.get(bars.size() - 1).text();
      assertTrue(last.contains("stopped, can go on · step 502"), last);
      assertTrue(last.contains(" · native step"), last);
    }
  }

  @Test
  void withNoKernelTheBarPrintsEveryTenth() {
    String printed =
        Printed.by(() -> run(new TrainingProgress(() -> Optional.empty(), () -> nanos)));
    // 0, 10, ... 100 percent, and the end.
    assertEquals(12, printed.lines().count(), printed);
    assertTrue(printed.contains("100% finished · step 1,000 of 1,000"), printed);
  }

  @Test
  void aBarOverAnyWorkEndsWithTheWhole() {
    try (FakeFrontend page = FakeFrontend.open()) {
      Progress.Bar bar = new Progress.Bar(Page.frontend(), () -> nanos);
      try (Progress merges = new Progress(200, "merges", bar)) {
        for (int i = 0; i < 200; i++) {
          nanos += 10_000_000;
          merges.advance();
        }
      }
      List<Output> bars = page.updates().get(0);
      assertTrue(bars.size() >= 10 && bars.size() <= 12, "2 s at 5 a second, but " + bars.size());
      assertEquals(
          "[####################] 100% 200 of 200 merges · 100 a second · 2 s elapsed",
          bars.get(bars.size() - 1).text());
    }
  }

  @Test
  void aBarClosedEarlySaysHowFarItCame() {
    String printed =
        Printed.by(
            () -> {
              try (Progress work = Progress.over(1000, "rows")) {
                work.advance(1);
                work.advance(41);
              }
            });
    assertTrue(printed.lines().reduce((a, b) -> b).orElseThrow().contains("42 of 1,000 rows"));
    assertThrows(IllegalArgumentException.class, () -> Progress.over(0, "rows"));
    assertThrows(IllegalArgumentException.class, () -> Progress.over(1, "rows").advance(-1));
  }

  @Test
  void theLogHasARowForEachEvaluation() {
    String printed = Printed.by(() -> run(new EvaluationLog()));
    List<String> lines = printed.lines().toList();
    assertEquals(3, lines.size(), printed);
    assertEquals("    step  training loss  validation loss  perplexity    tokens/s", lines.get(0));
    assertEquals(
        "     500         1.9000           1.5000       4.482      12,001  best", lines.get(1));
  }

  @Test
  void theHeadingOfTheLogComesWithItsFirstRow() {
    EvaluationLog log = new EvaluationLog();
    TrainingEvent start = new TrainingEvent.Started(0, 1000, 10, 64, "native step");
    TrainingEvent row = new TrainingEvent.Evaluated(500, 1.9, 1.5, true);
    assertEquals("", Printed.by(() -> log.on(start)));
    assertEquals(2, Printed.by(() -> log.on(row)).lines().count());
    assertEquals(1, Printed.by(() -> log.on(row)).lines().count());
    assertEquals("", Printed.by(() -> log.on(start)), "another run");
    assertEquals(2, Printed.by(() -> log.on(row)).lines().count());
  }

  @Test
  void smoothingStartsAtTheFirstValue() {
    Smoothed smoothed = new Smoothed(0.9);
    assertEquals(4.0, smoothed.add(4.0), 1e-12);
    // (0.9 * 0.1 * 4 + 0.1 * 2) / (0.9 * 0.1 + 0.1)
    assertEquals((0.09 * 4 + 0.1 * 2) / 0.19, smoothed.add(2.0), 1e-12);
    assertTrue(Double.isNaN(smoothed.add(Double.NaN)));
    assertTrue(smoothed.add(2.0) < (0.09 * 4 + 0.1 * 2) / 0.19, "and the average goes on");
    assertThrows(IllegalArgumentException.class, () -> new Smoothed(1));
  }
}
