package grounds.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import grounds.notebook.Output;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class OutputQueueTest {

  private final List<JsonObject> sent = new CopyOnWriteArrayList<>();
  private final List<String> types = new CopyOnWriteArrayList<>();
  private final OutputQueue queue =
      new OutputQueue(
          (type, content) -> {
            sent.add(content);
            types.add(type);
          });

  @Test
  void textIsSentWithoutAFlushSoonAndInFewMessages() throws InterruptedException {
    PrintStream out = queue.printStream("stdout");
    long end = System.nanoTime() + 1_000_000_000;
    int lines = 0;
    while (System.nanoTime() < end) {
      out.println("line " + lines++);
      Thread.sleep(1);
    }
    assertTrue(sent.size() >= 3 && sent.size() <= 11, sent.size() + " messages in a second");
    queue.flush();
    assertEquals(lines, text().lines().count());
  }

  @Test
  void textAndPicturesKeepTheirOrder() {
    PrintStream out = queue.printStream("stdout");
    out.print("a");
    queue.show(Output.text("shown"));
    out.print("b");
    queue.printStream("stderr").print("c");
    out.print("d");
    queue.flush();
    assertEquals(List.of("stream", "display_data", "stream", "stream"), types);
    assertEquals("abdc", text());
  }

  @Test
  void aCharacterIsNotCutInTwo() throws InterruptedException {
    byte[] bytes = "x😀y".getBytes(StandardCharsets.UTF_8);
    PrintStream out = queue.printStream("stdout");
    for (byte b : bytes) {
      out.write(b);
      Thread.sleep(120);
    }
    queue.flush();
    assertTrue(sent.size() > 1);
    assertEquals("x😀y", text());
  }

  @Test
  void ofManyUpdatesAFewAreSentAndTheLastOneAlways() throws InterruptedException {
    byte[] png = {1};
    for (int i = 0; i < 100; i++) {
      queue.update("loss", Output.picture(png, 1, 1, "step " + i));
      Thread.sleep(10);
    }
    queue.flush();
    assertEquals("display_data", types.get(0));
    assertTrue(types.stream().skip(1).allMatch("update_display_data"::equals), "" + types);
    assertTrue(types.size() >= 3 && types.size() <= 8, "" + types);
    JsonObject last = sent.get(sent.size() - 1);
    assertEquals("step 99", last.getAsJsonObject("data").get("text/plain").getAsString());
    assertEquals("loss", last.getAsJsonObject("transient").get("display_id").getAsString());
  }

  private String text() {
    StringBuilder all = new StringBuilder();
    sent.stream().filter(c -> c.has("text")).forEach(c -> all.append(c.get("text").getAsString()));
    return all.toString();
  }
}
