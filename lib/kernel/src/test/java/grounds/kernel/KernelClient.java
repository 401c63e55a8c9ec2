package grounds.kernel;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.zeromq.SocketType;
import org.zeromq.ZContext;
import org.zeromq.ZMQ;

/** A front end for tests: starts the kernel as Jupyter does and speaks the wire protocol to it. */
final class KernelClient implements AutoCloseable {

  static final Duration PATIENCE = Duration.ofSeconds(60);

  /** A message, with its four parts as they came. */
  record Message(String type, JsonObject header, JsonObject parent, JsonObject content) {
    String text(String name) {
      return content.get(name).getAsString();
    }
  }

  /** What came of one request: its reply, and what was published between busy and idle. */
  record Answer(Message reply, List<Message> published) {
    List<Message> of(String type) {
      return published.stream().filter(m -> m.type().equals(type)).toList();
    }

    String stream(String name) {
      StringBuilder all = new StringBuilder();
      of("stream").stream()
          .filter(m -> m.text("name").equals(name))
          .forEach(m -> all.append(m.text("text")));
      return all.toString();
    }

    /** The plain text of the result; fails where there is none. */
    String result() {
      return of("execute_result")
          .get(0)
          .content()
          .getAsJsonObject("data")
          .get("text/plain")
          .getAsString();
    }

    String status() {
      return reply.text("status");
    }
  }

  private static final byte[] DELIMITER = "<IDS|MSG>".getBytes(StandardCharsets.US_ASCII);

  final Process process;
  final ZMQ.Socket shell;
  final ZMQ.Socket control;
  final ZMQ.Socket stdin;
  final ZMQ.Socket heartbeat;
  private final ZMQ.Socket iopub;
  private final ZContext context = new ZContext();
  private final String key = UUID.randomUUID().toString();
  private final String session = UUID.randomUUID().toString();
  private final Path connectionFile;

