package grounds.kernel;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import grounds.kernel.CellErrors.CellError;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.dflib.jjava.jupyter.channels.ShellReplyEnvironment;
import org.dflib.jjava.jupyter.kernel.KernelConnectionProperties;
import org.dflib.jjava.jupyter.messages.Message;
import org.dflib.jjava.jupyter.messages.MessageType;
import org.dflib.jjava.jupyter.messages.request.CompleteRequest;
import org.dflib.jjava.jupyter.messages.request.ExecuteRequest;
import org.dflib.jjava.jupyter.messages.request.InspectRequest;
import org.dflib.jjava.jupyter.messages.request.IsCompleteRequest;
import org.dflib.jjava.jupyter.messages.request.ShutdownRequest;

/** Answers the requests of Jupyter: one method for each type of request. */
final class Kernel {

  /** The error stream of the process: what concerns whoever runs the server, not the reader. */
  static final PrintStream PROCESS_ERR = System.err;

  private static final String VERSION = "0.1.0";
  private static final long SEND_MILLIS = 100;
  private static final long STUCK_MILLIS = 3000;
  private static final long SAVE_MILLIS = 10_000;

  private final Channels channels;
  private final OutputQueue output;
  private final JavaSession session;
  private final History history = new History();

  // Written by the shell thread alone.
  private volatile Message<?> request;
  private volatile boolean stdinAllowed;
  private volatile Optional<Message<?>> running = Optional.empty();
  private int executionCount;

  private Kernel(KernelConnectionProperties properties) throws GeneralSecurityException {
    channels = new Channels(properties);
    output = new OutputQueue((type, content) -> channels.publish(request, type, content));
    session = new JavaSession(note -> System.err.println(note));
  }

