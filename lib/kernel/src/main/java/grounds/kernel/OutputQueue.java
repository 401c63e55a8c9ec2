package grounds.kernel;

import com.google.gson.JsonObject;
import grounds.notebook.Output;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Base64;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * What cells print and show, on its way to the page: in order, nothing lost, and in so few messages
 * that a front end keeps up. Text goes out in batches, at most 10 a second; a picture that is
 * replaced all the time goes out at most 4 times a second, its last state always.
 */
final class OutputQueue {

  private static final long BATCH_MILLIS = 50;
  private static final long TEXT_MILLIS = 100;
  private static final long PICTURE_MILLIS = 250;

  /** A cell that prints faster than the page can take it waits here. */
  private static final int MAX_PENDING_BYTES = 1 << 21;

  private sealed interface Item permits Text, Shown {}

  private record Text(String stream, ByteArrayOutputStream bytes) implements Item {}

  private record Shown(String type, JsonObject content) implements Item {}

  private final BiConsumer<String, JsonObject> publish;
  private final Object sending = new Object();

  // Guarded by this.
  private final Deque<Item> items = new ArrayDeque<>();
  private final Map<String, Long> lastUpdate = new HashMap<>();
  private final Map<String, Output> updates = new LinkedHashMap<>();
  private int pendingBytes;

  /**
   * @param publish sends a message of a type with its content
   */
  OutputQueue(BiConsumer<String, JsonObject> publish) {
    this.publish = publish;
    Thread sender = new Thread(this::sendBatches, "output");
    sender.setDaemon(true);
    sender.start();
  }

  /** A stream of text: "stdout" or "stderr". */
  PrintStream printStream(String name) {
    return new PrintStream(
        new OutputStream() {
          @Override
          public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
          }

          @Override
          public void write(byte[] bytes, int offset, int length) {
            print(name, bytes, offset, length);
          }
        },
        false,
        StandardCharsets.UTF_8);
  }

  private synchronized void print(String stream, byte[] bytes, int offset, int length) {
    waitForRoom();
    text(stream).bytes().write(bytes, offset, length);
    pendingBytes += length;
    notifyAll();
  }

  private void waitForRoom() {
    boolean interrupted = false;
    while (pendingBytes > MAX_PENDING_BYTES && !interrupted && !StopSwitch.isOn()) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The text to append to: of the same stream, and after all that was shown. */
  private Text text(String stream) {
    for (Iterator<Item> last = items.descendingIterator(); last.hasNext(); ) {
      if (!(last.next() instanceof Text text)) {
        break;
      }
      if (text.stream().equals(stream)) {
        return text;
      }
    }
    Text text = new Text(stream, new ByteArrayOutputStream());
    items.add(text);
    return text;
  }

  /** Shows an output after all that went before it. */
  synchronized void show(Output output) {
    waitForRoom();
    items.add(new Shown("display_data", bundle(output)));
    pendingBytes += size(output);
    notifyAll();
  }

  /** Shows an output under an id, or in the place of what has that id. */
  synchronized void update(String id, Output output) {
    if (lastUpdate.putIfAbsent(id, System.nanoTime()) == null) {
      items.add(new Shown("display_data", bundle(id, output)));
      pendingBytes += size(output);
    } else {
      updates.put(id, output);
    }
    notifyAll();
  }

  /** Clears the page below the cell when the next output comes. */
  synchronized void clear() {
    JsonObject content = new JsonObject();
    content.addProperty("wait", true);
    items.add(new Shown("clear_output", content));
    notifyAll();
  }

  /** Sends all there is, now. */
  void flush() {
    send(true);
  }

  private void sendBatches() {
    while (true) {
      try {
        synchronized (this) {
          while (items.isEmpty() && updates.isEmpty()) {
            wait();
          }
        }
        Thread.sleep(BATCH_MILLIS);
        int texts = send(false);
        Thread.sleep(Math.max(0, Math.min(10, texts) * TEXT_MILLIS - BATCH_MILLIS));
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        // Whatever cannot be sent must not stop what comes after it.
        e.printStackTrace(Kernel.PROCESS_ERR);
      }
    }
  }

  /** Sends what is due, or all of it; returns the number of text messages. */
  private int send(boolean all) {
    synchronized (sending) {
      Deque<Item> due;
      Map<String, Output> dueUpdates = new LinkedHashMap<>();
      synchronized (this) {
        due = new ArrayDeque<>(items);
        items.clear();
        pendingBytes = 0;
        if (!all && due.peekLast() instanceof Text last) {
          keepHalfCharacter(last);
        }
        long now = System.nanoTime();
        for (Iterator<Map.Entry<String, Output>> i = updates.entrySet().iterator(); i.hasNext(); ) {
          Map.Entry<String, Output> e = i.next();
          long pause = e.getValue().picture().isPresent() ? PICTURE_MILLIS : TEXT_MILLIS;
          if (all || now - lastUpdate.get(e.getKey()) >= pause * 1_000_000) {
            lastUpdate.put(e.getKey(), now);
            dueUpdates.put(e.getKey(), e.getValue());
            i.remove();
          }
        }
        notifyAll();
      }
      int texts = 0;
      for (Item item : due) {
        if (item instanceof Text text && text.bytes().size() > 0) {
          JsonObject content = new JsonObject();
          content.addProperty("name", text.stream());
          content.addProperty("text", text.bytes().toString(StandardCharsets.UTF_8));
          publish.accept("stream", content);
          texts++;
        } else if (item instanceof Shown shown) {
          publish.accept(shown.type(), shown.content());
        }
      }
      dueUpdates.forEach((id, output) -> publish.accept("update_display_data", bundle(id, output)));
      return texts;
    }
  }

  /** Puts the bytes of a character whose other bytes are still to come back into the queue. */
  private void keepHalfCharacter(Text text) {
    byte[] bytes = text.bytes().toByteArray();
    int start = bytes.length - 1;
    while (start > 0 && bytes.length - start < 4 && (bytes[start] & 0xC0) == 0x80) {
      start--;
    }
    int lead = start < 0 ? 0 : bytes[start] & 0xFF;
    int length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (start >= 0 && start + length > bytes.length) {
      text.bytes().reset();
      text.bytes().write(bytes, 0, start);
      Text rest = new Text(text.stream(), new ByteArrayOutputStream());
      rest.bytes().writeBytes(Arrays.copyOfRange(bytes, start, bytes.length));
      items.add(rest);
    }
  }

  /** An output as a page takes it: by MIME type, with the shown size of a picture. */
  static JsonObject bundle(Output output) {
    JsonObject data = new JsonObject();
    JsonObject metadata = new JsonObject();
    data.addProperty("text/plain", output.text());
    output.html().ifPresent(html -> data.addProperty("text/html", html));
    output
        .picture()
        .ifPresent(
            p -> {
              data.addProperty("image/png", Base64.getEncoder().encodeToString(p.png()));
              JsonObject size = new JsonObject();
              size.addProperty("width", p.width());
              size.addProperty("height", p.height());
              metadata.add("image/png", size);
            });
    JsonObject content = new JsonObject();
    content.add("data", data);
    content.add("metadata", metadata);
    content.add("transient", new JsonObject());
    return content;
  }

  private static JsonObject bundle(String id, Output output) {
    JsonObject content = bundle(output);
    content.getAsJsonObject("transient").addProperty("display_id", id);
    return content;
  }

  private static int size(Output output) {
    return output.text().length()
        + output.html().map(String::length).orElse(0)
        + output.picture().map(p -> p.png().length).orElse(0);
  }
}
