package grounds.course;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * {@code notebooks/lab} as a learner starts it, at the smallest size, on a copy of the notebooks
 * without outputs: what a test saves in the browser leaves the lessons alone.
 */
final class LabServer {

  private final Process process;
  private final HttpClient client = HttpClient.newHttpClient();
  private final Path notebooks;
  private final int port;
  private final String token = UUID.randomUUID().toString();

  private LabServer(Path root) throws IOException {
    notebooks = copy(root);
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    ProcessBuilder builder =
        new ProcessBuilder(notebooks.resolve("lab").toString(), "--no-browser", "--port=" + port)
            .redirectErrorStream(true)
            .redirectOutput(log().toFile());
    builder.environment().put("GROUNDS_LAB_NO_BUILD", "1");
    builder.environment().put("GROUNDS_SIZE", "smoke");
    builder.environment().put("GROUNDS_STATE", Lab.NOTEBOOKS.resolve(".lab").toString());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("JUPYTER_TOKEN", token);
    process = builder.start();
  }

  /** Starts a lab and waits until it answers. */
  static LabServer start(Path root) throws Exception {
    LabServer server = new LabServer(root);
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(8);
    while (!Files.readString(server.log()).contains("The course is open at")) {
      if (!server.process.isAlive() || System.nanoTime() > deadline) {
        server.stop();
        throw new AssertionError("no lab:\n" + Files.readString(server.log()));
      }
      Thread.sleep(200);
    }
    return server;
  }

  /** The folders that the lab needs, but for the notebooks as links. */
  private static Path copy(Path root) throws IOException {
    deleteAll(root);
    Files.createDirectories(root);
    for (String name : List.of("pom.xml", "lib", "data")) {
      Files.createSymbolicLink(root.resolve(name), Lab.ROOT.resolve(name));
    }
    Path notebooks = root.resolve("notebooks");
    Files.createDirectories(notebooks.resolve("solutions"));
    for (Path folder : List.of(Path.of(""), Path.of("solutions"))) {
      try (Stream<Path> files = Files.list(Lab.NOTEBOOKS.resolve(folder))) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          Path target = notebooks.resolve(folder).resolve(file.getFileName());
          Files.copy(file, target);
          if (target.toString().endsWith(".ipynb")) {
            NotebookFile.strip(target);
          }
        }
      }
    }
    return notebooks;
  }

  private static void deleteAll(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) { // which follows no links
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Where the copies of the notebooks lie. */
  Path notebooks() {
    return notebooks;
  }

  int port() {
    return port;
  }

  /** The address of a notebook's page, in a workspace of the tests' own and with no other open. */
  String address(String notebook) {
    return "http://127.0.0.1:%d/lab/workspaces/tests/tree/%s?reset&token=%s"
        .formatted(port, notebook, token);
  }

  boolean isJupyterLab() throws IOException, InterruptedException {
    return ask("GET", "/lab", token).statusCode() == 200;
  }

  HttpResponse<String> ask(String method, String path, String withToken)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .header("Authorization", "token " + withToken)
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build();
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }

  /** The session of an open notebook: which kernel it has, and what that does. */
  Optional<JsonObject> session(String notebook) throws IOException, InterruptedException {
    JsonArray sessions =
        JsonParser.parseString(ask("GET", "/api/sessions", token).body()).getAsJsonArray();
    for (JsonElement element : sessions) {
      JsonObject session = element.getAsJsonObject();
      if (session.get("path").getAsString().equals(notebook)) {
        return Optional.of(session);
      }
    }
    return Optional.empty();
  }

  Optional<String> kernel(String notebook) throws IOException, InterruptedException {
    return session(notebook).map(s -> s.getAsJsonObject("kernel").get("id").getAsString());
  }

  boolean isIdle(String notebook) throws IOException, InterruptedException {
    return session(notebook)
        .map(s -> s.getAsJsonObject("kernel").get("execution_state").getAsString())
        .filter("idle"::equals)
        .isPresent();
  }

  /** Waits until a page has the notebook's kernel: before, it asks which one to start. */
  void awaitKernel(String notebook) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (!isIdle(notebook)
        || session(notebook).orElseThrow().getAsJsonObject("kernel").get("connections").getAsInt()
            == 0) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("no kernel for " + notebook + ": " + session(notebook));
      }
      Thread.sleep(200);
    }
    Thread.sleep(500); // until the page has noticed
  }

  /** Ends the kernel of a notebook. */
  void shutDown(String notebook) throws IOException, InterruptedException {
    Optional<JsonObject> session = session(notebook);
    if (session.isPresent()) {
      ask("DELETE", "/api/sessions/" + session.get().get("id").getAsString(), token);
    }
  }

  Path log() {
    return notebooks.resolveSibling("log");
  }

  void stop() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
