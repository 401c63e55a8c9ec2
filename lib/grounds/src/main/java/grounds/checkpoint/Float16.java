package grounds.checkpoint;

/** The half-precision numbers of IEEE 754; Java itself converts them from version 20 on. */
final class Float16 {

  /** From here on the nearest is infinity. */
  private static final float OVERFLOW = 65520;

  /** Below this the fraction has no hidden one, and steps are all as large. */
  private static final float SMALLEST_NORMAL = 0x1p-14f;

  private Float16() {}

  /** The nearest half-precision number; between two neighbours the even one. */
  static short of(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    float size = Math.abs(value);
    if (Float.isNaN(value)) {
      return (short) (sign | 0x7E00 | bits >>> 13 & 0x3FF);
    }
    if (size >= OVERFLOW) {
      return (short) (sign | 0x7C00);
    }
    if (size < SMALLEST_NORMAL) {
      return (short) (sign | (int) Math.rint(Math.scalb((double) size, 24)));
    }
    // Drop 13 bits of the fraction; what is carried over raises the exponent, as it should.
    int magnitude = bits & 0x7FFFFFFF;
    int rounded = magnitude + 0xFFF + (magnitude >>> 13 & 1) >>> 13;
    return (short) (sign | rounded - (127 - 15 << 10));
  }

  static float toFloat(short half) {
    int exponent = half >> 10 & 0x1F;
    int fraction = half & 0x3FF;
    float size;
    if (exponent == 0) {
      size = Math.scalb((float) fraction, -24);
    } else if (exponent == 0x1F) {
      size = fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
    } else {
      size = Math.scalb(1024f + fraction, exponent - 25);
    }
    return half < 0 ? -size : size;
  }
}
