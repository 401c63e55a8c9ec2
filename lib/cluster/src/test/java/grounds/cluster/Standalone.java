package grounds.cluster;

import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A master and workers of Spark as processes on this machine. Their home holds Spark's jars alone,
 * as a cluster's does that never heard of this library.
 */
final class Standalone implements AutoCloseable {

  private static final Path MODULE = Path.of("").toAbsolutePath();

  /** Of the jars that the library needs too, those that are Spark's as well. */
  private static final String SHARED =
      "(RoaringBitmap|checker-qual|commons-|error_prone|failureaccess|gson|guava|icu4j|j2objc|jsr305"
          + "|listenablefuture|slf4j-api|univocity).*";

  private final Path folder;
  private final Path home;
  private final String url;
  private final List<Process> processes = new ArrayList<>();

  Standalone(Path folder) throws Exception {
    this.folder = folder;
    home = folder.resolve("spark");
    Path jars = Files.createDirectories(home.resolve("jars"));
    for (Path jar : classPath("spark.classpath")) {
      Files.createSymbolicLink(jars.resolve(jar.getFileName()), jar);
    }
    for (Path jar : classPath("dependencies.classpath")) {
      if (jar.getFileName().toString().matches(SHARED)) {
        Files.createSymbolicLink(jars.resolve(jar.getFileName()), jar);
      }
    }
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    url = "spark://127.0.0.1:" + port;
    Process master =
        start(
            "master",
            Map.of(),
            "org.apache.spark.deploy.master.Master",
            "--host",
            "127.0.0.1",
            "--port",
            Integer.toString(port),
            "--webui-port",
            "0");
    while (!answers(port)) {
      if (!master.isAlive()) {
        throw new IllegalStateException(Files.readString(folder.resolve("master.log")));
      }
      Thread.sleep(50);
    }
  }

  private static List<Path> classPath(String name) throws IOException {
    String all = Files.readString(MODULE.resolve("target").resolve(name)).strip();
    List<Path> jars = new ArrayList<>();
    for (String jar : all.split(File.pathSeparator)) {
      jars.add(Path.of(jar));
    }
    return jars;
  }

  private static boolean answers(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  String url() {
    return url;
  }

  /** A worker with one core; what its executors say goes to files below its folder. */
  Process startWorker(String name, Map<String, String> environment) throws IOException {
    return start(
        name,
        environment,
        "org.apache.spark.deploy.worker.Worker",
        "--host",
        "127.0.0.1",
        "--cores",
        "1",
        "--memory",
        "2g",
        "--webui-port",
        "0",
        "--work-dir",
        folder.resolve(name).toString(),
        url);
  }

  private Process start(String name, Map<String, String> environment, String main, String... args)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + MODULE.resolve("java.options"));
    command.addAll(List.of("-Xmx512m", "-cp", home.resolve("jars") + File.separator + "*", main));
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("SPARK_HOME", home.toString());
    builder.environment().put("SPARK_SCALA_VERSION", "2.13");
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    builder.environment().putAll(environment);
    Process process =
        builder
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve(name + ".log").toFile())
            .start();
    processes.add(process);
    return process;
  }

  /** What a machine does that loses its power: the worker and its executors, at once. */
  static void kill(Process worker) {
    List<ProcessHandle> executors = worker.descendants().toList();
    worker.destroyForcibly().onExit().join();
    executors.forEach(ProcessHandle::destroyForcibly);
  }

  @Override
  public void close() {
    for (Process process : processes) {
      kill(process);
    }
  }
}
