package grounds.cluster;

import grounds.scaling.SweepData;
import grounds.tokenizer.TokenSequence;
import java.io.Serializable;

/** The text of a sweep on its way to the workers, each of which gets it once. */
final class SharedText implements Serializable {

  private static final long serialVersionUID = 1;

  private final String name;
  private final int[] training;
  private final int[] validation;
  private final int vocabularySize;
  private transient SweepData data;

  SharedText(SweepData data) {
    name = data.name();
    training = all(data.training());
    validation = all(data.validation());
    vocabularySize = data.vocabularySize();
  }

  private static int[] all(TokenSequence ids) {
    return ids.read(0, Math.toIntExact(ids.length()));
  }

  synchronized SweepData data() {
    if (data == null) {
      data =
          SweepData.of(
              name, TokenSequence.of(training), TokenSequence.of(validation), vocabularySize);
    }
    return data;
  }
}
