package grounds.scaling;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/** What the runs of a store say, as text: a row each, and every law that they can carry. */
public final class SweepReport {

  private static final int RESAMPLES = 200;
  private static final int BUDGETS = 20;

  private SweepReport() {}

  /** The report; of an empty store one line. */
  public static String of(RunStore store) {
    List<RunRecord> runs = store.runs();
    if (runs.isEmpty()) {
      return "No run has ended yet in " + store.folder() + ".\n";
    }
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%-16s %6s %8s %7s %10s %10s %10s %9s %8s%n",
            "run",
            "layers",
            "channels",
            "steps",
            "N",
            "D",
            "FLOPs",
            "loss",
            "seconds"));
    runs.stream()
        .sorted(Comparator.comparingDouble(r -> r.config().flops()))
        .forEach(row -> text.append(row(row)));
    List<ScalingPoint> points = store.points();
    text.append('\n');
    text.append(line("loss by the envelope", () -> envelope(Envelope.of(store.curves(), BUDGETS))));
    text.append(line("isoFLOP valleys", () -> valleys(IsoFlop.of(points))));
    text.append(line("L(N, D)", () -> parametric(ParametricFit.of(points))));
    return text.toString();
  }

  private static String row(RunRecord row) {
    RunConfig c = row.config();
    return String.format(
        Locale.ROOT,
        "%-16s %6d %8d %7d %10.3g %10.3g %10.3g %9s %8s%n",
        row.id(),
        c.model().layers(),
        c.model().channels(),
        c.steps(),
        c.parameters(),
        c.tokens(),
        c.flops(),
        row.result()
            .map(r -> String.format(Locale.ROOT, "%.4f", r.validationLoss()))
            .orElse("failed"),
        row.result().map(r -> String.format(Locale.ROOT, "%.0f", r.seconds())).orElse(""));
  }

  /** A law, or why these runs do not carry it. */
  private static String line(String name, Supplier<String> fit) {
    try {
      return name + ": " + fit.get() + "\n";
    } catch (IllegalArgumentException e) {
      return name + ": not yet. " + e.getMessage() + "\n";
    }
  }

  private static String envelope(Envelope envelope) {
    PowerLaw law = envelope.loss().law();
    return String.format(
        Locale.ROOT,
        "L(C) = %.3g C^%.4f, exponent %s, R² %.4f",
        law.coefficient(),
        law.exponent(),
        envelope.loss().intervals(RESAMPLES, 1).exponent(),
        envelope.loss().rSquared());
  }

  private static String valleys(IsoFlop valleys) {
    List<String> bottoms = new ArrayList<>();
    for (IsoFlop.Valley valley : valleys.valleys()) {
      bottoms.add(
          String.format(
              Locale.ROOT,
              "%.2g FLOPs: N %.3g%s, D/N %.0f",
              valley.flops(),
              valley.parameters(),
              valley.isInside() ? "" : " (outside the sizes tried)",
              valley.tokens() / valley.parameters()));
    }
    return String.join("; ", bottoms)
        + String.format(
            Locale.ROOT,
            ". N grows as C^%.2f, D as C^%.2f",
            valleys.parameters().law().exponent(),
            valleys.tokens().law().exponent());
  }

  private static String parametric(ParametricFit fit) {
    ParametricLaw law = fit.law();
    return String.format(
        Locale.ROOT,
        "%.3f + %.3g / N^%.3f + %.3g / D^%.3f, R² %.4f",
        law.irreducible(),
        law.a(),
        law.alpha(),
        law.b(),
        law.beta(),
        fit.rSquared());
  }
}
