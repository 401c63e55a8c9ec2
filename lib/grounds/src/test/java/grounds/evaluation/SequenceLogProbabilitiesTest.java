package grounds.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDManager;
import grounds.model.Batch;
import grounds.model.Bigram;
import org.junit.jupiter.api.Test;

class SequenceLogProbabilitiesTest {

  /** After 0 comes 1 with 3/4; after 1 both are alike. */
  private static Bigram known() {
    Bigram model = new Bigram(new Bigram.Config(2, 3), 1);
    model
        .parameters()
        .get("table.weight")
        .load(new float[] {(float) Math.log(0.25), (float) Math.log(0.75), 0, 0});
    return model;
  }

  private static final Batch BATCH =
      Batch.ofWindows(new int[] {0, 1, 1, 0}, new int[] {0, 0, 1, 0});

  @Test
  void sumsEachRow() {
    try (Bigram model = known()) {
      // 0->1, 1->1, 1->0 and 0->0, 0->1, 1->0
      assertArrayEquals(
          new double[] {Math.log(0.75 * 0.5 * 0.5), Math.log(0.25 * 0.75 * 0.5)},
          SequenceLogProbabilities.of(model, BATCH),
          1e-6);
    }
  }

  @Test
  void sumsCountedTargetsOnly() {
    try (Bigram model = known()) {
      assertArrayEquals(
          new double[] {Math.log(0.5 * 0.5), 0},
          SequenceLogProbabilities.of(
              model, BATCH.withMask(new boolean[] {false, true, true, false, false, false})),
          1e-6);
    }
  }

  @Test
  void keepsNoTensors() {
    try (Bigram model = known()) {
      NDManager manager = model.parameters().manager();
      int before = manager.getManagedArrays().size();
      SequenceLogProbabilities.of(model, BATCH);
      assertEquals(before, manager.getManagedArrays().size());
    }
  }
}
