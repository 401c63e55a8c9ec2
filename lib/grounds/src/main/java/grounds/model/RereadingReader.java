package grounds.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;

/** Keeps nothing but the tokens, and reads each text anew: right for every model, and slow. */
final class RereadingReader implements TextReader {

  private final LanguageModel model;
  private long[][] texts = {};

  RereadingReader(LanguageModel model) {
    this.model = model;
  }

  @Override
  public NDArray next(NDArray ids) {
    TextReader.requireFits(ids, texts.length, length(), model.config());
    int count = (int) ids.getShape().get(0);
    int time = (int) ids.getShape().get(1);
    int before = length();
    long[] fresh = ids.toLongArray();
    long[][] longer = new long[count][];
    for (int i = 0; i < count; i++) {
      longer[i] = before == 0 ? new long[time] : Arrays.copyOf(texts[i], before + time);
      System.arraycopy(fresh, i * time, longer[i], before, time);
    }
    texts = longer;
    NDManager manager = model.parameters().manager();
    NDArray all =
        manager.create(
            Arrays.stream(texts).flatMapToLong(Arrays::stream).toArray(),
            new Shape(count, before + time));
    return model.logits(all, false).get(new NDIndex(":, -1"));
  }

  @Override
  public int length() {
    return texts.length == 0 ? 0 : texts[0].length;
  }

  @Override
  public void select(int... chosen) {
    TextReader.requireTexts(chosen, texts.length);
    texts = Arrays.stream(chosen).mapToObj(i -> texts[i]).toArray(long[][]::new);
  }

  @Override
  public void forget() {
    texts = new long[0][];
  }

  @Override
  public void close() {
    forget();
  }
}
