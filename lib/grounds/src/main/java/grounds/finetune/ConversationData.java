package grounds.finetune;

import grounds.corpus.Conversation;
import grounds.evaluation.SequenceLogProbabilities;
import grounds.finetune.ChatTemplate.Rendered;
import grounds.model.Batch;
import grounds.model.LanguageModel;
import grounds.tokenizer.TokenSequence;
import grounds.training.TrainingData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;

/**
 * Conversations to train on, of which only the assistant's words count: supervised fine-tuning is a
 * {@code Trainer} on them.
 *
 * <pre>{@code
 * ConversationData data = ConversationData.of(template, training, validation, context);
 * new Trainer(model, data.packed(batch, seed), config).run();
 * }</pre>
 *
 * <p>Each epoch goes through all windows once, in an order that follows from the seed and the
 * epoch.
 */
public final class ConversationData {

  /** What becomes of a conversation that is longer than the context. */
  public enum TooLong {
    /** An error that names the row. */
    REFUSE,
    /** It is left out. */
    LEAVE_OUT,
    /** Its beginning is cut off, as far as there is no answer in it. */
    CUT_PROMPT
  }

  private final List<Rendered> training;
  private final List<Rendered> validation;
  private final int context;
  private final int pad;

  private ConversationData(
      List<Rendered> training, List<Rendered> validation, int context, int pad) {
    this.training = training;
    this.validation = validation;
    this.context = context;
    this.pad = pad;
  }

  /**
   * Conversations that all fit.
   *
   * @param context most tokens a model sees at once
   * @throws IllegalArgumentException if one does not fit, naming its row; or there are none
   */
  public static ConversationData of(
      ChatTemplate template,
      List<Conversation> training,
      List<Conversation> validation,
      int context) {
    return of(template, training, validation, context, TooLong.REFUSE);
  }

  /** The same with another way to treat those that do not fit. */
  public static ConversationData of(
      ChatTemplate template,
      List<Conversation> training,
      List<Conversation> validation,
      int context,
      TooLong tooLong) {
    return new ConversationData(
        render("training", template, training, context, tooLong),
        render("validation", template, validation, context, tooLong),
        context,
        template.end());
  }

  static List<Rendered> render(
      String part,
      ChatTemplate template,
      List<Conversation> conversations,
      int context,
      TooLong tooLong) {
    List<Rendered> rows = new ArrayList<>();
    for (int i = 0; i < conversations.size(); i++) {
      Rendered row = template.render(conversations.get(i));
      // The last token is only predicted, never read.
      int most = context + 1;
      if (row.length() <= most) {
        rows.add(row);
      } else if (tooLong == TooLong.CUT_PROMPT && firstCounted(row) >= row.length() - most) {
        rows.add(last(row, most));
      } else if (tooLong != TooLong.LEAVE_OUT) {
        throw tooLong(part, i + 1, row, most, tooLong);
      }
    }
    if (rows.isEmpty()) {
      throw new IllegalArgumentException(
          "Wanted "
              + part
              + " conversations that fit into "
              + (context + 1)
              + " tokens, got none.");
    }
    return List.copyOf(rows);
  }

  private static int firstCounted(Rendered row) {
    int first = 0;
    while (!row.counts()[first]) {
      first++;
    }
    return first;
  }

  private static Rendered last(Rendered row, int length) {
    int from = row.length() - length;
    return new Rendered(
        Arrays.copyOfRange(row.ids(), from, row.length()),
        Arrays.copyOfRange(row.counts(), from, row.length()));
  }

  private static IllegalArgumentException tooLong(
      String part, int number, Rendered row, int most, TooLong tooLong) {
    return new IllegalArgumentException(
        "Row "
            + number
            + " of the "
            + part
            + " conversations has "
            + row.length()
            + " tokens, "
            + row.counted()
            + " of them the assistant's; the context holds "
            + most
            + (tooLong == TooLong.CUT_PROMPT
                ? ", and an answer is never cut. Leave it out (TooLong.LEAVE_OUT) or take a longer"
                    + " context."
                : ". Leave such rows out (TooLong.LEAVE_OUT), cut their prompts"
                    + " (TooLong.CUT_PROMPT) or take a longer context."));
  }

  /** The training conversations as tokens. */
  public List<Rendered> training() {
    return training;
  }

  /**
   * Several conversations share a window, as many as fit: of all windows with room for it, the one
   * with the least takes the next, the longest first (best fit, decreasing). A conversation sees
   * those before it in its window, as texts in pre-training do.
   *
   * @param batch windows a batch
   * @param seed of the order
   */
  public TrainingData packed(int batch, long seed) {
    return new Windows(pack(training), pack(validation), batch, seed);
  }

  /** Each conversation has a window of its own, filled up to the longest of its batch. */
  public TrainingData padded(int batch, long seed) {
    return new Windows(training, validation, batch, seed);
  }

