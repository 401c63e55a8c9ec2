package grounds.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class LoadWeightsTest {

  @TempDir Path folder;

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "reads /proc/self/status")
  void writesAndLoads() throws IOException {
    LoadWeights.main(
        new String[] {
          "--folder", folder.toString(), "--write", "true", "--workload", "T16 C32 L2 H2 B1"
        });
    Map<String, Double> result = LoadWeights.load(folder);
    assertTrue(result.get("seconds") > 0 && result.get("fileMegabytes") > 0.1, result.toString());
  }
}
