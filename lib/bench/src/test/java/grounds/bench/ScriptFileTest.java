package grounds.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import grounds.model.Gpt;
import grounds.model.script.ScriptOptions;
import grounds.training.NativeStep;
import grounds.training.TrainingConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScriptFileTest {

  private static final String SMALL = "T8 C12 L2 H2 B4 V11";

  @TempDir Path folder;

  @Test
  void scriptIsTheOneThatTheNativeStepRuns() {
    Workload workload = Workload.of(SMALL);
    TrainingConfig config = TrainingConfig.of(1, workload.batch(), 1e-3);
    try (Gpt model = new Gpt(workload.shape(), 1);
        NativeStep step = NativeStep.of(model, config, ScriptOptions.DEFAULT).orElseThrow()) {
      assertEquals(
          step.script().text(),
          ScriptFile.of(model, config, ScriptOptions.DEFAULT).script().text());
    }
  }

  @Test
  void filesHoldTheTextAndWhatToGiveIt() throws IOException {
    String[] arguments = {
      "--folder", folder.toString(), "--workload", SMALL, "--precision", "bfloat16"
    };
    ScriptFile.main(arguments);
    try (ZipFile archive = new ZipFile(folder.resolve("script.pt").toFile())) {
      String text =
          new String(
              archive
                  .getInputStream(
                      archive.stream()
                          .filter(entry -> entry.getName().endsWith("code/__torch__.py"))
                          .findFirst()
                          .orElseThrow())
                  .readAllBytes(),
              StandardCharsets.UTF_8);
      // Autograd differentiates the attention of any device.
      assertTrue(text.contains("torch.grad("), text);
    }
    JsonObject about =
        JsonParser.parseString(Files.readString(folder.resolve("script.json"))).getAsJsonObject();
    JsonObject parameters = about.get("parameters").getAsJsonObject();
    assertEquals("[11,12]", parameters.get("tokenEmbedding.weight").toString());
    assertEquals("tokenEmbedding.weight", parameters.keySet().iterator().next());
    List<String> groups = new ArrayList<>();
    about.get("decayed").getAsJsonArray().forEach(name -> groups.add(name.getAsString()));
    assertTrue(groups.contains("head.weight") && !groups.contains("finalNorm.weight"));
    about.get("plain").getAsJsonArray().forEach(name -> groups.add(name.getAsString()));
    assertEquals(parameters.keySet().stream().sorted().toList(), groups.stream().sorted().toList());
    assertEquals(1.0, about.get("update").getAsJsonObject().get("maxGradientNorm").getAsDouble());
  }
}
