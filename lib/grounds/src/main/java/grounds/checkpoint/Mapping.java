package grounds.checkpoint;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;

/**
 * A stretch of a file as memory: the system reads a page when it is first looked at. Java gives the
 * memory back when it happens to collect garbage, which while weights are loaded is too late.
 */
final class Mapping implements AutoCloseable {

  private static final Cleaner CLEANER = cleaner();

  private final MappedByteBuffer buffer;

  @FunctionalInterface
  private interface Cleaner {
    void clean(ByteBuffer buffer) throws ReflectiveOperationException;
  }

  private Mapping(MappedByteBuffer buffer) {
    this.buffer = buffer;
  }

  static Mapping of(FileChannel channel, long start, long bytes) throws IOException {
    return new Mapping(channel.map(FileChannel.MapMode.READ_ONLY, start, bytes));
  }

  /** The bytes, numbers in them little-endian; not to be used after {@link #close}. */
  ByteBuffer bytes() {
    return buffer.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Gives the memory back at once, where this Java can. */
  @Override
  public void close() {
    try {
      CLEANER.clean(buffer);
    } catch (ReflectiveOperationException e) {
      // Then the garbage collector does it later.
    }
  }

  private static Cleaner cleaner() {
    try {
      Class<?> type = Class.forName("sun.misc.Unsafe");
      Field field = type.getDeclaredField("theUnsafe");
      field.setAccessible(true);
      Object unsafe = field.get(null);
      Method method = type.getMethod("invokeCleaner", ByteBuffer.class);
      return buffer -> method.invoke(unsafe, buffer);
    } catch (ReflectiveOperationException | RuntimeException e) {
      return buffer -> {};
    }
  }
}
