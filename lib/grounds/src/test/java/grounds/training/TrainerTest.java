package grounds.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.checkpoint.Checkpoint;
import grounds.model.Bigram;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.model.LanguageModel;
import grounds.model.script.ScriptOptions;
import grounds.tokenizer.CharTokenizer;
import grounds.tokenizer.SpecialText;
import grounds.tokenizer.TokenFile;
import grounds.training.TrainingEvent.Ended;
import grounds.training.TrainingEvent.Evaluated;
import grounds.training.TrainingEvent.Outcome;
import grounds.training.TrainingEvent.Started;
import grounds.training.TrainingEvent.Stepped;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {

  static final GptConfig TINY = new GptConfig(11, 8, 12, 2, 3).withDropout(0.1);
  static final TrainingConfig CONFIG =
      TrainingConfig.of(60, 4, 1e-2).withEvaluation(10, 20).withAccumulation(2);

  /** A text with a rule in it: each token follows from the one before, but for some noise. */
  static int[] text(int length, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] tokens = new int[length];
    for (int i = 1; i < length; i++) {
      tokens[i] = random.nextInt(5) == 0 ? random.nextInt(11) : (tokens[i - 1] * 2 + 1) % 11;
    }
    return tokens;
  }

  static Trainer trainer(LanguageModel model, TrainingConfig config) {
    return new Trainer(model, text(2000, 1), text(500, 2), config);
  }

  static List<float[]> weights(LanguageModel model) {
    return model.parameters().stream().map(p -> p.values()).toList();
  }

  static void assertSameWeights(List<float[]> expected, List<float[]> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), actual.get(i));
    }
  }

  private static List<float[]> uninterrupted() {
    try (Gpt model = new Gpt(TINY, 7);
        Trainer trainer = trainer(model, CONFIG)) {
      trainer.run();
      return weights(model);
    }
  }

  @Test
  void learnsAndTells() {
    List<TrainingEvent> events = new ArrayList<>();
    try (Gpt model = new Gpt(TINY, 7);
        Trainer trainer = trainer(model, CONFIG).listen(events::add)) {
      TrainingResult result = trainer.run();
      assertEquals(60, result.step());
      assertEquals(Outcome.FINISHED, result.outcome());
      assertTrue(result.validationLoss() < 0.8 * Math.log(11), result.toString());
      assertTrue(result.bestValidationLoss() <= result.validationLoss());
    }
    assertEquals(Started.class, events.get(0).getClass());
    assertEquals(64, ((Started) events.get(0)).tokensPerStep());
    assertEquals(60, events.stream().filter(Stepped.class::isInstance).count());
    assertEquals(6, events.stream().filter(Evaluated.class::isInstance).count());
    assertEquals(Outcome.FINISHED, ((Ended) events.get(events.size() - 1)).outcome());
  }

  @Test
  void sameSeedSameWeights() {
    assertSameWeights(uninterrupted(), uninterrupted());
  }

  @Test
  void resumedRunEqualsUninterruptedRunBitForBit(@TempDir Path folder) {
    try (Gpt model = new Gpt(TINY, 7);
        Trainer trainer = trainer(model, CONFIG).saveTo(folder)) {
      trainer.listen(
          event -> {
            if (event instanceof Evaluated && event.step() == 30) {
              trainer.stop();
            }
          });
      assertEquals(Outcome.STOPPED, trainer.run().outcome());
    }
    // Another seed: all that is learned must come from the file.
    try (Gpt model = new Gpt(TINY, 99);
        Trainer trainer = trainer(model, CONFIG).resumeFrom(folder)) {
      assertEquals(30, trainer.step());
      assertEquals(60, trainer.run().step());
      assertSameWeights(uninterrupted(), weights(model));
    }
  }

  private static TrainingStep readable(LanguageModel model) {
    return new ReadableStep(model, CONFIG.optimizer(), CONFIG.maxGradientNorm());
  }

  private static TrainingStep scripted(LanguageModel model) {
    return NativeStep.of(model, CONFIG, ScriptOptions.DEFAULT).orElseThrow();
  }

  private static Trainer trainer(LanguageModel model, TrainingStep step) {
    return new Trainer(model, text(2000, 1), text(500, 2), CONFIG, step);
  }

  /** The losses of a run, and its end. */
  private record Course(List<Double> losses, List<float[]> weights, double validationLoss) {

    static Course of(Function<LanguageModel, TrainingStep> way) {
      try (Gpt model = new Gpt(TINY, 7);
          Trainer trainer = trainer(model, way.apply(model))) {
        List<Double> losses = new ArrayList<>();
        TrainingResult result = trainer.listen(event -> note(event, losses)).run();
        return new Course(losses, TrainerTest.weights(model), result.validationLoss());
      }
    }

    /** Changes from one way to take a step to another at a checkpoint. */
    static Course of(
        Path folder,
        Function<LanguageModel, TrainingStep> before,
        Function<LanguageModel, TrainingStep> after) {
      List<Double> losses = new ArrayList<>();
      try (Gpt model = new Gpt(TINY, 7);
          Trainer trainer = trainer(model, before.apply(model)).saveTo(folder)) {
        trainer.listen(event -> note(event, losses)).listen(stopAt(30, trainer)).run();
      }
      try (Gpt model = new Gpt(TINY, 99);
          Trainer trainer = trainer(model, after.apply(model)).resumeFrom(folder)) {
        assertEquals(30, trainer.step());
        TrainingResult result = trainer.listen(event -> note(event, losses)).run();
        return new Course(losses, TrainerTest.weights(model), result.validationLoss());
      }
    }

    private static void note(TrainingEvent event, List<Double> losses) {
      if (event instanceof Stepped stepped) {
        losses.add(stepped.loss());
      }
    }
  }

  @Test
  void resumedReadableRunEqualsUninterruptedRunBitForBit(@TempDir Path folder) {
    Course whole = Course.of(TrainerTest::readable);
    Course resumed = Course.of(folder, TrainerTest::readable, TrainerTest::readable);
    assertEquals(whole.losses(), resumed.losses());
    assertSameWeights(whole.weights(), resumed.weights());
    assertEquals(whole.validationLoss(), resumed.validationLoss());
  }

  @Test
  void aRunMayChangeItsWayToTakeAStepAtACheckpoint(@TempDir Path folder) {
    Course whole = Course.of(TrainerTest::readable);
    assertAlike(
        whole, Course.of(folder.resolve("one"), TrainerTest::scripted, TrainerTest::readable));
    assertAlike(
        whole, Course.of(folder.resolve("two"), TrainerTest::readable, TrainerTest::scripted));
  }

  /** Up to float32 sums in another order, grown by 60 steps. */
  private static void assertAlike(Course expected, Course actual) {
    assertEquals(60, actual.losses().size());
    for (int i = 0; i < 60; i++) {
      assertEquals(expected.losses().get(i), actual.losses().get(i), 1e-5, "step " + (i + 1));
    }
    assertEquals(expected.validationLoss(), actual.validationLoss(), 1e-5);
    assertEquals(expected.weights().size(), actual.weights().size());
    for (int i = 0; i < expected.weights().size(); i++) {
      assertArrayEquals(expected.weights().get(i), actual.weights().get(i), 1e-3f);
    }
  }

  private static String computation(LanguageModel model) {
    List<String> told = new ArrayList<>();
    try (Trainer trainer = trainer(model, TrainingConfig.of(4, 4, 1e-2).withEvaluation(4, 4))) {
      trainer.listen(
          event -> {
            if (event instanceof Started started) {
              told.add(started.computation());
            }
          });
      assertEquals(4, trainer.run().step());
    }
    assertEquals(1, told.size());
    return told.get(0);
  }

  @Test
  void tellsHowItsStepsAreComputed() {
    try (Gpt gpt = new Gpt(TINY, 7);
        Bigram bigram = new Bigram(new Bigram.Config(11, 8), 7)) {
      List<float[]> before = weights(bigram);
      String scripted = computation(gpt);
      assertTrue(scripted.matches("native step in float32 on cpu, \\d+ threads?, .*"), scripted);
      String readable = computation(bigram);
      assertTrue(readable.matches("readable step in float32 on cpu, \\d+ threads?"), readable);
      assertFalse(Arrays.equals(before.get(0), weights(bigram).get(0)));
    }
  }

  @Test
  void interruptedRunGoesOnInTheSameProcess() {
    try (Gpt model = new Gpt(TINY, 7);
        Trainer trainer = trainer(model, CONFIG)) {
      trainer.listen(
          event -> {
            if (event instanceof Stepped && event.step() == 17) {
              Thread.currentThread().interrupt();
            }
          });
      String message = assertThrows(TrainingStoppedException.class, trainer::run).getMessage();
      assertTrue(message.contains("step 17 of 60"), message);
      assertFalse(Thread.currentThread().isInterrupted(), "the next cell must not be interrupted");
      assertEquals(60, trainer.run().step());
      assertSameWeights(uninterrupted(), weights(model));
    }
  }

  @Test
  void interruptLeavesACheckpoint(@TempDir Path folder) {
    try (Gpt model = new Gpt(TINY, 7);
        Trainer trainer = trainer(model, CONFIG).saveTo(folder)) {
      trainer.listen(
          event -> {
            if (event instanceof Stepped && event.step() == 17) {
              Thread.currentThread().interrupt();
            }
          });
      assertThrows(TrainingStoppedException.class, trainer::run);
    }
    try (Checkpoint checkpoint = Checkpoint.open(folder.resolve(Trainer.LAST))) {
      assertEquals("17", checkpoint.text("step"));
    }
  }

  @Test
  void killedRunResumesToTheSameWeights(@TempDir Path folder) throws Exception {
    for (int kill = 0; kill < 3; kill++) {
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty(
                      "surefire.test.class.path", System.getProperty("java.class.path")),
                  "-Xmx512m",
                  // The same bits need the same number of threads.
                  "-Dai.djl.pytorch.num_threads="
                      + System.getProperty("ai.djl.pytorch.num_threads"),
                  KilledRun.class.getName(),
                  folder.toString())
              .redirectErrorStream(true)
              .start();
      // Let it print a few lines, one a step, then kill it wherever it is.
      var out = process.inputReader();
      int lines = 3 + 5 * kill;
      for (String line = out.readLine(); line != null && lines > 0; line = out.readLine()) {
        lines--;
      }
      process.destroyForcibly();
      assertTrue(process.waitFor(20, TimeUnit.SECONDS));
    }
    try (Gpt model = new Gpt(TINY, 99);
        Trainer trainer = trainer(model, KilledRun.CONFIG).resumeFrom(folder)) {
      assertTrue(trainer.step() > 0, "no checkpoint survived");
      trainer.run();
      List<float[]> resumed = weights(model);
      try (Gpt whole = new Gpt(TINY, 7);
          Trainer once = trainer(whole, KilledRun.CONFIG)) {
        once.run();
        assertSameWeights(weights(whole), resumed);
      }
    }
    try (var files = Files.list(folder)) {
      // A kill may leave a temporary file behind, never a half checkpoint under its real name.
      files
          .filter(file -> !file.toString().endsWith(".tmp"))
          .forEach(file -> Checkpoint.open(file).close());
    }
  }

  /** The process that is killed: saves at every step. */
  static final class KilledRun {
    static final TrainingConfig CONFIG = TrainingConfig.of(60, 4, 1e-2).withEvaluation(1, 4);

    public static void main(String[] arguments) {
      Gpt model = new Gpt(TINY, 7);
      Trainer trainer = trainer(model, CONFIG).resumeFrom(Path.of(arguments[0]));
      trainer.listen(event -> System.out.println(event.step())).run();
    }
  }

  @Test
  void nanStopsWithStepCheckpointAndCause(@TempDir Path folder) {
    TrainingConfig config =
        CONFIG.withLearningRate(step -> step < 15 ? 1e-3 : 1e30).withoutClipping();
    try (Gpt model = new Gpt(TINY, 7);
        Trainer trainer = trainer(model, config).saveTo(folder)) {
      TrainingDivergedException error = assertThrows(TrainingDivergedException.class, trainer::run);
      assertTrue(error.step() >= 15, error.getMessage());
      assertTrue(error.getMessage().contains(Trainer.LAST), error.getMessage());
      assertTrue(error.getMessage().contains("learning rate"), error.getMessage());
      try (Checkpoint checkpoint = Checkpoint.open(folder.resolve(Trainer.LAST))) {
        assertEquals("10", checkpoint.text("step"));
      }
    }
  }

  @Test
  void refusesToOverwriteARun(@TempDir Path folder) {
    TrainingConfig config = TrainingConfig.of(2, 1, 1e-3).withEvaluation(1, 1);
    try (Gpt model = new Gpt(TINY, 7);
        Trainer first = trainer(model, config).saveTo(folder)) {
      first.run();
      Trainer second = trainer(model, config);
      assertThrows(IllegalStateException.class, () -> second.saveTo(folder));
      Trainer third = trainer(model, config.withSeed(2));
      String message =
          assertThrows(IllegalArgumentException.class, () -> third.resumeFrom(folder)).getMessage();
      assertTrue(message.contains("training config"), message);
      Trainer fourth = new Trainer(model, text(2000, 3), text(500, 2), config);
      message =
          assertThrows(IllegalArgumentException.class, () -> fourth.resumeFrom(folder))
              .getMessage();
      assertTrue(message.contains("training text"), message);
    }
  }

  @Test
  void aListenerThatFailsCostsNothing() {
    try (Gpt model = new Gpt(TINY, 7);
        Trainer trainer = trainer(model, CONFIG)) {
      trainer.listen(
          event -> {
            if (event.step() == 5) {
              throw new IllegalStateException("a chart that cannot draw");
            }
          });
      trainer.run();
      assertSameWeights(uninterrupted(), weights(model));
    }
  }

  @Test
  void refusesTextsThatDoNotFitTheModel() {
    try (Gpt model = new Gpt(TINY, 7)) {
      int[] text = text(500, 2);
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> new Trainer(model, text(8, 1), text, CONFIG))
              .getMessage();
      assertTrue(message.contains("at least 9 tokens of training text"), message);
      assertThrows(
          IllegalArgumentException.class, () -> new Trainer(model, text, new int[0], CONFIG));
      message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> new Trainer(model, new int[] {1, 2, 3, 4, 5, 6, 7, 8, 11}, text, CONFIG))
              .getMessage();
      assertTrue(message.contains("11 at position 8"), message);
    }
    assertThrows(IllegalArgumentException.class, () -> TrainingConfig.of(10, 0, 1e-3));
    assertThrows(IllegalArgumentException.class, () -> TrainingConfig.of(0, 1, 1e-3));
  }

  @Test
  void aCheckpointThatCannotBeWrittenLosesNothing(@TempDir Path folder) throws IOException {
    Path blocked = folder.resolve("run");
    try (Gpt model = new Gpt(TINY, 7);
        Trainer trainer = trainer(model, CONFIG).saveTo(blocked)) {
      Files.writeString(blocked, "a file where a folder should be");
      String message = assertThrows(java.io.UncheckedIOException.class, trainer::run).getMessage();
      assertTrue(message.contains(blocked.toString()), message);
      Files.delete(blocked);
      assertEquals(60, trainer.run().step());
      assertSameWeights(uninterrupted(), weights(model));
    }
  }

  @Test
  void theLastCheckpointIsMadeGoodAfterAFullDisk(@TempDir Path folder) throws IOException {
    TrainingConfig config = CONFIG.withEvaluation(60, 20);
    Path blocked = folder.resolve("run");
    try (Gpt model = new Gpt(TINY, 7);
        Trainer trainer = trainer(model, config).saveTo(blocked)) {
      Files.writeString(blocked, "a file where a folder should be");
      assertThrows(java.io.UncheckedIOException.class, trainer::run);
      Files.delete(blocked);
      assertTrue(Double.isFinite(trainer.run().bestValidationLoss()));
      try (LanguageModel best = Checkpoint.load(blocked.resolve(Trainer.BEST));
          Checkpoint last = Checkpoint.open(blocked.resolve(Trainer.LAST))) {
        assertSameWeights(weights(model), weights(best));
        assertEquals("60", last.text("step"));
      }
    }
  }

  @Test
  void anInterruptedEvaluationIsMadeGood() {
    List<Integer> evaluated = new ArrayList<>();
    try (Gpt model = new Gpt(TINY, 7);
        Trainer trainer = trainer(model, CONFIG)) {
      boolean[] interrupted = {false};
      trainer.listen(
          event -> {
            if (event instanceof Stepped && event.step() == 20 && !interrupted[0]) {
              interrupted[0] = true;
              Thread.currentThread().interrupt();
            } else if (event instanceof Evaluated) {
              evaluated.add(event.step());
            }
          });
      assertThrows(TrainingStoppedException.class, trainer::run);
      trainer.run();
      assertEquals(List.of(10, 20, 30, 40, 50, 60), evaluated);
    }
  }

  @Test
  void aStepThatWasNotAppliedCostsNoData() {
    try (Gpt model = new Gpt(TINY, 7);
        Trainer trainer = trainer(model, CONFIG)) {
      float[] good = model.parameters().get("tokenEmbedding.weight").values();
      float[] bad = good.clone();
      Arrays.fill(bad, Float.NaN);
      model.parameters().get("tokenEmbedding.weight").load(bad);
      assertThrows(TrainingDivergedException.class, trainer::run);
      model.parameters().get("tokenEmbedding.weight").load(good);
      trainer.run();
      assertSameWeights(uninterrupted(), weights(model));
    }
  }

  private static final CharTokenizer LETTERS = CharTokenizer.ofVocabulary("abcdefghijk");

  /** The texts of {@link #trainer}, one after the other in one file. */
  private static TokenFile tokenFile(Path file) {
    String both = LETTERS.decode(text(2000, 1)) + LETTERS.decode(text(500, 2));
    return TokenFile.writeText(file, LETTERS, both, SpecialText.refused());
  }

  private static Trainer trainer(LanguageModel model, TokenFile tokens) {
    return new Trainer(model, tokens.slice(0, 2000), tokens.slice(2000, 2500), CONFIG);
  }

  private static TrainingListener stopAt(int step, Trainer trainer) {
    return event -> {
      if (event instanceof Stepped && event.step() == step) {
        trainer.stop();
      }
    };
  }

  @Test
  void aTokenFileTrainsAsAnArrayDoesBitForBitAndResumes(@TempDir Path folder) {
    Path file = folder.resolve("text.tokens");
    Path run = folder.resolve("run");
    try (TokenFile tokens = tokenFile(file);
        Gpt model = new Gpt(TINY, 7);
        Trainer trainer = trainer(model, tokens)) {
      TrainingResult fromFile = trainer.run();
      assertSameWeights(uninterrupted(), weights(model));
      try (Gpt other = new Gpt(TINY, 7);
          Trainer fromArrays = trainer(other, CONFIG)) {
        TrainingResult expected = fromArrays.run();
        assertEquals(expected.validationLoss(), fromFile.validationLoss());
        assertEquals(expected.trainingLoss(), fromFile.trainingLoss());
      }
    }
    try (TokenFile tokens = TokenFile.open(file, LETTERS);
        Gpt model = new Gpt(TINY, 7);
        Trainer trainer = trainer(model, tokens).saveTo(run)) {
      assertEquals(33, trainer.listen(stopAt(33, trainer)).run().step());
    }
    // The same text, written again.
    try (TokenFile tokens = tokenFile(folder.resolve("again.tokens"));
        Gpt model = new Gpt(TINY, 99);
        Trainer trainer = trainer(model, tokens).resumeFrom(run)) {
      assertEquals(33, trainer.step());
      trainer.run();
      assertSameWeights(uninterrupted(), weights(model));
    }
  }

  @Test
  void aRunOnATokenFileKnowsItsTextAgain(@TempDir Path folder) {
    Path run = folder.resolve("run");
    try (TokenFile tokens = tokenFile(folder.resolve("text.tokens"));
        TokenFile other =
            TokenFile.writeText(
                folder.resolve("other.tokens"),
                LETTERS,
                LETTERS.decode(text(2500, 3)),
                SpecialText.refused());
        Gpt model = new Gpt(TINY, 7);
        Trainer trainer = trainer(model, tokens).saveTo(run);
        Trainer otherText = trainer(model, other);
        Trainer otherSplit =
            new Trainer(model, tokens.slice(0, 1999), tokens.slice(1999, 2500), CONFIG);
        Trainer arrays = trainer(model, CONFIG)) {
      trainer.listen(stopAt(1, trainer)).run();
      for (Trainer refused : List.of(otherText, otherSplit, arrays)) {
        String message =
            assertThrows(IllegalArgumentException.class, () -> refused.resumeFrom(run))
                .getMessage();
        assertTrue(message.contains("another training text"), message);
      }
      try (Trainer same = trainer(model, tokens)) {
        assertEquals(1, same.resumeFrom(run).step());
      }
    }
  }

  /** A run on arrays that was begun before there were token files must be known again. */
  @Test
  void theDataHashOfArraysIsWhatItAlwaysWas(@TempDir Path folder) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (int[] part : List.of(text(2000, 1), text(500, 2))) {
      ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * part.length).putInt(part.length);
      bytes.asIntBuffer().put(part);
      digest.update(bytes.array());
    }
    try (Gpt model = new Gpt(TINY, 7);
        Trainer trainer = trainer(model, CONFIG).saveTo(folder)) {
      trainer.listen(stopAt(1, trainer)).run();
      try (Checkpoint checkpoint = Checkpoint.open(folder.resolve(Trainer.LAST))) {
        assertEquals(HexFormat.of().formatHex(digest.digest()), checkpoint.text("data"));
      }
    }
  }

  @Test
  void aTokenFileOfALargerVocabularyIsRefused(@TempDir Path folder) {
    try (TokenFile tokens = tokenFile(folder.resolve("text.tokens"));
        Gpt model = new Gpt(new GptConfig(10, 8, 12, 2, 3), 7)) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> trainer(model, tokens)).getMessage();
      assertTrue(message.contains("a model with a vocabulary of 10"), message);
      assertTrue(message.contains("with one of 11"), message);
    }
  }
}
