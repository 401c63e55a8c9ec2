package grounds.bench;

import com.google.gson.Gson;
import grounds.checkpoint.PublishedWeights;
import grounds.checkpoint.SafeTensors;
import grounds.checkpoint.TensorType;
import grounds.model.Gpt;
import grounds.model.LanguageModel;
import grounds.tensor.Devices;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What loading a published model costs in time and memory, as one line of JSON. Linux only: it
 * reads {@code /proc/self/status}.
 *
 * <pre>LoadWeights --folder FOLDER --write true [--workload "..."] [--type F32|F16|BF16]
 * LoadWeights --folder FOLDER</pre>
 *
 * <p>The first form writes a model of random weights into the folder. The second loads it, in a
 * process that has done nothing else.
 */
public final class LoadWeights {

  private static final Map<String, String> DEFAULTS =
      Map.of(
          "folder", ".",
          "write", "false",
          "workload", "T1024 B1 C768 L12 H12 V50257 tied",
          "type", "F32");

  private LoadWeights() {}

  /** Writes, or loads and prints. */
  public static void main(String[] args) throws IOException {
    Arguments arguments = new Arguments(DEFAULTS, args);
    Path folder = Path.of(arguments.text("folder"));
    if (arguments.flag("write")) {
      TensorType type = TensorType.valueOf(arguments.text("type").toUpperCase(Locale.ROOT));
      try (Gpt model = new Gpt(Workload.of(arguments.text("workload")).shape(), 1)) {
        PublishedWeights.save(folder, model, type);
      }
      return;
    }
    System.out.println(new Gson().toJson(load(folder)));
  }

  /** Seconds, and megabytes: of the file, of the process before, and most while it loaded. */
  static Map<String, Double> load(Path folder) throws IOException {
    Devices.newManager().close(); // the engine's own memory is none of the weights'
    Path weights = folder.resolve(PublishedWeights.WEIGHTS);
    SafeTensors.open(weights).close();
    double before = megabytes("VmRSS");
    long start = System.nanoTime();
    LanguageModel model = PublishedWeights.load(folder);
    double seconds = (System.nanoTime() - start) / 1e9;
    model.close();
    double file = Files.size(weights) / 1e6;
    double most = megabytes("VmHWM");
    Map<String, Double> result = new LinkedHashMap<>();
    result.put("seconds", seconds);
    result.put("fileMegabytes", file);
    result.put("residentBefore", before);
    result.put("residentMost", most);
    result.put("growthOfFile", (most - before) / file);
    return result;
  }

  private static double megabytes(String what) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith(what + ":"))
        .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) * 1024 / 1e6)
        .findFirst()
        .orElseThrow();
  }
}
