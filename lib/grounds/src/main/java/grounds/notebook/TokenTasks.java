package grounds.notebook;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Lesson 2: bytes, and byte-pair encoding. */
final class TokenTasks {

  private static final String LESSON = "02 Tokenization";
  private static final int NEW_ID = 256;

  private TokenTasks() {}

  static List<Task> all() {
    return List.of(
        new Task(
            LESSON,
            "tokens-1",
            List.of("String text"),
            "getBytes(StandardCharsets.UTF_8) gives signed bytes; b & 0xff is what they are as ids.",
            random -> new Object[] {text(random)},
            a -> bytes((String) a[0])),
        new Task(
            LESSON,
            "tokens-2",
            List.of("int[] ids"),
            "count each pair (ids[i], ids[i + 1]); of pairs that are equally frequent take the one"
                + " that comes first in the text.",
            random -> new Object[] {random.ints(14, 97, 100).toArray()},
            a -> mostFrequent((int[]) a[0])),
        new Task(
            LESSON,
            "tokens-3",
            List.of("int[] ids", "int[] pair"),
            "go from left to right; where ids[i] and ids[i + 1] are the pair, write 256 and go on"
                + " two places later.",
            random -> {
              int[] ids = random.ints(14, 97, 99).toArray();
              return new Object[] {ids, new int[] {ids[3], ids[4]}};
            },
            a -> merged((int[]) a[0], (int[]) a[1])));
  }

  private static String text(Random random) {
    String letters = "aZ \u00e9\u4e2d\u20ac";
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 6; i++) {
      text.append(letters.charAt(random.nextInt(letters.length())));
    }
    return text.toString();
  }

  private static int[] bytes(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = bytes[i] & 0xff;
    }
    return ids;
  }

  private static int[] mostFrequent(int[] ids) {
    int[] best = null;
    int most = 0;
    for (int i = 0; i + 1 < ids.length; i++) {
      int count = 0;
      for (int j = 0; j + 1 < ids.length; j++) {
        count += ids[j] == ids[i] && ids[j + 1] == ids[i + 1] ? 1 : 0;
      }
      if (count > most) {
        most = count;
        best = new int[] {ids[i], ids[i + 1]};
      }
    }
    return best;
  }

  private static int[] merged(int[] ids, int[] pair) {
    int[] merged = new int[ids.length];
    int length = 0;
    for (int i = 0; i < ids.length; i++) {
      boolean here = i + 1 < ids.length && ids[i] == pair[0] && ids[i + 1] == pair[1];
      merged[length++] = here ? NEW_ID : ids[i];
      i += here ? 1 : 0;
    }
    return Arrays.copyOf(merged, length);
  }
}
