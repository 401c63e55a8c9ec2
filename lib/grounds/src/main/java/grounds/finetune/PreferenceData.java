package grounds.finetune;

import grounds.corpus.Conversation;
import grounds.corpus.Preference;
import grounds.evaluation.SequenceLogProbabilities;
import grounds.finetune.ChatTemplate.Rendered;
import grounds.finetune.PreferenceLoss.Pair;
import grounds.model.Batch;
import grounds.model.LanguageModel;
import grounds.model.script.ScriptOptions;
import grounds.model.script.ScriptedModel;
import grounds.training.TrainingData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Pairs of answers to train on, and what a reference model thinks of each: computed once, when the
 * data are made. A batch holds the chosen answers and after them the rejected ones, in one order.
 *
 * <pre>{@code
 * PreferenceData data = PreferenceData.of(template, training, validation, model, new Dpo(0.1), 16, 1);
 * new Trainer(model, data, config, new PreferenceStep(TrainingStep.of(model, config), data)).run();
 * }</pre>
 */
public final class PreferenceData implements TrainingData {

  private static final int PAIRS_AT_ONCE = 16;

  private final Part training;
  private final Part validation;
  private final PreferenceLoss loss;
  private final int batch;
  private final Shuffle shuffle;
  private final Map<Batch, int[]> handedOut = new IdentityHashMap<>();

  /** Pairs as tokens, and the reference's figures for both answers of each. */
  private static final class Part {
    private final List<Rendered> chosen;
    private final List<Rendered> rejected;
    private final int pad;
    private double[] referenceChosen = {};
    private double[] referenceRejected = {};

    Part(String name, ChatTemplate template, List<Preference> pairs, int context) {
      chosen = render(name, template, pairs, Preference::withChosen, context);
      rejected = render(name, template, pairs, Preference::withRejected, context);
      pad = template.end();
    }

    private static List<Rendered> render(
        String name,
        ChatTemplate template,
        List<Preference> pairs,
        Function<Preference, Conversation> side,
        int context) {
      List<Conversation> conversations = pairs.stream().map(side).toList();
      List<Rendered> rows =
          ConversationData.render(
              name, template, conversations, context, ConversationData.TooLong.REFUSE);
      // Only the answer that the pair is about counts, not those before it.
      return rows.stream().map(PreferenceData::lastAnswerOnly).toList();
    }

    int size() {
      return chosen.size();
    }

    void refer(LanguageModel reference) {
      referenceChosen = logProbabilities(reference, chosen);
      referenceRejected = logProbabilities(reference, rejected);
    }

    private double[] logProbabilities(LanguageModel model, List<Rendered> rows) {
      double[] all = new double[rows.size()];
      for (int from = 0; from < all.length; from += PAIRS_AT_ONCE) {
        List<Rendered> some = rows.subList(from, Math.min(all.length, from + PAIRS_AT_ONCE));
        double[] values = SequenceLogProbabilities.of(model, ConversationData.toBatch(some, pad));
        System.arraycopy(values, 0, all, from, values.length);
      }
      return all;
    }

    Batch batch(int... indices) {
      List<Rendered> rows = new ArrayList<>();
      for (int i : indices) {
        rows.add(chosen.get(i));
      }
      for (int i : indices) {
        rows.add(rejected.get(i));
      }
      return ConversationData.toBatch(rows, pad);
    }

    /** The pairs of a batch, from the policy's figures for its rows. */
    List<Pair> pairs(double[] policy, int... indices) {
      List<Pair> pairs = new ArrayList<>();
      for (int i = 0; i < indices.length; i++) {
        int at = indices[i];
        pairs.add(
            new Pair(
                policy[i],
                policy[indices.length + i],
                referenceChosen[at],
                referenceRejected[at],
                chosen.get(at).counted(),
                rejected.get(at).counted()));
      }
      return pairs;
    }
  }

  /**
   * What a model makes of the pairs that it does not learn from.
   *
   * @param loss mean over the pairs
   * @param accuracy share of pairs of which it prefers the chosen answer more than the reference
   *     does
   * @param margin by how many nats more, on average
   * @param chosen how many nats more it likes the chosen answer than the reference does, on average
   * @param rejected the same of the rejected one
   */
  public record Measure(
      double loss, double accuracy, double margin, double chosen, double rejected) {}

  private PreferenceData(
      Part training, Part validation, PreferenceLoss loss, int batch, long seed) {
    this.training = training;
    this.validation = validation;
    this.loss = loss;
    this.batch = batch;
    this.shuffle = new Shuffle(training.size(), seed);
  }