  /** Starts the kernel of this process and returns; its threads keep the process alive. */
  static void start(KernelConnectionProperties properties) throws GeneralSecurityException {
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, failure) -> {
          boolean deaf = thread.getName().startsWith("Shell-");
          PrintStream err = deaf ? PROCESS_ERR : System.err;
          err.print("Exception in thread " + thread.getName() + ": ");
          failure.printStackTrace(err);
          if (deaf) {
            // The base library's loop has ended: a restart is better than no answers.
            exit(1);
          }
        });
    Kernel kernel = new Kernel(properties);
    Page.open(kernel.output);
    System.setOut(kernel.output.printStream("stdout"));
    System.setErr(kernel.output.printStream("stderr"));
    System.setIn(kernel.new Keyboard());
    Thread warmUp = new Thread(kernel.session::warmUp, "warm-up");
    warmUp.setDaemon(true);
    kernel.answer();
    // It takes the session's lock before a first cell can.
    warmUp.start();
    kernel.channels.connect();
  }

  /** Ends the process, also where a shutdown hook hangs. */
  static void exit(int status) {
    Thread last =
        new Thread(
            () -> {
              pause(STUCK_MILLIS);
              Runtime.getRuntime().halt(status);
            });
    last.setDaemon(true);
    last.start();
    new Thread(() -> System.exit(status)).start();
  }

  private void answer() {
    on(MessageType.KERNEL_INFO_REQUEST, request -> kernelInfo());
    on(MessageType.COMPLETE_REQUEST, request -> complete(request.getContent()));
    on(MessageType.INSPECT_REQUEST, request -> inspect(request.getContent()));
    on(MessageType.IS_COMPLETE_REQUEST, request -> isComplete(request.getContent()));
    on(MessageType.HISTORY_REQUEST, request -> ok("history", history.find(request.getContent())));
    on(MessageType.INTERRUPT_REQUEST, request -> interrupt());
    // No widget of this kernel speaks over comms: there are none, and a new one is closed at once.
    on(MessageType.COMM_INFO_REQUEST, request -> ok("comms", new JsonObject()));
    on(MessageType.COMM_MSG_COMMAND, request -> null);
    on(MessageType.COMM_CLOSE_COMMAND, request -> null);
    on(
        MessageType.COMM_OPEN_COMMAND,
        request -> {
          JsonObject close = content("comm_id", request.getContent().getCommID());
          close.add("data", new JsonObject());
          channels.publish(request, "comm_close", close);
          return null;
        });
    channels.setHandler(MessageType.EXECUTE_REQUEST, this::execute);
    channels.setHandler(MessageType.SHUTDOWN_REQUEST, this::shutdown);
  }

  /** Answers a type of request: busy, the reply if there is one (not null), idle. */
  private <T> void on(MessageType<T> type, Function<Message<T>, JsonObject> handler) {
    String replyType = type.getName().replace("_request", "_reply");
    channels.setHandler(
        type,
        (env, request) -> {
          publishStatus(request, "busy");
          JsonObject reply;
          try {
            reply = handler.apply(request);
          } catch (RuntimeException | Error e) {
            e.printStackTrace(PROCESS_ERR);
            reply = errorReply(new CellError(e.getClass().getName(), "" + e, List.of()));
          }
          if (reply != null) {
            channels.reply(env.getShell(), request, replyType, reply);
          }
          publishStatus(request, "idle");
        });
  }

  private void execute(ShellReplyEnvironment env, Message<ExecuteRequest> message) {
    ExecuteRequest execute = message.getContent();
    request = message;
    stdinAllowed = execute.isStdinEnabled();
    publishStatus(message, "busy");
    if (!execute.isSilent()) {
      executionCount++;
      JsonObject input = content("code", execute.getCode());
      input.addProperty("execution_count", executionCount);
      channels.publish(message, "execute_input", input);
    }
    JsonObject reply = run(execute);
    reply.addProperty("execution_count", executionCount);
    boolean stop = execute.shouldStopOnError() && reply.get("status").getAsString().equals("error");
    // Read before anyone can know of the error: what comes later was sent in spite of it.
    List<Message<?>> queued = stop ? queued(env) : List.of();
    channels.reply(env.getShell(), message, "execute_reply", reply);
    publishStatus(message, "idle");
    queued.forEach(next -> abort(env, next));
  }

  private JsonObject run(ExecuteRequest execute) {
    Optional<CellError> error;
    String shown = "";
    try {
      // In this order: an interrupt from here on stops this cell, even if it has yet to start.
      StopSwitch.turn(false);
      running = Optional.of(request);
      JavaSession.Outcome outcome = session.run(executionCount, execute.getCode());
      error = outcome.error();
      if (outcome.value().isPresent() && !execute.isSilent()) {
        shown = outcome.value().get().text();
        JsonObject result = OutputQueue.bundle(outcome.value().get());
        result.addProperty("execution_count", executionCount);
        output.flush();
        channels.publish(request, "execute_result", result);
      }
    } catch (RuntimeException | Error e) {
      // Not the cell's fault, as far as we know; the kernel goes on.
      e.printStackTrace(PROCESS_ERR);
      error =
          Optional.of(
              new CellError(
                  e.getClass().getName(),
                  "" + e.getMessage(),
                  List.of("The kernel failed to run this cell: " + e)));
    } finally {
      running = Optional.empty();
    }
    output.flush();
    if (execute.shouldStoreHistory() && !execute.isSilent()) {
      history.add(executionCount, execute.getCode(), shown);
    }
    if (error.isPresent()) {
      channels.publish(request, "error", errorContent(error.get()));
      return errorReply(error.get());
    }
    JsonObject reply = ok("user_expressions", new JsonObject());
    reply.add("payload", new JsonArray());
    return reply;
  }

  private static List<Message<?>> queued(ShellReplyEnvironment env) {
    List<Message<?>> queued = new ArrayList<>();
    while (Channels.hasMessage(env.getShell())) {
      queued.add(env.getShell().readMessage());
    }
    return queued;
  }

  /** After an error, the cells that were sent with the one that failed do not run. */
  private void abort(ShellReplyEnvironment env, Message<?> next) {
    if (next.getContent() instanceof ExecuteRequest) {
      publishStatus(next, "busy");
      channels.reply(env.getShell(), next, "execute_reply", content("status", "aborted"));
      publishStatus(next, "idle");
    } else {
      handle(env, next);
    }
  }

  private <T> void handle(ShellReplyEnvironment env, Message<T> message) {
    Optional.ofNullable(channels.getHandler(message.getHeader().getType()))
        .ifPresent(handler -> handler.handle(env, message));
  }

  /** Comes on the control channel, while the shell thread waits for the cell. */
  private JsonObject interrupt() {
    Optional<Message<?>> cell = running;
    if (cell.isPresent()) {
      session.interrupt();
      // Native code sees no interrupt, and a library may swallow one. No second one by ourselves:
      // it could break what the code does to end in good order.
      CompletableFuture.delayedExecutor(STUCK_MILLIS, TimeUnit.MILLISECONDS)
          .execute(
              () -> {
                if (running.equals(cell)) {
                  System.err.println(
                      "The cell is inside code that does not heed an interrupt; it stops as soon"
                          + " as that returns. Interrupt once more, or use Kernel > Restart: then"
                          + " the variables are lost.");
                }
              });
    }
    return ok();
  }

  private void shutdown(ShellReplyEnvironment env, Message<ShutdownRequest> message) {
    publishStatus(message, "busy");
    output.flush();
    JsonObject reply = ok();
    reply.addProperty("restart", message.getContent().isRestart());
    channels.reply(env.getShell(), message, "shutdown_reply", reply);
    publishStatus(message, "idle");
    stopCell();
    // The sockets send on a thread of their own.
    pause(SEND_MILLIS);
    exit(0);
  }

  /**
   * So that a training writes its checkpoint; what does not heed an interrupt is cut off in the
   * end.
   */
  private void stopCell() {
    if (running.isPresent()) {
      session.interrupt();
      long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(SAVE_MILLIS);
      while (running.isPresent() && System.nanoTime() < end) {
        pause(SEND_MILLIS / 10);
      }
    }
  }

  private JsonObject kernelInfo() {
    JsonObject language = content("name", "java");
    language.addProperty("version", Runtime.version().toString());
    language.addProperty("mimetype", "text/x-java-source");
    language.addProperty("file_extension", ".java");
    language.addProperty("pygments_lexer", "java");
    language.addProperty("codemirror_mode", "text/x-java");
    JsonObject reply = ok("language_info", language);
    reply.addProperty("protocol_version", "5.3");
    reply.addProperty("implementation", "grounds");
    reply.addProperty("implementation_version", VERSION);
    reply.addProperty("banner", "Grounds: Java " + Runtime.version());
    reply.add("help_links", new JsonArray());
    return reply;
  }

  private JsonObject complete(CompleteRequest ask) {
    String code = ask.getCode();
    JavaSession.Completions found = session.complete(code, index(code, ask.getCursorPos()));
    JsonObject reply = ok("matches", array(found.texts()));
    reply.addProperty("cursor_start", code.codePointCount(0, found.start()));
    reply.addProperty("cursor_end", ask.getCursorPos());
    reply.add("metadata", new JsonObject());
    return reply;
  }

  private JsonObject inspect(InspectRequest ask) {
    Optional<String> text =
        session.inspect(ask.getCode(), index(ask.getCode(), ask.getCursorPos()));
    JsonObject data = new JsonObject();
    text.ifPresent(t -> data.addProperty("text/plain", t));
    JsonObject reply = ok("data", data);
    reply.addProperty("found", text.isPresent());
    reply.add("metadata", new JsonObject());
    return reply;
  }

  private JsonObject isComplete(IsCompleteRequest ask) {
    JavaSession.Completeness c = session.completeness(ask.getCode());
    JsonObject reply = content("status", c.status());
    if (c.status().equals("incomplete")) {
      reply.addProperty("indent", c.indent());
    }
    return reply;
  }

  private void publishStatus(Message<?> parent, String state) {
    channels.publish(parent, "status", content("execution_state", state));
  }

  /** Jupyter counts characters where Java counts UTF-16 units. */
  private static int index(String code, int characters) {
    int length = code.codePointCount(0, code.length());
    return code.offsetByCodePoints(0, Math.max(0, Math.min(characters, length)));
  }

  static JsonObject content(String name, String value) {
    JsonObject content = new JsonObject();
    content.addProperty(name, value);
    return content;
  }

  private static JsonObject ok() {
    return content("status", "ok");
  }

  private static JsonObject ok(String name, JsonElement value) {
    JsonObject content = ok();
    content.add(name, value);
    return content;
  }

  private static JsonObject errorReply(CellError error) {
    JsonObject reply = errorContent(error);
    reply.addProperty("status", "error");
    return reply;
  }

  private static JsonObject errorContent(CellError error) {
    JsonObject content = content("ename", error.name());
    content.addProperty("evalue", error.message());
    content.add("traceback", array(error.lines()));
    return content;
  }

  private static JsonArray array(Collection<String> texts) {
    JsonArray array = new JsonArray();
    texts.forEach(array::add);
    return array;
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** System.in of a cell: asks the reader for a line when the last one is used up. */
  private final class Keyboard extends InputStream {
    private byte[] line = {};
    private int next;

    @Override
    public synchronized int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public synchronized int read(byte[] bytes, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      if (next == line.length) {
        line = ask();
        next = 0;
      }
      int n = Math.min(length, line.length - next);
      System.arraycopy(line, next, bytes, offset, n);
      next += n;
      return n;
    }

    @Override
    public synchronized int available() {
      return line.length - next;
    }

    private byte[] ask() throws IOException {
      if (!stdinAllowed) {
        throw new IOException("this notebook is run without a reader who could type something");
      }
      output.flush();
      try {
        return (channels.readLine(request, "") + "\n").getBytes(StandardCharsets.UTF_8);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("the cell was interrupted while it waited for input", e);
      }
    }
  }
}
