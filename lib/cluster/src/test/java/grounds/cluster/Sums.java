package grounds.cluster;

import grounds.model.GptConfig;
import grounds.scaling.RunConfig;
import grounds.scaling.RunRecord;
import grounds.scaling.RunStore;
import grounds.scaling.SweepData;
import grounds.tokenizer.TokenSequence;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A sweep over a text in which each id is the sum of the two before. */
final class Sums {

  private Sums() {}

  static SweepData data() {
    int[] ids = new int[6000];
    ids[1] = 1;
    for (int i = 2; i < ids.length; i++) {
      ids[i] = (ids[i - 1] + ids[i - 2] + i / 97) % 11;
    }
    TokenSequence all = TokenSequence.of(ids);
    return SweepData.of("sums", all.slice(0, 5000), all.slice(5000, 6000), 11);
  }

  static List<RunConfig> runs(int count, int steps, double dropout) {
    SweepData data = data();
    List<RunConfig> runs = new ArrayList<>();
    for (int seed = 1; seed <= count; seed++) {
      GptConfig model = new GptConfig(11, 8, 8 + 8 * (seed % 2), 1, 2).withDropout(dropout);
      runs.add(new RunConfig(model, data.name(), data.hash(), steps, 4, 1e-2, 20, 20, (long) seed));
    }
    return runs;
  }

  /** What a sweep found, without times. */
  static Map<String, String> outcome(RunStore store) {
    return store.runs().stream()
        .collect(
            Collectors.toMap(
                RunRecord::id,
                row ->
                    row.result().map(r -> r.trainingLoss() + " " + r.validationLoss()).orElseThrow()
                        + store.curve(row)));
  }
}
