package grounds.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.model.Batch;
import grounds.model.DecoderConfig;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.model.Llama;
import grounds.model.LlamaConfig;
import grounds.model.script.ScriptOptions;
import grounds.scaling.MemoryEstimate.Plan;
import grounds.training.NativeStep;
import grounds.training.TrainingConfig;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AccountingTest {

  private static final GptConfig GPT2 = GptConfig.gpt2Small().withBias(false);

  private static Stream<Named<Supplier<LanguageModel>>> models() {
    GptConfig gpt = new GptConfig(11, 8, 12, 2, 3);
    LlamaConfig llama = new LlamaConfig(11, 8, 12, 2, 6);
    return Stream.of(
        Named.of("gpt", () -> new Gpt(gpt, 1)),
        Named.of("bias", () -> new Gpt(gpt.withBias(true), 1)),
        Named.of("untied", () -> new Gpt(gpt.withTiedHead(false), 1)),
        Named.of("llama", () -> new Llama(llama, 1)),
        Named.of("grouped", () -> new Llama(llama.withKeyValueHeads(2).withHidden(20), 1)),
        Named.of("llama tied", () -> new Llama(llama.withTiedHead(true), 1)));
  }

  @ParameterizedTest
  @MethodSource("models")
  void countsWhatAModelHas(Supplier<LanguageModel> make) {
    try (LanguageModel model = make.get()) {
      Term counted = ParameterCount.of((DecoderConfig) model.config());
      assertEquals(model.parameters().count(), (long) counted.value(), counted.toString());
      assertEquals(counted.value(), counted.leaves().mapToDouble(Term::value).sum());
    }
  }

  @Test
  void gpt2SmallAsPublished() {
    assertEquals(124_337_664, ParameterCount.of(GPT2).value());
    assertEquals(163_037_184, ParameterCount.of(GptConfig.gpt2Small().withTiedHead(false)).value());
    assertEquals(124_337_664 - 50257 * 768 - 1024 * 768, ParameterCount.withoutEmbeddings(GPT2));
    assertEquals(291_648_307_200.0, TrainingFlops.forwardOfMatrices(GPT2, 1024).value());
  }

  /** Where our count leaves nanoGPT's: half of attention's square, and what is no matrix. */
  @Test
  void theCountsDifferWhereTheySay() {
    Term matrices = TrainingFlops.forwardOfMatrices(GPT2, 1024);
    Term exact = TrainingFlops.forward(GPT2, 1024);
    double square = matrices.find("blocks/attention/scores").value();
    assertEquals(2.0 * 1024 * 1024 * 768 * 12, square);
    double triangle = exact.find("blocks/attention/scores").value();
    assertEquals(1025 / 2048.0, triangle / square, 1e-12);
    double onlyExact =
        exact
            .leaves()
            .filter(
                t ->
                    List.of("softmax", "activation", "norms", "sums with the stream", "last norm")
                        .contains(t.name()))
            .mapToDouble(Term::value)
            .sum();
    assertEquals(exact.value(), matrices.value() - 2 * (square - triangle) + onlyExact, 1);
    String tree = exact.toString();
    assertTrue(tree.contains("mixture of values") && tree.contains("%"), tree);
  }

  @Test
  void sixNdIsNearForLargeModels() {
    double large = TrainingFlops.sixNdError(new GptConfig(50257, 2048, 12288, 96, 96));
    double small = TrainingFlops.sixNdError(new GptConfig(65, 256, 96, 4, 3));
    assertEquals(0, large, 0.05);
    assertTrue(Math.abs(small) > Math.abs(large), small + " " + large);
    assertEquals(
        3 * TrainingFlops.forward(GPT2, 1024).value(),
        TrainingFlops.training(GPT2, 1024).value(),
        1);
    assertThrows(IllegalArgumentException.class, () -> TrainingFlops.sixNd(1, 0));
    assertThrows(IllegalArgumentException.class, () -> TrainingFlops.forward(GPT2, 1025));
  }

  /** What the native step says that its blocks keep. */
  @ParameterizedTest
  @MethodSource("models")
  void activationsAreThoseOfTheNativeStep(Supplier<LanguageModel> make) {
    try (LanguageModel model = make.get()) {
      DecoderConfig config = (DecoderConfig) model.config();
      int batch = 4;
      Batch windows = Batch.ofWindows(new int[batch][config.contextLength() + 1]);
      for (boolean checkpointing : new boolean[] {false, true}) {
        try (NativeStep step =
            NativeStep.of(
                    model,
                    TrainingConfig.of(1, batch, 1e-3),
                    ScriptOptions.DEFAULT.withCheckpointing(checkpointing))
                .orElseThrow()) {
          Term memory =
              MemoryEstimate.training(config, batch, Plan.FLOAT32.withCheckpointing(checkpointing));
          assertEquals(
              step.activationBytes(windows), memory.find("activations/kept by the blocks").value());
        }
      }
    }
  }

  /** Rajbhandari et al. 2020, figure 1: 7.5 billion parameters on 64 devices, in gigabytes. */
  @Test
  void zeroAsInItsPaper() {
    GptConfig config = new GptConfig(50257, 1024, 4096, 36, 32);
    double n = ParameterCount.of(config).value();
    double[] wanted = {120, 31.4, 16.6, 1.9};
    for (int stage = 0; stage < wanted.length; stage++) {
      Term memory = MemoryEstimate.training(config, 1, Plan.MIXED.withZero(stage, 64));
      double perParameter = (memory.value() - memory.find("activations").value()) / n;
      assertEquals(wanted[stage], perParameter * 7.5, 0.05);
    }
    assertThrows(IllegalArgumentException.class, () -> Plan.MIXED.withZero(4, 2));
    assertThrows(IllegalArgumentException.class, () -> Plan.MIXED.withZero(1, 0));
    assertThrows(
        IllegalArgumentException.class, () -> MemoryEstimate.training(config, 0, Plan.MIXED));
  }

  @Test
  void theCacheOfGpt2Small() {
    Term memory = MemoryEstimate.generation(GPT2, 1, 4);
    assertEquals(73_728.0 * 1024, memory.find("cache").value());
    Term grouped =
        MemoryEstimate.generation(new LlamaConfig(100, 32, 32, 2, 4).withKeyValueHeads(1), 1, 4);
    assertEquals(2.0 * 32 * 2 * 8 * 4, grouped.find("cache").value());
    assertThrows(IllegalArgumentException.class, () -> MemoryEstimate.generation(GPT2, 0, 4));
  }

  private record Published(
      String name,
      double parameters,
      double tokens,
      double flops,
      Hardware hardware,
      double deviceHours) {}

  /** Training runs as their papers give them, from 6 N D. */
  @Test
  void publishedRunsFromFirstPrinciples() {
    List<Published> runs =
        List.of(
            // Brown et al. 2020, table D.1: 3.14e23 operations.
            new Published("GPT-3", 174.6e9, 300e9, 3.14e23, Hardware.V100, Double.NaN),
            // Hoffmann et al. 2022: the budget of Gopher, 5.76e23.
            new Published("Chinchilla", 70e9, 1.4e12, 5.76e23, Hardware.TPU_V4, Double.NaN),
            // Touvron et al. 2023, table 15: 1,022,362 hours on A100.
            new Published("LLaMA-65B", 65.2e9, 1.4e12, Double.NaN, Hardware.A100, 1_022_362),
            // DeepSeek-AI 2024: 2.664 million hours on H800 before training, 37 B active.
            new Published("DeepSeek-V3", 37e9, 14.8e12, Double.NaN, Hardware.H800, 2.664e6));
    for (Published run : runs) {
      double flops = TrainingFlops.sixNd(run.parameters, run.tokens);
      if (!Double.isNaN(run.flops)) {
        assertEquals(1, flops / run.flops, 0.03, run.name);
      }
      if (!Double.isNaN(run.deviceHours)) {
        double utilization = TrainingCost.utilization(flops, run.hardware, run.deviceHours);
        assertTrue(utilization > 0.3 && utilization < 0.5, run.name + " " + utilization);
        TrainingCost cost = new TrainingCost(flops, run.hardware, 2048, utilization);
        assertEquals(run.deviceHours, cost.deviceHours(), 1);
        assertEquals(run.deviceHours / 2048, cost.hours(), 1);
      }
    }
    TrainingCost deepSeek =
        new TrainingCost(TrainingFlops.sixNd(37e9, 14.8e12), Hardware.H800, 2048, 0.35);
    assertEquals(1, deepSeek.deviceHours() / 2.664e6, 0.05);
    assertEquals(1, deepSeek.dollars() / 5.328e6, 0.05);
    assertThrows(
        IllegalArgumentException.class, () -> new TrainingCost(1e20, Hardware.H100, 1, 1.2));
    assertThrows(IllegalArgumentException.class, () -> new TrainingCost(0, Hardware.H100, 1, 0.4));
    assertThrows(IllegalArgumentException.class, () -> new Hardware("none", 0, 1, 1));
  }

  @Test
  void aTermNamesItsParts() {
    Term one = Term.of("a", 2, "bytes", "x");
    Term sum = Term.sum("sum", one, Term.of("b", 3, "bytes", "y")).times(2, "twice");
    assertEquals(10, sum.value());
    assertEquals(4, sum.find("a").value());
    String message = assertThrows(IllegalArgumentException.class, () -> sum.find("c")).getMessage();
    assertTrue(message.contains("[a, b]"), message);
    assertThrows(
        IllegalArgumentException.class, () -> Term.sum("mixed", one, Term.of("c", 1, "FLOPs", "")));
    assertThrows(IllegalArgumentException.class, () -> Term.of("d", -1, "bytes", ""));
  }
}
