package grounds.scaling;

import grounds.model.DecoderConfig;
import java.util.List;

/**
 * How much memory training and generation take on one device, by kind.
 *
 * <pre>{@code
 * Term bytes = MemoryEstimate.training(config, 8, MemoryEstimate.Plan.MIXED.withZero(3, 64));
 * }</pre>
 */
public final class MemoryEstimate {

  private static final String UNIT = "bytes";

  private MemoryEstimate() {}

  /** The numbers that are kept, by their bytes. */
  public enum Storage {
    /** Weights, gradients and AdamW's two means in float32: 16 bytes a parameter. */
    FLOAT32(4, 4, 8, 4),
    /**
     * Half-precision weights and gradients; the optimizer keeps the weights in float32 beside its
     * means: 2 + 2 + 12 bytes a parameter (Micikevicius et al. 2018; Rajbhandari et al. 2020).
     */
    MIXED(2, 2, 12, 2);

    private final int weight;
    private final int gradient;
    private final int optimizer;
    private final int activation;

    Storage(int weight, int gradient, int optimizer, int activation) {
      this.weight = weight;
      this.gradient = gradient;
      this.optimizer = optimizer;
      this.activation = activation;
    }
  }

  /**
   * How a model is trained.
   *
   * @param storage what is kept of each value
   * @param zero the stage of ZeRO: what the devices share out instead of each keeping all. 0
   *     nothing, 1 the optimizer's state, 2 gradients too, 3 weights too (Rajbhandari et al. 2020)
   * @param devices how many share
   * @param checkpointing whether blocks keep only their input (Chen et al. 2016)
   */
  public record Plan(Storage storage, int zero, int devices, boolean checkpointing) {

    /** Float32 on one device. */
    public static final Plan FLOAT32 = new Plan(Storage.FLOAT32, 0, 1, false);

    /** Mixed precision on one device. */
    public static final Plan MIXED = new Plan(Storage.MIXED, 0, 1, false);

    public Plan {
      if (zero < 0 || zero > 3) {
        throw new IllegalArgumentException("Wanted a stage of ZeRO from 0 to 3, got " + zero + ".");
      }
      if (devices < 1) {
        throw new IllegalArgumentException("Wanted 1 or more devices, got " + devices + ".");
      }
    }

    public Plan withZero(int zero, int devices) {
      return new Plan(storage, zero, devices, checkpointing);
    }

    public Plan withCheckpointing(boolean checkpointing) {
      return new Plan(storage, zero, devices, checkpointing);
    }
  }

  /**
   * Memory of a training step on one device: what each parameter takes, and what the forward pass
   * keeps for the backward pass of as many full windows. Scores of attention are not kept (fused
   * attention computes them again), nor do copies within an operation count.
   *
   * @param batch windows on one device
   */
  public static Term training(DecoderConfig config, int batch, Plan plan) {
    if (batch < 1) {
      throw new IllegalArgumentException("Wanted 1 or more windows, got " + batch + ".");
    }
    double n = ParameterCount.of(config).value();
    Storage each = plan.storage;
    return Term.sum(
        "training",
        perParameter("weights", n, each.weight, plan, 3),
        perParameter("gradients", n, each.gradient, plan, 2),
        perParameter("optimizer", n, each.optimizer, plan, 1),
        activations(config, batch, plan));
  }

  private static Term perParameter(
      String name, double parameters, int bytes, Plan plan, int sharedFrom) {
    boolean shared = plan.zero >= sharedFrom && plan.devices > 1;
    double value = parameters * bytes / (shared ? plan.devices : 1);
    return Term.of(
        name, value, UNIT, bytes + " N" + (shared ? " / " + plan.devices + " devices" : ""));
  }

  private static Term activations(DecoderConfig config, int batch, Plan plan) {
    Anatomy a = Anatomy.of(config);
    double positions = (double) batch * a.context();
    int bytes = plan.storage.activation;
    double kept = plan.checkpointing ? a.channels() : keptPerPosition(a);
    Term blocks =
        Term.of(
            "kept by the blocks",
            positions * a.layers() * kept * bytes,
            UNIT,
            bytes
                + " B T L "
                + (plan.checkpointing ? "C" : a.gated() ? "(8 C + 2 K + 4 F)" : "16 C"));
    Term again =
        Term.of(
            "one block computed again",
            plan.checkpointing ? positions * keptPerPosition(a) * bytes : 0,
            UNIT,
            plan.checkpointing ? "what one block keeps without checkpointing" : "");
    Term logits =
        Term.of(
            "logits and their gradient", 2 * positions * a.vocabulary() * 4, UNIT, "2 × 4 B T V");
    return Term.sum(
        "activations",
        plan.checkpointing ? List.of(blocks, again, logits) : List.of(blocks, logits));
  }

  /**
   * GPT-2: the stream twice, two norms, query, key and value, their mixture, the wide layer before
   * and after its activation. Llama: norms leave two vectors each, the wide layer four.
   */
  private static double keptPerPosition(Anatomy a) {
    return a.gated()
        ? 8.0 * a.channels() + 2 * a.keyValueChannels() + 4 * a.hidden()
        : (2 + 2 + 3 + 1) * a.channels() + 2.0 * a.hidden();
  }

  /**
   * Memory of generation: weights, and the keys and values of a full context.
   *
   * @param texts written side by side
   * @param bytesPerValue 4 for float32, 2 for the halves, 1 for int8
   */
  public static Term generation(DecoderConfig config, int texts, double bytesPerValue) {
    if (texts < 1 || !(bytesPerValue > 0)) {
      throw new IllegalArgumentException(
          "Wanted 1 or more texts and bytes above 0, got " + texts + " and " + bytesPerValue + ".");
    }
    Anatomy a = Anatomy.of(config);
    double n = ParameterCount.of(config).value();
    double cache = 2.0 * texts * a.context() * a.layers() * a.keyValueChannels();
    return Term.sum(
        "generation",
        Term.of("weights", n * bytesPerValue, UNIT, bytesPerValue + " N"),
        Term.of("cache", cache * bytesPerValue, UNIT, bytesPerValue + " × 2 B T L K"));
  }
}
