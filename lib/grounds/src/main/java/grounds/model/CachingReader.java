package grounds.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import grounds.model.layer.KeyValueCache;
import java.util.List;
import java.util.stream.IntStream;

/** Keeps the keys and values of every block, so that a token is read once. */
final class CachingReader implements TextReader {

  private final Decoder decoder;
  private final NDManager manager;
  private final List<KeyValueCache> caches;
  private int texts;

  CachingReader(Decoder decoder, NDManager parent, int layers) {
    this.decoder = decoder;
    this.manager = parent.newSubManager();
    this.caches = IntStream.range(0, layers).mapToObj(i -> new KeyValueCache(manager)).toList();
  }

  @Override
  public NDArray next(NDArray ids) {
    TextReader.requireFits(ids, texts, length(), decoder.config());
    texts = (int) ids.getShape().get(0);
    return decoder.next(ids, caches);
  }

  @Override
  public int length() {
    return caches.get(0).length();
  }

  @Override
  public void select(int... chosen) {
    TextReader.requireTexts(chosen, texts);
    caches.forEach(cache -> cache.select(chosen));
    texts = chosen.length;
  }

  @Override
  public void forget() {
    caches.forEach(KeyValueCache::clear);
    texts = 0;
  }

  @Override
  public void close() {
    forget();
    manager.close();
  }
}
