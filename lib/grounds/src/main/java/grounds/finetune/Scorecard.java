package grounds.finetune;

import grounds.corpus.Conversation;
import grounds.corpus.Preference;
import grounds.corpus.TaskRow;
import grounds.evaluation.ExactMatch;
import grounds.evaluation.Perplexity;
import grounds.evaluation.SequenceLogProbabilities;
import grounds.finetune.ChatTemplate.Rendered;
import grounds.generation.Continuation;
import grounds.generation.Generator;
import grounds.model.LanguageModel;
import grounds.tokenizer.TokenSequence;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/**
 * The same questions to every stage of fine-tuning: a row of figures for each, and their answers
 * side by side. Exact match is always among the figures; the others are asked for.
 *
 * <pre>{@code
 * Scorecard card = Scorecard.of(template, rows, 40).withPreferences(pairs).withText(plays);
 * List<Stage> stages = List.of(card.measure("base", base), card.measure("tuned", tuned));
 * Show.table(card.table(stages));
 * Show.table(card.answers(stages, 6));
 * }</pre>
 */
public final class Scorecard {

  private static final int AT_ONCE = 32;
  private static final long SEED = 1;

  private final ChatTemplate template;
  private final List<TaskRow> rows;
  private final int tokens;
  private final List<Preference> pairs;
  private final Optional<Reward> reward;
  private final Optional<LanguageModel> reference;
  private final Optional<TokenSequence> text;

  /**
   * What a stage reached.
   *
   * @param name of the stage
   * @param answers the most probable ones, one for each row
   * @param exactMatch how many of them are right
   * @param preferenceAccuracy share of pairs whose chosen answer the model finds more probable than
   *     the rejected one
   * @param reward mean reward of the answers
   * @param divergence Kullback-Leibler divergence from the reference in nats an answer, estimated
   *     from one drawn answer to each row
   * @param perplexity on a text, which shows what was forgotten
   */
  public record Stage(
      String name,
      List<String> answers,
      ExactMatch exactMatch,
      OptionalDouble preferenceAccuracy,
      OptionalDouble reward,
      OptionalDouble divergence,
      OptionalDouble perplexity) {

    public Stage {
      answers = List.copyOf(answers);
    }
  }

  private Scorecard(
      ChatTemplate template,
      List<TaskRow> rows,
      int tokens,
      List<Preference> pairs,
      Optional<Reward> reward,
      Optional<LanguageModel> reference,
      Optional<TokenSequence> text) {
    this.template = template;
    this.rows = rows;
    this.tokens = tokens;
    this.pairs = pairs;
    this.reward = reward;
    this.reference = reference;
    this.text = text;
  }

