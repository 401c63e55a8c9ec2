package grounds.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import grounds.model.Batch;
import grounds.model.Bigram;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.model.Llama;
import grounds.model.LlamaConfig;
import grounds.model.layer.LowRank;
import grounds.model.script.ScriptOptions;
import grounds.tensor.Parameters;
import grounds.training.TrainingEvent.Stepped;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class ReplicatedStepTest {

  private static final int[] TEXT = TrainerTest.text(100, 3);
  private static final GptConfig GPT = new GptConfig(11, 8, 12, 2, 3);
  private static final TrainingConfig CONFIG =
      TrainingConfig.of(60, 4, 1e-2)
          .withEvaluation(10, 20)
          .withAccumulation(2)
          .withMaxGradientNorm(0.5);

  private final List<LanguageModel> models = new ArrayList<>();

  @AfterEach
  void close() {
    models.forEach(LanguageModel::close);
  }

  /** Models of seeds 1, 2, ... that are closed at the end. */
  private <M extends LanguageModel> List<M> make(int count, LongFunction<M> make) {
    List<M> made = new ArrayList<>();
    for (int seed = 1; seed <= count; seed++) {
      M model = make.apply(seed);
      models.add(model);
      made.add(model);
    }
    return made;
  }

  private List<Gpt> gpts(int count) {
    return make(count, seed -> new Gpt(GPT, seed));
  }

  private static ReplicatedStep replicated(List<? extends LanguageModel> replicas) {
    return new ReplicatedStep(replicas, CONFIG, ScriptOptions.DEFAULT);
  }

  private static NativeStep alone(LanguageModel model) {
    return NativeStep.of(model, CONFIG, ScriptOptions.DEFAULT).orElseThrow();
  }

  /** Five windows, another five at each step. */
  private static Batch five(int step) {
    return Batch.of(TEXT, 8, step % 90, 20, (step * 7) % 90, 33, (step * 13) % 90);
  }

  /** Of the five windows' 40 targets, few of the first windows' and all of the last's. */
  private static boolean[] uneven(int step) {
    boolean[] mask = new boolean[40];
    mask[step % 16] = true;
    Arrays.fill(mask, 20 + step % 9, 40, true);
    return mask;
  }

  private static void assertSame(LanguageModel expected, LanguageModel actual) {
    TrainerTest.assertSameWeights(TrainerTest.weights(expected), TrainerTest.weights(actual));
  }

  private static void assertClose(LanguageModel expected, LanguageModel actual) {
    List<float[]> weights = TrainerTest.weights(actual);
    for (int i = 0; i < weights.size(); i++) {
      // AdamW moves weights with next to no gradient by the sign of its rounding.
      assertArrayEquals(TrainerTest.weights(expected).get(i), weights.get(i), 1e-4f);
    }
  }

  private <M extends LanguageModel> void assertHundredStepsAsAlone(
      int replicas, LongFunction<M> make, Function<Integer, List<Batch>> batches) {
    M single = make(1, make).get(0);
    List<M> several = make(replicas, make);
    List<float[]> start = TrainerTest.weights(single);
    try (NativeStep one = alone(single);
        ReplicatedStep many = replicated(several)) {
      for (int i = 0; i < 100; i++) {
        TrainingStep.Result expected = one.take(batches.apply(i), 1e-3, i);
        TrainingStep.Result actual = many.take(batches.apply(i), 1e-3, i);
        assertEquals(expected.loss(), actual.loss(), 1e-5, "loss of step " + i);
        double norm = expected.gradientNorm();
        assertEquals(norm, actual.gradientNorm(), 2e-4 * Math.max(1, norm), "norm of step " + i);
      }
    }
    int last = start.size() - 1; // the last norm, or an adapter
    assertFalse(Arrays.equals(start.get(last), TrainerTest.weights(single).get(last)));
    several.forEach(replica -> assertClose(single, replica));
    several.forEach(replica -> assertSame(several.get(0), replica));
  }

  @Test
  void twoEqualOne() {
    assertHundredStepsAsAlone(2, seed -> new Gpt(GPT, seed), i -> List.of(five(i)));
  }

  @Test
  void threeEqualOneWithAccumulationAndAMask() {
    assertHundredStepsAsAlone(
        3,
        seed -> new Gpt(GPT.withBias(true), seed),
        i ->
            List.of(five(i).withMask(uneven(i)), five(i + 3), five(i + 5).withMask(uneven(i + 1))));
  }

  @Test
  void threeLlamasEqualOne() {
    LlamaConfig config = new LlamaConfig(11, 8, 24, 2, 4).withKeyValueHeads(2);
    assertHundredStepsAsAlone(
        3, seed -> new Llama(config, seed), i -> List.of(five(i), five(i + 1)));
  }

  @Test
  void adaptersEqualThoseOfOne() {
    assertHundredStepsAsAlone(
        2,
        seed -> {
          Gpt model = new Gpt(GPT, seed);
          model.adapt(new LowRank(2, 3), name -> true);
          return model;
        },
        i -> List.of(five(i)));
  }

  /** Only one window of the first batch counts, then only one of the second. */
  @Test
  void aReplicaWithNothingToCountAddsNothing() {
    boolean[] early = new boolean[40];
    early[5] = true;
    boolean[] late = new boolean[40];
    Arrays.fill(late, 33, 36, true);
    assertHundredStepsAsAlone(
        3,
        seed -> new Gpt(GPT, seed),
        i ->
            i % 2 == 0
                ? List.of(five(i).withMask(early), five(i + 1))
                : List.of(five(i + 1).withMask(late)));
  }

  @Test
  void oneReplicaIsAStepAloneBitForBit() {
    Gpt single = gpts(1).get(0);
    Gpt replica = gpts(1).get(0);
    try (NativeStep one = alone(single);
        ReplicatedStep many = replicated(List.of(replica))) {
      for (int i = 0; i < 20; i++) {
        List<Batch> batches = List.of(five(i), five(i + 1));
        assertEquals(one.take(batches, 1e-3, i), many.take(batches, 1e-3, i));
      }
    }
    assertSame(single, replica);
  }

  @Test
  void theFirstOnesWeightsAreCopiedAtTheStart() {
    List<Gpt> replicas = gpts(3);
    List<float[]> first = TrainerTest.weights(replicas.get(0));
    assertFalse(Arrays.equals(first.get(0), TrainerTest.weights(replicas.get(1)).get(0)));
    try (ReplicatedStep step = replicated(replicas)) {
      for (Gpt replica : replicas) {
        TrainerTest.assertSameWeights(first, TrainerTest.weights(replica));
      }
      assertTrue(
          step.computation().startsWith("3 replicas, each: native step"), step.computation());
    }
  }

  @Test
  void dropoutRepeatsItself() {
    List<List<float[]>> ends = new ArrayList<>();
    for (int run = 0; run < 3; run++) {
      List<Gpt> replicas = make(2, seed -> new Gpt(GPT.withDropout(0.3), seed));
      try (ReplicatedStep step = replicated(replicas)) {
        for (int i = 0; i < 30; i++) {
          step.take(List.of(five(i), five(i + 1)), 1e-2, i);
        }
      }
      assertSame(replicas.get(0), replicas.get(1));
      ends.add(TrainerTest.weights(replicas.get(0)));
    }
    TrainerTest.assertSameWeights(ends.get(0), ends.get(1));
    TrainerTest.assertSameWeights(ends.get(0), ends.get(2));
  }

  @Test
  void aStepThatIsNotFiniteChangesNobody() {
    List<Gpt> replicas = gpts(2);
    try (ReplicatedStep step = replicated(replicas)) {
      float[] good = replicas.get(0).parameters().get("finalNorm.weight").values();
      float[] bad = good.clone();
      bad[3] = Float.NaN;
      replicas.get(1).parameters().get("finalNorm.weight").load(bad); // one of them alone
      List<float[]> before = TrainerTest.weights(replicas.get(0));
      assertFalse(step.take(List.of(five(1)), 1e-2, 1).isFinite());
      TrainerTest.assertSameWeights(before, TrainerTest.weights(replicas.get(0)));
      replicas.get(1).parameters().get("finalNorm.weight").load(good);
      TrainerTest.assertSameWeights(before, TrainerTest.weights(replicas.get(1)));
      assertTrue(step.take(List.of(five(1)), 1e-2, 1).isFinite());
      assertSame(replicas.get(0), replicas.get(1));
    }
  }

  @Test
  void anInterruptLetsTheStepEnd() {
    List<Gpt> replicas = gpts(2);
    List<Gpt> undisturbed = gpts(2);
    Thread thread = Thread.currentThread();
    boolean[] done = {false};
    Thread nuisance =
        new Thread(
            () -> {
              while (!done[0] && !Thread.interrupted()) {
                thread.interrupt();
                Thread.onSpinWait();
              }
            });
    try (ReplicatedStep step = replicated(replicas);
        ReplicatedStep same = replicated(undisturbed)) {
      List<TrainingStep.Result> expected =
          IntStream.range(0, 20)
              .mapToObj(i -> same.take(List.of(five(i), five(i + 2)), 1e-2, i))
              .toList();
      nuisance.start();
      for (int i = 0; i < 20; i++) {
        thread.interrupt();
        assertEquals(expected.get(i), step.take(List.of(five(i), five(i + 2)), 1e-2, i));
        assertTrue(thread.isInterrupted(), "whoever runs the steps must hear of it");
      }
    } finally {
      nuisance.interrupt();
      boolean ended = false;
      while (!ended) {
        Thread.interrupted();
        try {
          nuisance.join();
          ended = true;
        } catch (InterruptedException e) {
          ended = false; // the nuisance's last one
        }
      }
      Thread.interrupted();
    }
    assertSame(replicas.get(0), replicas.get(1));
    assertSame(undisturbed.get(0), replicas.get(0));
  }

  private static Trainer trainer(LanguageModel model, TrainingStep step) {
    return new Trainer(model, TrainerTest.text(2000, 1), TrainerTest.text(500, 2), CONFIG, step);
  }

  @Test
  void anInterruptedRunGoesOn() {
    List<Gpt> replicas = gpts(2);
    Gpt whole = gpts(1).get(0);
    try (Trainer once = trainer(whole, replicated(List.of(whole, gpts(2).get(1))));
        Trainer trainer = trainer(replicas.get(0), replicated(replicas))) {
      once.run();
      trainer.listen(
          event -> {
            if (event instanceof Stepped && event.step() == 17) {
              Thread.currentThread().interrupt();
            }
          });
      String message = assertThrows(TrainingStoppedException.class, trainer::run).getMessage();
      assertTrue(message.contains("step 17 of 60"), message);
      assertSame(replicas.get(0), replicas.get(1));
      assertEquals(60, trainer.run().step());
    }
    assertSame(whole, replicas.get(0));
    assertSame(replicas.get(0), replicas.get(1));
  }

  /** A way to take a step with the given model, alone or as the first of replicas. */
  private interface Way extends Function<Gpt, TrainingStep> {}

  @Test
  void aRunMayChangeBetweenOneDeviceAndSeveralAtACheckpoint(@TempDir Path folder) {
    Way several = model -> replicated(List.of(model, new Gpt(GPT, 51), new Gpt(GPT, 52)));
    Way one = ReplicatedStepTest::alone;
    Way readable = model -> new ReadableStep(model, CONFIG.optimizer(), CONFIG.maxGradientNorm());
    List<Double> whole = losses(folder.resolve("whole"), one, one);
    assertEquals(60, whole.size());
    List<List<Way>> changes =
        List.of(
            List.of(several, one),
            List.of(several, readable),
            List.of(one, several),
            List.of(readable, several),
            List.of(several, several));
    for (int c = 0; c < changes.size(); c++) {
      List<Double> losses =
          losses(folder.resolve("change" + c), changes.get(c).get(0), changes.get(c).get(1));
      for (int i = 0; i < whole.size(); i++) {
        assertEquals(whole.get(i), losses.get(i), 1e-5, "change " + c + ", step " + (i + 1));
      }
    }
  }

  private static List<Double> losses(Path folder, Way before, Way after) {
    List<Double> losses = new ArrayList<>();
    TrainingListener note =
        event -> {
          if (event instanceof Stepped stepped) {
            losses.add(stepped.loss());
          }
        };
    try (Gpt model = new Gpt(GPT, 7);
        Trainer trainer = trainer(model, before.apply(model)).saveTo(folder)) {
      trainer.listen(note);
      trainer.listen(
          event -> {
            if (event instanceof Stepped && event.step() == 25) {
              trainer.stop();
            }
          });
      assertEquals(25, trainer.run().step());
    }
    try (Gpt model = new Gpt(GPT, 99);
        Trainer trainer = trainer(model, after.apply(model)).resumeFrom(folder)) {
      assertEquals(25, trainer.step());
      trainer.listen(note).run();
    }
    return losses;
  }

  @Test
  void resumedReplicasAreAlikeAndEndBitForBit(@TempDir Path folder) {
    List<Gpt> whole = gpts(2);
    try (Trainer trainer = trainer(whole.get(0), replicated(whole)).saveTo(folder)) {
      trainer.listen(
          event -> {
            if (event instanceof Stepped && event.step() == 25) {
              trainer.stop();
            }
          });
      trainer.run();
      List<Gpt> resumed = make(2, seed -> new Gpt(GPT, 90 + seed));
      try (Trainer other = trainer(resumed.get(0), replicated(resumed)).resumeFrom(folder)) {
        assertSame(whole.get(0), resumed.get(0));
        assertSame(whole.get(0), resumed.get(1));
        other.run();
      }
      trainer.run();
      assertSame(whole.get(0), resumed.get(0));
      assertSame(whole.get(0), resumed.get(1));
    }
  }

  @Test
  void memoryStaysFlat() {
    List<Gpt> replicas = gpts(2);
    boolean[] few = new boolean[40];
    few[5] = true;
    try (ReplicatedStep step = replicated(replicas)) {
      List<NDManager> managers =
          replicas.stream().map(replica -> replica.parameters().manager()).toList();
      step.take(List.of(five(0)), 1e-3, 0);
      List<Integer> before = managers.stream().map(m -> m.getManagedArrays().size()).toList();
      for (int i = 0; i < 100; i++) {
        step.take(List.of(five(i).withMask(few), five(i)), 1e-3, i);
      }
      assertEquals(before, managers.stream().map(m -> m.getManagedArrays().size()).toList());
    }
  }

  private static void assertRefused(String part, List<? extends LanguageModel> replicas) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> replicated(replicas)).getMessage();
    assertTrue(message.contains(part), message);
  }

  @Test
  void replicasThatAreNoneAreRefused() {
    assertRefused("one model or more, got none", List.of());
    Gpt gpt = gpts(1).get(0);
    assertRefused("a model for each replica, got one twice", List.of(gpt, gpt));
    List<Bigram> bigrams = make(2, seed -> new Bigram(new Bigram.Config(11, 8), seed));
    assertRefused("a native step, got Bigram on PyTorch", bigrams);
    assertFalse(
        Arrays.equals(
            TrainerTest.weights(bigrams.get(0)).get(0), TrainerTest.weights(bigrams.get(1)).get(0)),
        "what is refused stays as it was");
  }

  @Test
  void replicasThatDifferAreRefused() {
    Gpt gpt = gpts(1).get(0);
    Gpt biased = make(1, seed -> new Gpt(GPT.withBias(true), seed)).get(0);
    assertRefused("of one config, got " + GPT + " and " + biased.config(), List.of(gpt, biased));
    List<Gpt> adapted = gpts(4);
    adapted.get(0).adapt(new LowRank(2, 3), name -> true);
    adapted.get(1).adapt(new LowRank(2, 4), name -> true);
    adapted.get(2).adapt(new LowRank(2, 3), name -> name.endsWith("output"));
    adapted.get(3).parameters().get("finalNorm.weight").array().setRequiresGradient(false);
    assertRefused("the same adapters", List.of(adapted.get(0), gpt));
    assertRefused("alpha=3.0", List.of(adapted.get(0), adapted.get(1)));
    assertRefused("the same adapters", List.of(adapted.get(0), adapted.get(2)));
    assertRefused("the same frozen weights", List.of(gpt, adapted.get(3)));
  }

  @Test
  void moreReplicasThanWindowsAreRefusedAndNothingChanges() {
    List<Gpt> replicas = gpts(3);
    try (ReplicatedStep step = replicated(replicas)) {
      List<float[]> before = TrainerTest.weights(replicas.get(0));
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> step.take(List.of(five(0), Batch.of(TEXT, 8, 0, 1)), 1e-2, 1))
              .getMessage();
      assertTrue(message.contains("1 to 2 parts of a batch of 2 windows, got 3"), message);
      TrainerTest.assertSameWeights(before, TrainerTest.weights(replicas.get(0)));
    }
  }

  @Test
  @EnabledOnOs(
      value = OS.LINUX,
      architectures = "amd64",
      disabledReason = "MXNet 1.9.1 has native code for Linux on x86-64 only in this build")
  void anEngineWithoutScriptsIsRefused() {
    List<Gpt> replicas =
        make(
            2,
            seed ->
                new Gpt(
                    GPT,
                    new Parameters(Engine.getEngine("MXNet").newBaseManager(Device.cpu()), seed)));
    assertRefused("a native step, got Gpt on MXNet", replicas);
  }
}
