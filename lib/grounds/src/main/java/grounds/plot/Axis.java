package grounds.plot;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One numeric axis: the range it shows, whether it is logarithmic, and its ticks.
 *
 * @param min value at the left or bottom end
 * @param max value at the right or top end
 * @param log whether equal distances are equal ratios
 * @param ticks labelled values, in order
 */
record Axis(double min, double max, boolean log, List<Tick> ticks) {

  /** A value on an axis and what is written beside it. */
  record Tick(double value, String label) {}

  /** Share of the range left free beside the data where the range is not given by the caller. */
  private static final double MARGIN = 0.04;

  /**
   * An axis that shows the data from lo to hi, with room beside them.
   *
   * @param ticks about how many ticks fit
   */
  static Axis around(double lo, double hi, boolean log, boolean margin, int ticks) {
    double from = log ? Math.log10(lo) : lo;
    double to = log ? Math.log10(hi) : hi;
    if (from == to) {
      double half = log || from == 0 ? 0.5 : Math.abs(from) * 0.1;
      from -= half;
      to += half;
    } else if (margin) {
      double room = (to - from) * MARGIN;
      // Quantities that are never negative do not get a negative stretch of axis.
      from = !log && lo >= 0 && from - room < 0 ? 0 : from - room;
      to += room;
    }
    return log
        ? exactly(Math.pow(10, from), Math.pow(10, to), true, ticks)
        : exactly(from, to, false, ticks);
  }

  /** An axis that shows exactly this range. */
  static Axis exactly(double min, double max, boolean log, int ticks) {
    return new Axis(min, max, log, log ? logTicks(min, max, ticks) : linearTicks(min, max, ticks));
  }

  /**
   * The same axis with a tick at each of the values, where these are a few powers of two, as
   * context lengths and widths often are.
   */
  Axis withPowersOfTwo(double[] values, int most) {
    double[] distinct = Arrays.stream(values).distinct().sorted().toArray();
    boolean powers =
        Arrays.stream(distinct)
            .allMatch(v -> v >= 1 && v < 1L << 40 && Long.bitCount((long) v) == 1 && v == (long) v);
    if (!powers || distinct.length < 3 || distinct.length > most) {
      return this;
    }
    return new Axis(
        min,
        max,
        log,
        Arrays.stream(distinct).mapToObj(v -> new Tick(v, Numbers.fixed(v, 0))).toList());
  }

  /** Where the value lies: 0 at the low end, 1 at the high end. */
  double position(double value) {
    return (scaled(value) - scaled(min)) / (scaled(max) - scaled(min));
  }

  /** The value on the straight scale that is drawn: its logarithm on a logarithmic axis. */
  double scaled(double value) {
    return log ? Math.log10(value) : value;
  }

  private static List<Tick> linearTicks(double min, double max, int wanted) {
    double rough = (max - min) / Math.max(1, wanted);
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double factor = rough / power;
    double step = power * (factor < 1.42 ? 1 : factor < 3.17 ? 2 : factor < 7.08 ? 5 : 10);
    int decimals = (int) Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    boolean scientific = decimals > 5 || Math.max(Math.abs(min), Math.abs(max)) >= 1e9;
    List<Tick> ticks = new ArrayList<>();
    for (long i = (long) Math.ceil(min / step - 1e-9); i <= max / step + 1e-9; i++) {
      double value = i * step;
      String label =
          i == 0 ? "0" : scientific ? Numbers.scientific(value, 2) : Numbers.fixed(value, decimals);
      ticks.add(new Tick(value, label));
    }
    return List.copyOf(ticks);
  }

  private static List<Tick> logTicks(double min, double max, int wanted) {
    double decades = Math.log10(max / min);
    if (decades < 0.7) {
      return linearTicks(min, max, wanted);
    }
    int[] multiples = decades < 2.2 && wanted >= 3 * decades ? new int[] {1, 2, 5} : new int[] {1};
    int every = (int) Math.max(1, Math.ceil(decades / Math.max(1, wanted)));
    List<Tick> ticks = new ArrayList<>();
    for (int e = (int) Math.floor(Math.log10(min)); e <= Math.ceil(Math.log10(max)); e++) {
      for (int multiple : multiples) {
        double value = multiple * Math.pow(10, e);
        if (Math.floorMod(e, every) == 0
            && value >= min * (1 - 1e-9)
            && value <= max * (1 + 1e-9)) {
          boolean plain = max < 1e6 && min >= 1e-4;
          ticks.add(
              new Tick(value, plain ? Numbers.figure(value, 6) : Numbers.scientific(value, 1)));
        }
      }
    }
    return ticks.size() < 2 ? linearTicks(min, max, wanted) : List.copyOf(ticks);
  }
}