  /**
   * A card with exact match.
   *
   * @param rows what every stage is asked
   * @param tokens most tokens of an answer
   */
  public static Scorecard of(ChatTemplate template, List<TaskRow> rows, int tokens) {
    if (rows.isEmpty() || tokens < 1) {
      throw new IllegalArgumentException(
          "Wanted one or more rows and one or more tokens an answer, got "
              + rows.size()
              + " rows and "
              + tokens
              + " tokens.");
    }
    return new Scorecard(
        template,
        List.copyOf(rows),
        tokens,
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /** The same, with preference accuracy on these pairs. */
  public Scorecard withPreferences(List<Preference> pairs) {
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException("Wanted one or more pairs, got none.");
    }
    return new Scorecard(template, rows, tokens, List.copyOf(pairs), reward, reference, text);
  }

  /** The same, with what the answers are worth. */
  public Scorecard withReward(Reward reward) {
    return new Scorecard(template, rows, tokens, pairs, Optional.of(reward), reference, text);
  }

  /**
   * The same, with the divergence from a model, which stays open as long as the card is used.
   *
   * @throws IllegalArgumentException if it has not the template's vocabulary
   */
  public Scorecard withReference(LanguageModel reference) {
    template.requireVocabularyOf(reference);
    return new Scorecard(template, rows, tokens, pairs, reward, Optional.of(reference), text);
  }

  /** The same, with the perplexity on a text. */
  public Scorecard withText(TokenSequence text) {
    return new Scorecard(template, rows, tokens, pairs, reward, reference, Optional.of(text));
  }

  /**
   * Asks a model everything.
   *
   * @throws IllegalArgumentException if it has not the template's vocabulary, or a prompt or a pair
   *     does not fit into its context
   * @throws CancellationException if the thread is interrupted
   */
  public Stage measure(String name, LanguageModel model) {
    template.requireVocabularyOf(model);
    List<String> prompts = rows.stream().map(TaskRow::prompt).toList();
    List<String> answers = new Assistant(model, template).answerAll(prompts, tokens);
    return new Stage(
        name,
        answers,
        ExactMatch.of(rows, answers),
        pairs.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(accuracy(model)),
        optional(reward.map(judge -> reward(judge, model, answers))),
        optional(reference.map(before -> divergence(model, before))),
        optional(text.map(ids -> Perplexity.of(model, ids).value())));
  }

  private static OptionalDouble optional(Optional<Double> value) {
    return value.map(OptionalDouble::of).orElse(OptionalDouble.empty());
  }

  private double accuracy(LanguageModel model) {
    return RewardModel.accuracy(
        logProbabilities(model, Preference::withChosen),
        logProbabilities(model, Preference::withRejected));
  }

  private double[] logProbabilities(LanguageModel model, Function<Preference, Conversation> side) {
    return logProbabilities(
        model,
        ConversationData.render(
            "compared",
            template,
            pairs.stream().map(side).toList(),
            model.config().contextLength(),
            ConversationData.TooLong.REFUSE));
  }

  private double[] logProbabilities(LanguageModel model, List<Rendered> all) {
    double[] sums = new double[all.size()];
    for (int from = 0; from < sums.length; from += AT_ONCE) {
      requireNotInterrupted();
      List<Rendered> some = all.subList(from, Math.min(sums.length, from + AT_ONCE));
      double[] values =
          SequenceLogProbabilities.of(model, ConversationData.toBatch(some, template.end()));
      System.arraycopy(values, 0, sums, from, values.length);
    }
    return sums;
  }

  private double reward(Reward judge, LanguageModel model, List<String> answers) {
    List<Conversation> written = new ArrayList<>();
    for (int i = 0; i < answers.size(); i++) {
      int context = model.config().contextLength();
      written.add(Actor.judged(template, context, rows.get(i).prompt(), answers.get(i)));
    }
    return Arrays.stream(judge.of(written)).average().orElseThrow();
  }

  private double divergence(LanguageModel model, LanguageModel before) {
    Generator generator = new Generator(model, template.tokenizer()).stopAt(template.end());
    List<Rendered> drawn = new ArrayList<>();
    double now = 0;
    List<int[]> prompts =
        rows.stream().map(row -> template.prompt(row.conversation().prompt())).toList();
    for (int from = 0; from < prompts.size(); from += AT_ONCE) {
      requireNotInterrupted();
      List<int[]> some = prompts.subList(from, Math.min(prompts.size(), from + AT_ONCE));
      List<Continuation> written = generator.seed(SEED + from).completeAllIds(some, tokens);
      for (int i = 0; i < some.size(); i++) {
        drawn.add(Actor.row(some.get(i), written.get(i)));
        now += written.get(i).logProbability();
      }
    }
    return (now - Arrays.stream(logProbabilities(before, drawn)).sum()) / drawn.size();
  }

  private static void requireNotInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("The measuring was interrupted.");
    }
  }

  /** A row of figures for each stage: those that were asked for, to three digits. */
  public Table table(List<Stage> stages) {
    Map<String, Function<Stage, OptionalDouble>> figures = new LinkedHashMap<>();
    figures.put("exact match", stage -> OptionalDouble.of(stage.exactMatch.share()));
    figures.put("preference accuracy", Stage::preferenceAccuracy);
    figures.put("reward", Stage::reward);
    figures.put("divergence (nats)", Stage::divergence);
    figures.put("perplexity of text", Stage::perplexity);
    Table table =
        Table.create("Stages", StringColumn.create("stage", stages.stream().map(Stage::name)));
    figures.forEach(
        (name, figure) -> {
          if (stages.stream().anyMatch(stage -> figure.apply(stage).isPresent())) {
            DoubleColumn column = DoubleColumn.create(name);
            for (Stage stage : stages) {
              figure
                  .apply(stage)
                  .ifPresentOrElse(value -> column.append(rounded(value)), column::appendMissing);
            }
            table.addColumns(column);
          }
        });
    return table;
  }

  private static double rounded(double value) {
    if (!Double.isFinite(value)) {
      return value;
    }
    // What is left of a difference of equal sums is nothing.
    return Math.abs(value) < 5e-5
        ? 0
        : new BigDecimal(value).round(new MathContext(3)).doubleValue();
  }

  /**
   * What the stages answered, side by side, with the right answer beside.
   *
   * @param count how many rows, spread evenly over those of the card
   */
  public Table answers(List<Stage> stages, int count) {
    int shown = Math.min(count, rows.size());
    List<Integer> picked = new ArrayList<>();
    for (int i = 0; i < shown; i++) {
      picked.add((int) ((long) i * rows.size() / shown));
    }
    Table table =
        Table.create(
            "Answers",
            StringColumn.create("prompt", picked.stream().map(i -> rows.get(i).prompt())),
            StringColumn.create("right answer", picked.stream().map(i -> rows.get(i).answer())));
    for (Stage stage : stages) {
      table.addColumns(
          StringColumn.create(stage.name, picked.stream().map(i -> stage.answers.get(i))));
    }
    return table;
  }
}
