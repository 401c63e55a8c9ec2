package grounds.course;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Reads docker-compose.yml with Docker Compose 2, where that is: no engine is needed for it. */
class ComposeTest {

  /** By GROUNDS_COMPOSE, as a plugin of Docker, or by itself. */
  private static Optional<List<String>> compose() {
    String named = System.getenv("GROUNDS_COMPOSE");
    return Stream.of(
            List.of(named == null ? "docker-compose" : named),
            List.of("docker", "compose"),
            List.of("docker-compose"))
        .filter(
            command ->
                run(command, Map.of(), "version")
                    .map(v -> v.contains(" v2") || v.contains(" 2."))
                    .orElse(false))
        .findFirst();
  }

  private static Optional<String> run(
      List<String> command, Map<String, String> environment, String... arguments) {
    List<String> all = new ArrayList<>(command);
    all.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(all).directory(Lab.ROOT.toFile()).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("COMPOSE_"));
    builder.environment().putAll(environment);
    try {
      Process process = builder.start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0
          ? Optional.of(output)
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static JsonObject services(Map<String, String> environment, String... profile) {
    Optional<List<String>> compose = compose();
    if (compose.isEmpty()) {
      String reason =
          "docker-compose.yml was not checked: there is no Docker Compose 2 on the PATH.";
      System.err.println(reason);
      assumeTrue(false, reason);
    }
    List<String> arguments = new ArrayList<>(List.of(profile));
    arguments.addAll(List.of("config", "--format", "json"));
    String text =
        run(compose.orElseThrow(), environment, arguments.toArray(String[]::new))
            .orElseThrow(() -> new AssertionError("docker-compose.yml is not valid"));
    return JsonParser.parseString(text.substring(text.indexOf('{')))
        .getAsJsonObject()
        .getAsJsonObject("services");
  }

  @Test
  void withoutAProfileTheLabForACpuStartsForThisMachineAlone() {
    JsonObject services = services(Map.of());
    assertEquals(Set.of("lab"), services.keySet());
    JsonObject lab = services.getAsJsonObject("lab");
    JsonObject port = lab.getAsJsonArray("ports").get(0).getAsJsonObject();
    assertEquals("127.0.0.1", port.get("host_ip").getAsString());
    assertEquals("8888", port.get("published").getAsString());
    assertEquals("1000:1000", lab.get("user").getAsString());
    assertEquals(services, services(Map.of(), "--profile", "cpu"));
  }

  @Test
  void aGpuIsReservedAndAskedFor() {
    JsonObject services = services(Map.of(), "--profile", "gpu");
    assertEquals(Set.of("lab-gpu"), services.keySet());
    JsonObject lab = services.getAsJsonObject("lab-gpu");
    JsonObject device =
        lab.getAsJsonObject("deploy")
            .getAsJsonObject("resources")
            .getAsJsonObject("reservations")
            .getAsJsonArray("devices")
            .get(0)
            .getAsJsonObject();
    assertEquals("nvidia", device.get("driver").getAsString());
    assertEquals("gpu", device.getAsJsonArray("capabilities").get(0).getAsString());
    assertEquals("gpu", lab.getAsJsonObject("environment").get("GROUNDS_DEVICE").getAsString());
    String flavor =
        lab.getAsJsonObject("build").getAsJsonObject("args").get("FLAVOR").getAsString();
    assertEquals("cu128", flavor);
  }

  @Test
  void aClusterHasOneLabAMasterAndWorkersThatShareItsFiles() {
    JsonObject services = services(Map.of("GROUNDS_WORKERS", "3"), "--profile", "cluster");
    assertEquals(Set.of("lab-cluster", "spark-master", "spark-worker"), services.keySet());
    JsonObject worker = services.getAsJsonObject("spark-worker");
    assertEquals(3, worker.getAsJsonObject("deploy").get("replicas").getAsInt());
    JsonElement files = services.getAsJsonObject("lab-cluster").get("volumes");
    for (String name : services.keySet()) {
      assertEquals(files, services.getAsJsonObject(name).get("volumes"), name);
      boolean isLab = name.equals("lab-cluster");
      assertEquals(isLab, services.getAsJsonObject(name).has("ports"), "Spark has no password");
    }
  }

  @Test
  void portAddressAndTokenAreChosenByTheEnvironment() {
    JsonObject lab =
        services(
                Map.of(
                    "GROUNDS_PORT", "9000", "GROUNDS_BIND", "0.0.0.0", "JUPYTER_TOKEN", "secret"))
            .getAsJsonObject("lab");
    JsonObject port = lab.getAsJsonArray("ports").get(0).getAsJsonObject();
    assertEquals("0.0.0.0", port.get("host_ip").getAsString());
    assertEquals("9000", port.get("published").getAsString());
    assertEquals(9000, port.get("target").getAsInt());
    assertTrue(lab.getAsJsonArray("command").toString().endsWith("\"--port\",\"9000\"]"));
    assertTrue(lab.getAsJsonObject("healthcheck").toString().contains("127.0.0.1:9000"));
    assertEquals("secret", lab.getAsJsonObject("environment").get("JUPYTER_TOKEN").getAsString());
  }
}
