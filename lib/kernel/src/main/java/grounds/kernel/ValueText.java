package grounds.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.lang.reflect.Array;
import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * A value as plain text that fits on a page: arrays and tensors with their values, long things
 * abbreviated, nothing computed twice and nothing that fails half way.
 */
final class ValueText {

  private static final int MAX_CHARACTERS = 4000;
  private static final int MAX_DEPTH = 6;
  private static final int MAX_ELEMENTS = 100;

  /** Elements shown at either end of an axis that is too long to show. */
  private static final int EDGE = 3;

  private static final int MAX_AXIS = 10;
  private static final int MAX_TENSOR_ROWS = 200;

  private final StringBuilder text = new StringBuilder();

  private ValueText() {}

  static String of(Object value) {
    if (value instanceof CharSequence) {
      return value.toString();
    }
    ValueText t = new ValueText();
    t.add(value, 0);
    return t.text.length() <= MAX_CHARACTERS
        ? t.text.toString()
        : t.text.substring(0, MAX_CHARACTERS) + " ...";
  }

  private boolean isFull() {
    return text.length() > MAX_CHARACTERS;
  }

  private void add(Object value, int depth) {
    if (isFull()) {
      return;
    }
    if (value == null) {
      text.append("null");
    } else if (depth > MAX_DEPTH) {
      text.append("...");
    } else if (value instanceof NDArray array) {
      addTensor(array);
    } else if (value.getClass().isArray()) {
      addArray(value, depth);
    } else if (value instanceof Map<?, ?> map && isOfTheJdk(value)) {
      addAll(map.entrySet().iterator(), map.size(), "{", "}", depth);
    } else if (value instanceof Map.Entry<?, ?> entry && isOfTheJdk(value)) {
      add(entry.getKey(), depth + 1);
      text.append('=');
      add(entry.getValue(), depth + 1);
    } else if (value instanceof Collection<?> c && isOfTheJdk(value)) {
      addAll(c.iterator(), c.size(), "[", "]", depth);
    } else if (value instanceof Record record && hasArrays(record)) {
      addRecord(record, depth);
    } else {
      text.append(value);
    }
  }

  /** Types from elsewhere have a toString that means something. */
  private static boolean isOfTheJdk(Object value) {
    return value.getClass().getName().startsWith("java.util.");
  }

  private void addAll(Iterator<?> all, int size, String open, String close, int depth) {
    text.append(open);
    for (int i = 0; i < MAX_ELEMENTS && all.hasNext() && !isFull(); i++) {
      text.append(i == 0 ? "" : ", ");
      add(all.next(), depth + 1);
    }
    if (all.hasNext()) {
      text.append(", ... ").append(size).append(" in all");
    }
    text.append(close);
  }

  private void addArray(Object array, int depth) {
    int length = Array.getLength(array);
    text.append('[');
    for (int i = 0; i < length && !isFull(); i++) {
      text.append(i == 0 ? "" : ", ");
      if (length > MAX_ELEMENTS && i == MAX_ELEMENTS / 2) {
        text.append("..., ");
        i = length - EDGE;
      }
      add(Array.get(array, i), depth + 1);
    }
    text.append(']');
    if (length > MAX_ELEMENTS) {
      text.append(" (length ").append(length).append(')');
    }
  }

  /** A record's own toString shows an array as its address. */
  private static boolean hasArrays(Record record) {
    for (RecordComponent c : record.getClass().getRecordComponents()) {
      if (c.getType().isArray()) {
        try {
          return record
              .getClass()
              .getMethod("toString")
              .getDeclaringClass()
              .equals(record.getClass());
        } catch (NoSuchMethodException e) {
          return false;
        }
      }
    }
    return false;
  }

  private void addRecord(Record record, int depth) {
    text.append(record.getClass().getSimpleName()).append('[');
    String separator = "";
    for (RecordComponent c : record.getClass().getRecordComponents()) {
      text.append(separator).append(c.getName()).append('=');
      separator = ", ";
      try {
        c.getAccessor().setAccessible(true);
        add(c.getAccessor().invoke(record), depth + 1);
      } catch (ReflectiveOperationException | RuntimeException e) {
        text.append('?');
      }
    }
    text.append(']');
  }

  private void addTensor(NDArray array) {
    if (array.isReleased()) {
      text.append("NDArray, closed");
      return;
    }
    Shape shape = array.getShape();
    text.append("NDArray ").append(shape).append(' ');
    text.append(array.getDataType().name().toLowerCase(java.util.Locale.ROOT)).append(' ');
    text.append(array.getDevice()).append('\n');
    if (shape.size() == 0) {
      text.append("[]");
      return;
    }
    int[] rowsLeft = {MAX_TENSOR_ROWS};
    addAxes(array, new long[0], rowsLeft);
  }

  /** Fetches one row at a time, so that of a large tensor only what is shown leaves its device. */
  private void addAxes(NDArray array, long[] index, int[] rowsLeft) {
    Shape shape = array.getShape();
    int axis = index.length;
    if (axis >= shape.dimension() - 1) {
      if (rowsLeft[0]-- <= 0) {
        text.append("...");
      } else if (axis == 0) {
        addRow(array);
      } else {
        try (NDArray row = array.get(new NDIndex(index))) {
          addRow(row);
        }
      }
      return;
    }
    long size = shape.get(axis);
    text.append('[');
    for (long i = 0; i < size && rowsLeft[0] > 0; i++) {
      if (i > 0) {
        text.append(",\n").append(" ".repeat(axis + 1));
      }
      if (size > MAX_AXIS && i == EDGE) {
        text.append("...\n").append(" ".repeat(axis + 1));
        i = size - EDGE;
      }
      addAxes(array, LongStream.concat(LongStream.of(index), LongStream.of(i)).toArray(), rowsLeft);
    }
    text.append(rowsLeft[0] > 0 ? "]" : " ...]");
  }

  private void addRow(NDArray row) {
    Object[] values;
    switch (row.getDataType()) {
      case BOOLEAN -> {
        boolean[] booleans = row.toBooleanArray();
        values = new Object[booleans.length];
        for (int i = 0; i < values.length; i++) {
          values[i] = booleans[i];
        }
      }
      case FLOAT16, FLOAT32, FLOAT64, INT8, UINT8, INT32, INT64 -> values = row.toArray();
      default -> {
        text.append("(values of this type are not shown)");
        return;
      }
    }
    if (row.isScalar()) {
      text.append(number(values[0]));
      return;
    }
    text.append('[');
    for (int i = 0; i < values.length; i++) {
      text.append(i == 0 ? "" : ", ");
      if (values.length > MAX_AXIS && i == EDGE) {
        text.append("..., ");
        i = values.length - EDGE;
      }
      text.append(number(values[i]));
    }
    text.append(']');
  }

  private static String number(Object value) {
    return value instanceof Float || value instanceof Double
        ? String.format(java.util.Locale.ROOT, "%.4g", ((Number) value).doubleValue())
        : value.toString();
  }
}
