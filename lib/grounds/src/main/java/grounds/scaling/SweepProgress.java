package grounds.scaling;

import java.util.Locale;
import java.util.OptionalDouble;

/**
 * How far a sweep is, whoever did the runs.
 *
 * @param finished runs with a result
 * @param failed runs that ended with an error
 * @param total runs of the sweep
 * @param secondsLeft for the rest at the speed of all who work on it, in operations a second; empty
 *     before a run has ended
 */
public record SweepProgress(int finished, int failed, int total, OptionalDouble secondsLeft) {

  @Override
  public String toString() {
    String left =
        secondsLeft.isEmpty()
            ? ""
            : secondsLeft.getAsDouble() >= 90
                ? String.format(
                    Locale.ROOT, ", about %.0f min left", secondsLeft.getAsDouble() / 60)
                : String.format(Locale.ROOT, ", about %.0f s left", secondsLeft.getAsDouble());
    return finished
        + " of "
        + total
        + " runs finished"
        + (failed > 0 ? ", " + failed + " failed" : "")
        + left;
  }
}
