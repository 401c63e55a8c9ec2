package grounds.checkpoint;

import ai.djl.ndarray.types.DataType;
import java.nio.ByteBuffer;
import java.util.Optional;

/** How a safetensors file writes one number: its name there, and its bytes, the lowest first. */
public enum TensorType {
  /** Float64. */
  F64(8, DataType.FLOAT64) {
    @Override
    double read(ByteBuffer bytes, int at) {
      return bytes.getDouble(at);
    }
  },
  /** Float32. */
  F32(4, DataType.FLOAT32) {
    @Override
    double read(ByteBuffer bytes, int at) {
      return bytes.getFloat(at);
    }

    @Override
    void write(ByteBuffer bytes, float value) {
      bytes.putFloat(value);
    }
  },
  /** Float16: 5 bits of exponent, 10 of fraction. */
  F16(2, DataType.FLOAT16) {
    @Override
    double read(ByteBuffer bytes, int at) {
      return Float16.toFloat(bytes.getShort(at));
    }

    @Override
    void write(ByteBuffer bytes, float value) {
      bytes.putShort(Float16.of(value));
    }
  },
  /** Bfloat16: the upper half of a float32. DJL's PyTorch cannot make such a tensor of bytes. */
  BF16(2, null) {
    @Override
    double read(ByteBuffer bytes, int at) {
      return Float.intBitsToFloat(bytes.getShort(at) << 16);
    }

    @Override
    void write(ByteBuffer bytes, float value) {
      bytes.putShort(upperHalf(value));
    }
  },
  /** Float8 with 5 bits of exponent: the upper half of a float16. */
  F8_E5M2(1, null) {
    @Override
    double read(ByteBuffer bytes, int at) {
      return Float16.toFloat((short) (bytes.get(at) << 8));
    }
  },
  /** Float8 with 4 bits of exponent, without infinities (Micikevicius et al. 2022). */
  F8_E4M3(1, null) {
    @Override
    double read(ByteBuffer bytes, int at) {
      int bits = bytes.get(at);
      int exponent = bits >> 3 & 0xF;
      int fraction = bits & 7;
      if ((bits & 0x7F) == 0x7F) {
        return Double.NaN;
      }
      double size =
          exponent == 0 ? Math.scalb(fraction, -9) : Math.scalb(8.0 + fraction, exponent - 10);
      return bits < 0 ? -size : size;
    }
  },
  /** 64 bits with a sign. */
  I64(8, null) {
    @Override
    double read(ByteBuffer bytes, int at) {
      return bytes.getLong(at);
    }

    @Override
    long readLong(ByteBuffer bytes, int at) {
      return bytes.getLong(at);
    }
  },
  /** 32 bits with a sign. */
  I32(4, null) {
    @Override
    double read(ByteBuffer bytes, int at) {
      return bytes.getInt(at);
    }
  },
  /** 16 bits with a sign. */
  I16(2, null) {
    @Override
    double read(ByteBuffer bytes, int at) {
      return bytes.getShort(at);
    }
  },
  /** 8 bits with a sign. */
  I8(1, null) {
    @Override
    double read(ByteBuffer bytes, int at) {
      return bytes.get(at);
    }
  },
  /** 64 bits without a sign; those above 2^63 - 1 cannot be read as whole numbers. */
  U64(8, null) {
    @Override
    double read(ByteBuffer bytes, int at) {
      long value = bytes.getLong(at);
      return value >= 0 ? value : value + 0x1p64;
    }

    @Override
    long readLong(ByteBuffer bytes, int at) {
      long value = bytes.getLong(at);
      if (value < 0) {
        throw new ArithmeticException(
            "Wanted a number below 2^63, got " + Long.toUnsignedString(value) + ".");
      }
      return value;
    }
  },
  /** 32 bits without a sign. */
  U32(4, null) {
    @Override
    double read(ByteBuffer bytes, int at) {
      return Integer.toUnsignedLong(bytes.getInt(at));
    }
  },
  /** 16 bits without a sign. */
  U16(2, null) {
    @Override
    double read(ByteBuffer bytes, int at) {
      return Short.toUnsignedInt(bytes.getShort(at));
    }
  },
  /** 8 bits without a sign. */
  U8(1, null) {
    @Override
    double read(ByteBuffer bytes, int at) {
      return Byte.toUnsignedInt(bytes.get(at));
    }
  },
  /** A byte, 0 or 1. */
  BOOL(1, null) {
    @Override
    double read(ByteBuffer bytes, int at) {
      return bytes.get(at) == 0 ? 0 : 1;
    }
  };

  private final int bytes;
  private final DataType engineType;

  TensorType(int bytes, DataType engineType) {
    this.bytes = bytes;
    this.engineType = engineType;
  }

  /** The bytes of one number. */
  public int bytes() {
    return bytes;
  }

  /** Whether it has a fraction. */
  public boolean isFloating() {
    return name().startsWith("F") || this == BF16;
  }

  /** PyTorch's name for it, if DJL makes tensors of such bytes. */
  Optional<DataType> engineType() {
    return Optional.ofNullable(engineType);
  }

  abstract double read(ByteBuffer bytes, int at);

  long readLong(ByteBuffer bytes, int at) {
    return (long) read(bytes, at);
  }

  /** Writes the nearest value of this type; between two neighbours the even one. */
  void write(ByteBuffer bytes, float value) {
    throw new IllegalArgumentException(
        "Weights are written as F32, F16 or BF16; " + this + " was wanted.");
  }

  private static short upperHalf(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
  }
}