  KernelClient(Map<String, String> environment) throws IOException {
    List<Integer> ports = freePorts(5);
    JsonObject connection = new JsonObject();
    connection.addProperty("ip", "127.0.0.1");
    connection.addProperty("transport", "tcp");
    connection.addProperty("signature_scheme", "hmac-sha256");
    connection.addProperty("key", key);
    connection.addProperty("shell_port", ports.get(0));
    connection.addProperty("control_port", ports.get(1));
    connection.addProperty("stdin_port", ports.get(2));
    connection.addProperty("iopub_port", ports.get(3));
    connection.addProperty("hb_port", ports.get(4));
    connectionFile = Files.createTempFile("kernel", ".json");
    Files.writeString(connectionFile, connection.toString());
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx512m",
            "-cp",
            Optional.ofNullable(System.getProperty("surefire.test.class.path"))
                .orElse(System.getProperty("java.class.path")),
            "grounds.kernel.Main",
            connectionFile.toString());
    builder.environment().putAll(environment);
    process = builder.inheritIO().start();
    shell = connect(SocketType.DEALER, ports.get(0));
    control = connect(SocketType.DEALER, ports.get(1));
    stdin = connect(SocketType.DEALER, ports.get(2));
    iopub = connect(SocketType.SUB, ports.get(3));
    iopub.subscribe("");
    heartbeat = connect(SocketType.REQ, ports.get(4));
    awaitReady();
  }

  private static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
    }
    List<Integer> ports = sockets.stream().map(ServerSocket::getLocalPort).toList();
    for (ServerSocket s : sockets) {
      s.close();
    }
    return ports;
  }

  private ZMQ.Socket connect(SocketType type, int port) {
    ZMQ.Socket socket = context.createSocket(type);
    socket.setRcvHWM(0);
    // A request of the time before the kernel listens waits for it.
    socket.setIdentity((session + type).getBytes(StandardCharsets.US_ASCII));
    socket.connect("tcp://127.0.0.1:" + port);
    return socket;
  }

  /** A subscription takes effect some time after the connection: ask until a status arrives. */
  private void awaitReady() {
    Instant end = Instant.now().plus(PATIENCE);
    while (Instant.now().isBefore(end) && process.isAlive()) {
      String id = send(shell, "kernel_info_request", new JsonObject());
      reply(shell, id);
      Optional<Message> status = receive(iopub, Duration.ofMillis(500));
      if (status.isPresent()) {
        while (receive(iopub, Duration.ofMillis(200)).isPresent()) {
          // what is left of the greetings
        }
        return;
      }
    }
    throw new AssertionError("the kernel did not start");
  }

  /** Sends a request; returns its message id. */
  String send(ZMQ.Socket socket, String type, JsonObject content) {
    JsonObject header = new JsonObject();
    String id = UUID.randomUUID().toString();
    header.addProperty("msg_id", id);
    header.addProperty("username", "test");
    header.addProperty("session", session);
    header.addProperty("date", Instant.now().toString());
    header.addProperty("msg_type", type);
    header.addProperty("version", "5.3");
    byte[][] parts = {
      header.toString().getBytes(StandardCharsets.UTF_8),
      "{}".getBytes(StandardCharsets.UTF_8),
      "{}".getBytes(StandardCharsets.UTF_8),
      content.toString().getBytes(StandardCharsets.UTF_8)
    };
    socket.sendMore(DELIMITER);
    socket.sendMore(signature(parts));
    for (int i = 0; i < parts.length; i++) {
      socket.send(parts[i], i < parts.length - 1 ? ZMQ.SNDMORE : 0);
    }
    return id;
  }

  private String signature(byte[]... parts) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.getBytes(StandardCharsets.US_ASCII), "HmacSHA256"));
      for (byte[] part : parts) {
        mac.update(part);
      }
      return HexFormat.of().formatHex(mac.doFinal());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The next message, or none if the time is over. */
  Optional<Message> receive(ZMQ.Socket socket, Duration patience) {
    socket.setReceiveTimeOut((int) patience.toMillis());
    byte[] part = socket.recv();
    if (part == null) {
      return Optional.empty();
    }
    while (!java.util.Arrays.equals(part, DELIMITER)) {
      part = socket.recv();
    }
    String signature = socket.recvStr();
    byte[][] parts = {socket.recv(), socket.recv(), socket.recv(), socket.recv()};
    if (!signature.equals(signature(parts))) {
      throw new AssertionError("the kernel signed a message wrongly");
    }
    JsonObject header = json(parts[0]);
    for (String field : List.of("msg_id", "username", "session", "date", "msg_type", "version")) {
      if (!header.has(field)) {
        throw new AssertionError("a header without " + field + ": " + header);
      }
    }
    return Optional.of(
        new Message(header.get("msg_type").getAsString(), header, json(parts[1]), json(parts[3])));
  }

  private static JsonObject json(byte[] bytes) {
    return JsonParser.parseString(new String(bytes, StandardCharsets.UTF_8)).getAsJsonObject();
  }

  /** The reply to a request; replies to others before it are dropped. */
  Message reply(ZMQ.Socket socket, String id) {
    Instant end = Instant.now().plus(PATIENCE);
    while (Instant.now().isBefore(end)) {
      Optional<Message> message = receive(socket, Duration.ofMillis(200));
      if (message.isPresent() && isAnswer(message.get(), id)) {
        return message.get();
      }
      if (!process.isAlive() && message.isEmpty()) {
        throw new AssertionError("the kernel is dead");
      }
    }
    throw new AssertionError("no reply");
  }

  /** What is published for a request, until the kernel is idle again. */
  List<Message> published(String id) {
    List<Message> published = new ArrayList<>();
    Instant end = Instant.now().plus(PATIENCE);
    while (Instant.now().isBefore(end)) {
      Optional<Message> message = receive(iopub, Duration.ofMillis(200));
      if (message.isPresent() && isAnswer(message.get(), id)) {
        published.add(message.get());
        if (message.get().type().equals("status")
            && message.get().text("execution_state").equals("idle")) {
          return published;
        }
      }
    }
    throw new AssertionError("never idle; published so far: " + published);
  }

  private static boolean isAnswer(Message message, String id) {
    return message.parent().has("msg_id")
        && message.parent().get("msg_id").getAsString().equals(id);
  }

  Answer ask(ZMQ.Socket socket, String type, JsonObject content) {
    String id = send(socket, type, content);
    Message reply = reply(socket, id);
    return new Answer(reply, published(id));
  }

  Answer execute(String code) {
    return ask(shell, "execute_request", code(code));
  }

  static JsonObject code(String code) {
    JsonObject content = new JsonObject();
    content.addProperty("code", code);
    content.addProperty("silent", false);
    content.addProperty("store_history", true);
    content.add("user_expressions", new JsonObject());
    content.addProperty("allow_stdin", false);
    content.addProperty("stop_on_error", true);
    return content;
  }

  static List<String> strings(JsonArray array) {
    return array.asList().stream().map(e -> e.getAsString()).toList();
  }

  boolean isDeadWithin(Duration time) throws InterruptedException {
    return process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    context.close();
    Files.deleteIfExists(connectionFile);
  }
}