  private List<Rendered> pack(List<Rendered> rows) {
    int room = context + 1;
    List<List<Rendered>> windows = new ArrayList<>();
    TreeMap<Integer, List<List<Rendered>>> open = new TreeMap<>(); // by the room left
    List<Rendered> longestFirst =
        rows.stream().sorted(Comparator.comparingInt(Rendered::length).reversed()).toList();
    for (Rendered row : longestFirst) {
      Map.Entry<Integer, List<List<Rendered>>> best = open.ceilingEntry(row.length());
      int left = room;
      List<Rendered> window;
      if (best == null) {
        window = new ArrayList<>();
        windows.add(window);
      } else {
        left = best.getKey();
        window = best.getValue().remove(best.getValue().size() - 1);
        if (best.getValue().isEmpty()) {
          open.remove(left);
        }
      }
      window.add(row);
      open.computeIfAbsent(left - row.length(), key -> new ArrayList<>()).add(window);
    }
    return windows.stream().map(ConversationData::join).toList();
  }

  private static Rendered join(List<Rendered> rows) {
    int length = rows.stream().mapToInt(Rendered::length).sum();
    int[] ids = new int[length];
    boolean[] counts = new boolean[length];
    int at = 0;
    for (Rendered row : rows) {
      System.arraycopy(row.ids(), 0, ids, at, row.length());
      System.arraycopy(row.counts(), 0, counts, at, row.length());
      at += row.length();
    }
    return new Rendered(ids, counts);
  }

  /** Windows as batches. */
  private final class Windows implements TrainingData {
    private final List<Rendered> training;
    private final List<Rendered> validation;
    private final int batch;
    private final Shuffle shuffle;

    Windows(List<Rendered> training, List<Rendered> validation, int batch, long seed) {
      if (batch < 1) {
        throw new IllegalArgumentException(
            "Wanted a batch of 1 or more windows, got " + batch + ".");
      }
      this.training = training;
      this.validation = validation;
      this.batch = batch;
      this.shuffle = new Shuffle(training.size(), seed);
    }

    @Override
    public Batch batch(long n) {
      List<Rendered> rows = new ArrayList<>();
      for (long i = n * batch; i < (n + 1) * batch; i++) {
        rows.add(training.get(shuffle.at(i)));
      }
      return toBatch(rows, pad);
    }

    @Override
    public double trainingLoss(LanguageModel model, int windows) {
      return loss(model, training, windows);
    }

    @Override
    public double validationLoss(LanguageModel model, int windows) {
      return loss(model, validation, windows);
    }

    private double loss(LanguageModel model, List<Rendered> all, int windows) {
      int used = Math.min(windows, all.size());
      double sum = 0;
      long counted = 0;
      for (int first = 0; first < used; first += batch) {
        if (Thread.currentThread().isInterrupted()) {
          throw new CancellationException(
              "Evaluation was interrupted after " + counted + " tokens.");
        }
        List<Rendered> rows = new ArrayList<>();
        for (int i = first; i < Math.min(used, first + batch); i++) {
          rows.add(all.get((int) ((long) i * all.size() / used)));
        }
        Batch some = toBatch(rows, pad);
        for (double logProbability : SequenceLogProbabilities.of(model, some)) {
          sum -= logProbability;
        }
        counted += some.countedTokens();
      }
      return sum / counted;
    }

    @Override
    public String hash() {
      return ConversationData.hash(training, validation);
    }
  }

  static String hash(List<Rendered> training, List<Rendered> validation) {
    return TokenSequence.hash(all(training), all(validation));
  }

  private static TokenSequence all(List<Rendered> rows) {
    // Twice the id, and one more where it counts.
    return TokenSequence.of(
        rows.stream()
            .flatMapToInt(
                row ->
                    IntStream.range(0, row.length())
                        .map(i -> 2 * row.ids()[i] + (row.counts()[i] ? 1 : 0)))
            .toArray());
  }

  /** Rows side by side, filled up to the longest with tokens that do not count. */
  static Batch toBatch(List<Rendered> rows, int pad) {
    int time = rows.stream().mapToInt(Rendered::length).max().orElseThrow() - 1;
    long[] inputs = new long[rows.size() * time];
    long[] targets = new long[rows.size() * time];
    boolean[] mask = new boolean[rows.size() * time];
    Arrays.fill(inputs, pad);
    Arrays.fill(targets, pad);
    for (int row = 0; row < rows.size(); row++) {
      int[] ids = rows.get(row).ids();
      for (int t = 0; t + 1 < ids.length; t++) {
        inputs[row * time + t] = ids[t];
        targets[row * time + t] = ids[t + 1];
        mask[row * time + t] = rows.get(row).counts()[t + 1];
      }
    }
    return new Batch(rows.size(), time, inputs, targets).withMask(mask);
  }
}
