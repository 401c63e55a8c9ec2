package grounds.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Ids as they stand in a {@link TokenFile}: little-endian, of two or four bytes. */
final class IdBytes {
  private final int bytesPerId;
  private final ByteBuffer buffer;

  IdBytes(int bytesPerId) {
    this.bytesPerId = bytesPerId;
    buffer = ByteBuffer.allocate(TokenSlice.CHUNK * bytesPerId).order(ByteOrder.LITTLE_ENDIAN);
  }

  int bytesPerId() {
    return bytesPerId;
  }

  /** The bytes of at most a chunk of ids; the buffer is used again for the next ones. */
  ByteBuffer of(int[] ids, int start, int end) {
    buffer.clear();
    if (bytesPerId == Integer.BYTES) {
      for (int i = start; i < end; i++) {
        buffer.putInt(ids[i]);
      }
    } else {
      for (int i = start; i < end; i++) {
        buffer.putShort((short) ids[i]);
      }
    }
    return buffer.flip();
  }
}
