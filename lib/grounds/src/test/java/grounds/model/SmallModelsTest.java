package grounds.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import grounds.tensor.TensorScope;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class SmallModelsTest {

  @Nested
  class OfBigram extends LanguageModelContract {
    @Override
    protected LanguageModel create(long seed) {
      return new Bigram(new Bigram.Config(11, 8), seed);
    }

    @Override
    protected boolean canMemorize() {
      return false;
    }

    /**
     * A table's gradient touches only the rows that were looked up; weight decay moves the rest.
     */
    @Test
    void seesOnlyTheLastToken() {
      try (LanguageModel model = create(1);
          TensorScope scope = TensorScope.open(model.parameters().manager())) {
        NDArray ids = scope.manager().create(new long[] {1, 5, 2, 5}, new Shape(2, 2));
        float[] logits = model.logits(ids, false).toFloatArray();
        for (int i = 0; i < 11; i++) {
          assertEquals(logits[11 + i], logits[33 + i], "token " + i);
        }
      }
    }
  }

  @Nested
  class OfValueOnly extends LanguageModelContract {
    @Override
    protected LanguageModel create(long seed) {
      return new ValueOnly(new ValueOnly.Config(11, 8, 12), seed);
    }
  }
}
