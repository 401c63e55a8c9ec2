package grounds.bench;

import com.google.gson.GsonBuilder;
import grounds.model.Gpt;
import grounds.model.LanguageModel;
import grounds.model.script.DecoderScript;
import grounds.model.script.ScriptOptions;
import grounds.model.script.ScriptOptions.AttentionKernel;
import grounds.tensor.Parameter;
import grounds.tensor.Script;
import grounds.tensor.ScriptModule;
import grounds.training.AdamW;
import grounds.training.TrainingConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The script of a GPT's training as two files for {@code python/run_script.py}: {@code script.pt},
 * which {@code torch.jit.load} reads, and {@code script.json}, which says what to give it. So the
 * text that we run can be checked, timed and profiled wherever a Python with PyTorch is, such as on
 * a GPU.
 *
 * <pre>ScriptFile --folder FOLDER --workload "T64 C192 L4 H3 B32" [--precision float32|bfloat16]
 *     [--attention cpu|any_device] [--checkpointing true] [--kernels default|onednn]</pre>
 *
 * @param parameters names and shapes of all weights, in the order in which {@code setup} wants them
 * @param decayed the names of those that decay, in the order of their gradients
 * @param plain the names of those that do not; their gradients follow
 * @param update the dials of AdamW, which are in the text too
 */
record ScriptFile(
    Script script,
    Map<String, long[]> parameters,
    List<String> decayed,
    List<String> plain,
    DecoderScript.Update update) {

  private static final Map<String, String> DEFAULTS = new LinkedHashMap<>();

  static {
    DEFAULTS.put("folder", ".");
    DEFAULTS.put("workload", "T64 C192 L4 H3 B32");
    DEFAULTS.put("precision", "float32");
    DEFAULTS.put("attention", "any_device"); // or cpu: the kernel that is called by name
    DEFAULTS.put("checkpointing", "false");
    DEFAULTS.put("kernels", "default"); // or onednn, where that is in Python's PyTorch
  }

  /** The script of a GPT, which has no constants. */
  static ScriptFile of(Gpt model, TrainingConfig config, ScriptOptions options) {
    Map<String, long[]> parameters = new LinkedHashMap<>();
    model.parameters().stream()
        .forEach(p -> parameters.put(p.name(), p.array().getShape().getShape()));
    List<String> decayed = names(model, true);
    List<String> plain = names(model, false);
    AdamW.Config optimizer = config.optimizer();
    DecoderScript.Update update =
        new DecoderScript.Update(
            optimizer.beta1(),
            optimizer.beta2(),
            optimizer.epsilon(),
            optimizer.weightDecay(),
            config.maxGradientNorm().orElse(Double.POSITIVE_INFINITY));
    Script script =
        DecoderScript.of(model, options)
            .orElseThrow()
            .training(List.copyOf(parameters.keySet()), decayed, plain, update);
    return new ScriptFile(script, parameters, decayed, plain, update);
  }

  private static List<String> names(LanguageModel model, boolean matrices) {
    return model
        .parameters()
        .trained()
        .filter(p -> p.isMatrix() == matrices)
        .map(Parameter::name)
        .toList();
  }

  /** Writes both files. */
  public static void main(String[] args) {
    Arguments arguments = new Arguments(DEFAULTS, args);
    Workload workload = Workload.of(arguments.text("workload"));
    Path folder = Path.of(arguments.text("folder"));
    try (Gpt model = new Gpt(workload.shape(), 1)) {
      ScriptOptions options =
          StepServer.options(model, arguments)
              .withAttention(
                  AttentionKernel.valueOf(arguments.text("attention").toUpperCase(Locale.ROOT)));
      ScriptFile file = of(model, TrainingConfig.of(1, workload.batch(), 1e-3), options);
      Map<String, Object> about = new LinkedHashMap<>();
      about.put("workload", arguments.text("workload"));
      about.put("precision", arguments.text("precision"));
      about.put("parameters", file.parameters);
      about.put("decayed", file.decayed);
      about.put("plain", file.plain);
      about.put("update", file.update);
      Files.createDirectories(folder);
      Files.write(folder.resolve("script.pt"), ScriptModule.archive(file.script));
      Files.writeString(
          folder.resolve("script.json"),
          new GsonBuilder().setPrettyPrinting().create().toJson(about));
    } catch (IOException e) {
      throw new UncheckedIOException("Could not write the script into " + folder, e);
    }
  }
}
