package grounds.kernel;

import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.dflib.jjava.jupyter.channels.JupyterConnection;
import org.dflib.jjava.jupyter.channels.JupyterSocket;
import org.dflib.jjava.jupyter.kernel.KernelConnectionProperties;
import org.dflib.jjava.jupyter.messages.Header;
import org.dflib.jjava.jupyter.messages.KernelTimestamp;
import org.dflib.jjava.jupyter.messages.Message;
import org.dflib.jjava.jupyter.messages.MessageType;
import org.dflib.jjava.jupyter.messages.reply.InputReply;
import org.zeromq.ZMQ;

/**
 * The five sockets to Jupyter. Contents go out as JSON that this package writes, since the reply
 * classes of the base library lack fields that the protocol requires (status, session, seconds in
 * the date).
 */
final class Channels extends JupyterConnection {

  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'");
  private static final long POLL_MILLIS = 20;

  private final KernelConnectionProperties properties;
  private final String session = UUID.randomUUID().toString();

  Channels(KernelConnectionProperties properties) throws GeneralSecurityException {
    super(properties);
    this.properties = properties;
    // A subscriber that is slow for a moment must not lose messages.
    iopub.setSndHWM(0);
  }

  /** Opens the sockets; requests first come in when all else is there. */
  @Override
  public void connect() {
    heartbeat.bind(properties);
    iopub.bind(properties);
    stdin.bind(properties);
    publish(null, "status", Kernel.content("execution_state", "starting"));
    control.bind(properties);
    shell.bind(properties);
  }

  /** Sends to every front end; parent is the request that made it, null at start-up. */
  void publish(Message<?> parent, String type, JsonObject content) {
    iopub.sendMessage(
        message(List.of(type.getBytes(StandardCharsets.UTF_8)), parent, type, content));
  }

  /** Sends to the front end that asked. */
  void reply(JupyterSocket socket, Message<?> request, String type, JsonObject content) {
    socket.sendMessage(message(request.getIdentities(), request, type, content));
  }

  /** Whether a message waits to be read; only for the thread that reads the socket. */
  static boolean hasMessage(ZMQ.Socket socket) {
    return (socket.getEvents() & ZMQ.Poller.POLLIN) != 0;
  }

  /** Asks the front end of a request for a line of text. */
  synchronized String readLine(Message<?> request, String prompt) throws InterruptedException {
    while (hasMessage(stdin)) {
      stdin.readMessage(); // the answer to a question that was interrupted
    }
    JsonObject content = new JsonObject();
    content.addProperty("prompt", prompt);
    content.addProperty("password", false);
    reply(stdin, request, "input_request", content);
    while (!hasMessage(stdin)) {
      Thread.sleep(POLL_MILLIS);
    }
    return stdin.readMessage(InputReply.MESSAGE_TYPE).getContent().getValue();
  }

  private Message<?> message(
      List<byte[]> identities, Message<?> parent, String type, JsonObject content) {
    return typed(identities, parent, MessageType.getType(type), content);
  }

  @SuppressWarnings("unchecked")
  private <T> Message<T> typed(
      List<byte[]> identities, Message<?> parent, MessageType<T> type, JsonObject content) {
    Header<T> header =
        new Header<>(
            UUID.randomUUID().toString(),
            Header.KERNEL_USERNAME,
            session,
            new KernelTimestamp(DATE.format(OffsetDateTime.now(ZoneOffset.UTC))),
            type,
            Header.PROTOCOL_VERISON);
    return new Message<>(
        identities,
        header,
        parent == null ? null : parent.getHeader(),
        Map.of(),
        (T) content,
        null);
  }
}
