package grounds.finetune;

import grounds.corpus.BuiltInTasks;
import grounds.corpus.BuiltInTasks.Part;
import grounds.corpus.Conversation;
import grounds.corpus.Corpus;
import grounds.corpus.Split;
import grounds.corpus.TaskRow;
import grounds.model.Gpt;
import grounds.model.GptConfig;
import grounds.tokenizer.BpeTokenizer;
import grounds.tokenizer.BpeTrainer;
import grounds.tokenizer.SpecialText;
import grounds.tokenizer.TokenSequence;
import grounds.training.Trainer;
import grounds.training.TrainingConfig;
import grounds.training.TrainingData;
import grounds.training.TrainingListener;
import java.nio.file.Path;
import java.util.List;

/**
 * The recipe of the course's own assistant: a base model that has read plays and worksheets, and
 * what teaches it to follow instructions. Lesson 11 goes through it step by step; later lessons
 * take what it left, or make it anew.
 *
 * @param model the shape
 * @param statements how many lines of worksheets the base model reads
 * @param pretraining how it reads them
 * @param instructions how many instructions it is shown
 * @param tuning how it learns from them
 */
public record SmallAssistant(
    GptConfig model,
    int statements,
    TrainingConfig pretraining,
    int instructions,
    TrainingConfig tuning) {

  private static final int CONTEXT = 96;
  private static final int WORKSHEET = 2000;
  private static final int DIALOGUE = 300;
  private static final int LONGEST_SPEECH = 150;
  private static final int HELD_OUT = 300;

  /** To see that everything runs. */
  public static final SmallAssistant SMOKE =
      of(new GptConfig(vocabularySize(), CONTEXT, 32, 1, 2), 2_000, 30, 500, 30);

  /** Ten minutes on two cores. */
  public static final SmallAssistant LAPTOP =
      of(new GptConfig(vocabularySize(), CONTEXT, 128, 4, 4), 200_000, 4_500, 40_000, 2_400);

  /** For a GPU. */
  public static final SmallAssistant GPU =
      of(new GptConfig(vocabularySize(), CONTEXT, 384, 6, 6), 1_000_000, 20_000, 200_000, 8_000);

  private static SmallAssistant of(
      GptConfig model, int statements, int steps, int instructions, int tuningSteps) {
    return new SmallAssistant(
        model,
        statements,
        TrainingConfig.of(steps, 32, 2.5e-3).withEvaluation(Math.max(1, steps / 9), 50),
        instructions,
        TrainingConfig.of(tuningSteps, 16, 1e-3).withEvaluation(Math.max(1, tuningSteps / 8), 50));
  }

  private static int vocabularySize() {
    return 256 + ChatTemplate.SPECIAL_TOKENS.size();
  }

  /** Bytes, and the special tokens of the template. */
  public static BpeTokenizer tokenizer() {
    return new BpeTrainer(vocabularySize())
        .specialTokens(ChatTemplate.SPECIAL_TOKENS.toArray(String[]::new))
        .train("no merges: the vocabulary is full");
  }

  /**
   * What a base model reads: pages of worksheets, and between them scenes of plays, whose speakers
   * take the parts of user and assistant in turn. So it knows the form of a conversation, and that
   * people in plays answer in verse.
   *
   * @param plays speeches apart by empty lines, each below its speaker's name
   * @param statements lines of worksheets
   */
  public static String text(String plays, int statements, long seed) {
    String worksheet = BuiltInTasks.standard().worksheet(statements, seed);
    String scenes = dialogues(plays);
    StringBuilder text = new StringBuilder();
    int scene = 0;
    for (int from = 0; from < worksheet.length(); ) {
      int to = endOfLine(worksheet, from + WORKSHEET);
      text.append(worksheet, from, to);
      from = to;
      int end = endOfLine(scenes, scene + DIALOGUE);
      text.append(scenes, scene, end);
      scene = end == scenes.length() ? 0 : end;
    }
    return text.toString();
  }

  private static int endOfLine(String text, int at) {
    int end = text.indexOf('\n', Math.min(at, text.length()));
    return end < 0 ? text.length() : end + 1;
  }

  /** Short speeches as messages, two a line or more. */
  private static String dialogues(String plays) {
    String user = ChatTemplate.SPECIAL_TOKENS.get(1);
    String assistant = ChatTemplate.SPECIAL_TOKENS.get(2);
    String end = ChatTemplate.SPECIAL_TOKENS.get(3);
    StringBuilder text = new StringBuilder();
    boolean first = true;
    for (String speech : plays.split("\n\n")) {
      int colon = speech.indexOf(":\n");
      String words = colon < 0 ? "" : speech.substring(colon + 2);
      if (!words.isEmpty() && words.length() <= LONGEST_SPEECH) {
        text.append(first ? user : assistant).append(words).append(end).append(first ? "" : "\n");
        first = !first;
      }
    }
    return text.toString();
  }

  /** The text of {@link #text} as ids, and another for validation. */
  public TrainingData pretrainingData() {
    BpeTokenizer tokenizer = tokenizer();
    Split plays = Corpus.load("tiny-shakespeare").split(0.9);
    return TrainingData.text(
        ids(tokenizer, text(plays.training(), statements, 1)),
        ids(tokenizer, text(plays.validation(), statements / 50, 2)),
        model,
        pretraining);
  }

  private static TokenSequence ids(BpeTokenizer tokenizer, String text) {
    return TokenSequence.of(tokenizer.encode(text, SpecialText.allowed()));
  }

  /** The instructions to learn from; for validation some about what is held out. */
  public ConversationData conversations() {
    BuiltInTasks tasks = BuiltInTasks.standard();
    return ConversationData.of(
        new ChatTemplate(tokenizer()),
        conversations(tasks.rows(Part.TRAINING, instructions, 1)),
        conversations(tasks.rows(Part.NEW_ARGUMENTS, HELD_OUT, 2)),
        model.contextLength());
  }

  private static List<Conversation> conversations(List<TaskRow> rows) {
    return rows.stream().map(TaskRow::conversation).toList();
  }

  /**
   * The base model: the one that is in the folder, or a new one, which takes most of the time.
   *
   * @param folder where checkpoints are kept; a run that was stopped goes on
   */
  public Gpt base(Path folder, TrainingListener... listeners) {
    Gpt base = new Gpt(model, 1);
    train(base, pretrainingData(), pretraining, folder.resolve("base"), listeners);
    return base;
  }

  /** The assistant: the base model after all instructions, from the folder or made anew. */
  public Gpt assistant(Path folder, TrainingListener... listeners) {
    Gpt assistant = base(folder, listeners);
    TrainingData data = conversations().packed(tuning.batch(), tuning.seed());
    train(assistant, data, tuning, folder.resolve("assistant"), listeners);
    return assistant;
  }

  private static void train(
      Gpt model,
      TrainingData data,
      TrainingConfig config,
      Path folder,
      TrainingListener... listeners) {
    try (Trainer trainer = new Trainer(model, data, config)) {
      trainer.resumeFrom(folder);
      List.of(listeners).forEach(trainer::listen);
      trainer.run();
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }
}
