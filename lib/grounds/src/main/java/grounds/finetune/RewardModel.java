package grounds.finetune;

import grounds.corpus.Conversation;
import grounds.corpus.Preference;
import grounds.evaluation.SequenceLogProbabilities;
import grounds.finetune.ChatTemplate.Rendered;
import grounds.model.Batch;
import grounds.model.LanguageModel;
import grounds.training.TrainingData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A model that says how good an answer is: a language model which is asked, after the answer's end,
 * for plus or minus. The reward is the logit of the one less that of the other, a linear function
 * of the last layer like the head of any reward model (Stiennon et al. 2020), whose weights are the
 * difference of two rows of the token table.
 *
 * <p>Made from a fine-tuned model, it is trained on pairs of answers with the loss of Bradley and
 * Terry, minus log sigma(reward of the chosen one - reward of the rejected one): a {@code Trainer}
 * on {@link #data} with a {@link RewardStep}.
 */
public final class RewardModel {

  private static final int ROWS_AT_ONCE = 32;

  private final LanguageModel model;
  private final ChatTemplate template;
  private final int plus;
  private final int minus;

  /**
   * A reward model over the weights of a language model, which stays its owner.
   *
   * @throws IllegalArgumentException if plus and minus are no single tokens of the template's
   *     tokenizer, or the model has another vocabulary
   */
  public RewardModel(LanguageModel model, ChatTemplate template) {
    template.requireVocabularyOf(model);
    this.model = model;
    this.template = template;
    plus = template.verdict("+");
    minus = template.verdict("-");
  }

  /**
   * The reward of the last answer of each conversation.
   *
   * @throws IllegalArgumentException if a conversation and the verdict do not fit into the context,
   *     naming its row
   */
  public double[] rewards(List<Conversation> conversations) {
    return rewards(model, render("judged", conversations));
  }

  private List<Rendered> render(String part, List<Conversation> conversations) {
    // One token of the context is for the verdict.
    return ConversationData.render(
        part,
        template,
        conversations,
        model.config().contextLength() - 1,
        ConversationData.TooLong.REFUSE);
  }

  private double[] rewards(LanguageModel reader, List<Rendered> rows) {
    double[] rewards = new double[rows.size()];
    for (int from = 0; from < rewards.length; from += ROWS_AT_ONCE) {
      List<Rendered> some = rows.subList(from, Math.min(rewards.length, from + ROWS_AT_ONCE));
      double[] values = rewards(SequenceLogProbabilities.of(reader, batch(some)));
      System.arraycopy(values, 0, rewards, from, values.length);
    }
    return rewards;
  }

  /** Each row twice: asked for plus, and, after all of those, for minus. */
  private Batch batch(List<Rendered> rows) {
    List<Rendered> asked = new ArrayList<>();
    for (int verdict : new int[] {plus, minus}) {
      for (Rendered row : rows) {
        int[] ids = Arrays.copyOf(row.ids(), row.length() + 1);
        ids[row.length()] = verdict;
        boolean[] counts = new boolean[ids.length];
        counts[row.length()] = true;
        asked.add(new Rendered(ids, counts));
      }
    }
    return ConversationData.toBatch(asked, template.end());
  }

  /** From the log-probabilities of the verdicts in such a batch the rewards of its rows. */
  static double[] rewards(double[] verdicts) {
    double[] rewards = new double[verdicts.length / 2];
    for (int i = 0; i < rewards.length; i++) {
      rewards[i] = verdicts[i] - verdicts[rewards.length + i];
    }
    return rewards;
  }

  /** The share of pairs whose chosen answer has the higher reward. */
  public double accuracy(List<Preference> pairs) {
    return accuracy(
        rewards(pairs.stream().map(Preference::withChosen).toList()),
        rewards(pairs.stream().map(Preference::withRejected).toList()));
  }

  /** The share of pairs whose chosen answer has the higher value. */
  static double accuracy(double[] chosen, double[] rejected) {
    int right = 0;
    for (int i = 0; i < chosen.length; i++) {
      right += chosen[i] > rejected[i] ? 1 : 0;
    }
    return (double) right / chosen.length;
  }

  /**
   * Pairs to train on.
   *
   * @param batch pairs a batch
   * @param seed of the order
   * @throws IllegalArgumentException if a pair does not fit into the context, naming its row
   */
  public TrainingData data(
      List<Preference> training, List<Preference> validation, int batch, long seed) {
    return new Pairs(training, validation, batch, seed);
  }

  /** What a pair of rewards costs, and its derivative by the chosen one's reward. */
  static double[] lossAndSlope(double chosen, double rejected) {
    double gap = rejected - chosen;
    double loss = Math.max(gap, 0) + Math.log1p(Math.exp(-Math.abs(gap)));
    return new double[] {loss, -1 / (1 + Math.exp(-gap))};
  }

  private final class Pairs implements TrainingData {
    private final List<Rendered> trainingChosen;
    private final List<Rendered> trainingRejected;
    private final List<Rendered> validationChosen;
    private final List<Rendered> validationRejected;
    private final int batch;
    private final Shuffle shuffle;

    Pairs(List<Preference> training, List<Preference> validation, int batch, long seed) {
      if (batch < 1) {
        throw new IllegalArgumentException("Wanted a batch of 1 or more pairs, got " + batch + ".");
      }
      trainingChosen = render("training", training, true);
      trainingRejected = render("training", training, false);
      validationChosen = render("validation", validation, true);
      validationRejected = render("validation", validation, false);
      this.batch = batch;
      shuffle = new Shuffle(training.size(), seed);
    }

    private List<Rendered> render(String part, List<Preference> pairs, boolean chosen) {
      return RewardModel.this.render(
          part, pairs.stream().map(p -> chosen ? p.withChosen() : p.withRejected()).toList());
    }

    /** Chosen and rejected answers asked for plus, then both asked for minus. */
    @Override
    public Batch batch(long n) {
      List<Rendered> rows = new ArrayList<>();
      for (List<Rendered> side : List.of(trainingChosen, trainingRejected)) {
        for (long i = n * batch; i < (n + 1) * batch; i++) {
          rows.add(side.get(shuffle.at(i)));
        }
      }
      return RewardModel.this.batch(rows);
    }

    @Override
    public double trainingLoss(LanguageModel reader, int windows) {
      return loss(reader, trainingChosen, trainingRejected, windows);
    }

    @Override
    public double validationLoss(LanguageModel reader, int windows) {
      return loss(reader, validationChosen, validationRejected, windows);
    }

    private double loss(
        LanguageModel reader, List<Rendered> chosen, List<Rendered> rejected, int most) {
      int used = Math.min(most, chosen.size());
      double[] ofChosen = rewards(reader, chosen.subList(0, used));
      double[] ofRejected = rewards(reader, rejected.subList(0, used));
      double sum = 0;
      for (int i = 0; i < used; i++) {
        sum += lossAndSlope(ofChosen[i], ofRejected[i])[0];
      }
      return sum / used;
    }

    @Override
    public String hash() {
      List<Rendered> learnt = new ArrayList<>(trainingChosen);
      learnt.addAll(trainingRejected);
      List<Rendered> measured = new ArrayList<>(validationChosen);
      measured.addAll(validationRejected);
      return ConversationData.hash(learnt, measured);
    }
  }
}