  /**
   * Renders all pairs, and asks the reference about each.
   *
   * @param reference the model as it is before it learns, or a copy of it; only read
   * @param batch pairs a batch
   * @param seed of the order
   * @throws IllegalArgumentException if a pair does not fit into the context, naming its row; or
   *     the reference has another vocabulary than the template
   */
  public static PreferenceData of(
      ChatTemplate template,
      List<Preference> training,
      List<Preference> validation,
      LanguageModel reference,
      PreferenceLoss loss,
      int batch,
      long seed) {
    int vocabulary = template.tokenizer().vocabularySize();
    if (reference.config().vocabularySize() != vocabulary) {
      throw new IllegalArgumentException(
          "Wanted a reference model of the template's vocabulary of "
              + vocabulary
              + " tokens, got one of "
              + reference.config().vocabularySize()
              + ". Take the model that is to be trained, as it is before.");
    }
    if (batch < 1) {
      throw new IllegalArgumentException("Wanted a batch of 1 or more pairs, got " + batch + ".");
    }
    int context = reference.config().contextLength();
    PreferenceData data =
        new PreferenceData(
            new Part("training", template, training, context),
            new Part("validation", template, validation, context),
            loss,
            batch,
            seed);
    Optional<ScriptedModel> script = ScriptedModel.of(reference, ScriptOptions.forModel(reference));
    try {
      LanguageModel fastest = script.<LanguageModel>map(model -> model).orElse(reference);
      data.training.refer(fastest);
      data.validation.refer(fastest);
    } finally {
      script.ifPresent(ScriptedModel::close);
    }
    return data;
  }

  private static Rendered lastAnswerOnly(Rendered row) {
    boolean[] counts = row.counts().clone();
    int first = counts.length;
    while (first > 0 && counts[first - 1]) {
      first--;
    }
    Arrays.fill(counts, 0, first, false);
    return new Rendered(row.ids(), counts);
  }

  @Override
  public Batch batch(long n) {
    int[] indices = new int[batch];
    for (int i = 0; i < batch; i++) {
      indices[i] = shuffle.at(n * batch + i);
    }
    Batch rows = training.batch(indices);
    handedOut.put(rows, indices);
    return rows;
  }

  /**
   * The pairs of a batch that this object made, which then forgets it.
   *
   * @param policy the policy's figures for the rows of the batch
   */
  List<Pair> pairs(Batch rows, double[] policy) {
    int[] indices = handedOut.remove(rows);
    if (indices == null) {
      throw new IllegalArgumentException(
          "Wanted a batch of these preferences, got another one: give trainer and step the same"
              + " data.");
    }
    return training.pairs(policy, indices);
  }

  /** The loss that these data are for. */
  PreferenceLoss loss() {
    return loss;
  }

  @Override
  public double trainingLoss(LanguageModel model, int windows) {
    return measure(model, training, windows).loss;
  }

  @Override
  public double validationLoss(LanguageModel model, int windows) {
    return measure(model, validation, windows).loss;
  }

  /** What a model makes of all pairs that are not learnt from. */
  public Measure measure(LanguageModel model) {
    return measure(model, validation, validation.size());
  }

  private Measure measure(LanguageModel model, Part part, int most) {
    int used = Math.min(most, part.size());
    double sum = 0;
    int right = 0;
    double chosen = 0;
    double rejected = 0;
    for (int from = 0; from < used; from += PAIRS_AT_ONCE) {
      int[] indices = new int[Math.min(PAIRS_AT_ONCE, used - from)];
      for (int i = 0; i < indices.length; i++) {
        indices[i] = (int) ((long) (from + i) * part.size() / used);
      }
      double[] policy = SequenceLogProbabilities.of(model, part.batch(indices));
      for (Pair pair : part.pairs(policy, indices)) {
        sum += loss.of(pair).loss();
        right += pair.difference() > 0 ? 1 : 0;
        chosen += pair.chosenRatio();
        rejected += pair.rejectedRatio();
      }
    }
    return new Measure(
        sum / used,
        (double) right / used,
        (chosen - rejected) / used,
        chosen / used,
        rejected / used);
  }

  @Override
  public String hash() {
    List<Rendered> learnt = new ArrayList<>(training.chosen);
    learnt.addAll(training.rejected);
    List<Rendered> measured = new ArrayList<>(validation.chosen);
    measured.addAll(validation.rejected);
    return ConversationData.hash(learnt, measured);
  }
}
