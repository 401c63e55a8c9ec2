package grounds.tokenizer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Byte-pair encoding on bytes (Sennrich et al. 2016; Radford et al. 2019). A text is UTF-8, cut
 * into pieces by a {@link PreTokenizer}; in each piece the pair of neighbours that was merged
 * earliest in training is merged first, until no pair is left that training merged. The 256 bytes
 * are tokens themselves, so every text has ids, and every byte array too.
 *
 * <pre>{@code
 * BpeTokenizer gpt2 = BpeTokenizer.gpt2();
 * int[] ids = gpt2.encode("understanding");
 * BpeTokenizer own = new BpeTrainer(5_000).train(corpus.text());
 * }</pre>
 *
 * <p>Time is linear in the length of the text, whatever it holds. Lone surrogates become U+FFFD.
 */
public final class BpeTokenizer implements Tokenizer {

  /** Longer pieces are encoded in parts, in bytes. */
  private static final int WINDOW = 2048;

  /** What most texts have at least; a text with fewer costs a copy. */
  private static final int BYTES_PER_TOKEN = 3;

  private final String name;
  private final PreTokenizer preTokenizer;
  private final Vocabulary vocabulary;
  private final PairTable pairs;
  private final int[] idsByRank;
  private final boolean wholePieces;
  private final SpecialTokens special;
  private final int size;

  private final List<Pair> mergeList;

  private final ConcurrentLinkedQueue<BpeEncoder> idle = new ConcurrentLinkedQueue<>();

  /**
   * A pair of tokens that are neighbours in a text and become one.
   *
   * @param left the id of the first
   * @param right the id of the second
   */
  public record Pair(int left, int right) {}

  /**
   * A tokenizer of a vocabulary and its merges.
   *
   * @param name for messages, such as {@code gpt2}
   * @param tokens the bytes of each token by its id; null where an id is not used
   * @param mergeList the merges, the earliest first; the two tokens of each make a token together
   * @param wholePieces whether a piece that is a token is that token, whatever the merges say
   */
  BpeTokenizer(
      String name,
      PreTokenizer preTokenizer,
      List<byte[]> tokens,
      List<Pair> mergeList,
      boolean wholePieces,
      Map<String, Integer> specialTokens) {
    this(
        name,
        preTokenizer,
        new Vocabulary(tokens),
        new PairTable(mergeList.size()),
        new int[mergeList.size()],
        mergeList,
        wholePieces,
        specialTokens);
    for (int rank = 0; rank < mergeList.size(); rank++) {
      Pair pair = mergeList.get(rank);
      byte[] both = vocabulary.join(pair.left, pair.right);
      int id = vocabulary.find(both, 0, both.length);
      if (id == Vocabulary.ABSENT) {
        throw new IllegalArgumentException(
            "Merge %d makes \"%s\", which is not in the vocabulary."
                .formatted(rank, Vocabulary.show(both)));
      }
      pairs.putIfAbsent(pair.left, pair.right, rank);
      idsByRank[rank] = id;
    }
  }

  private BpeTokenizer(
      String name,
      PreTokenizer preTokenizer,
      Vocabulary vocabulary,
      PairTable pairs,
      int[] idsByRank,
      List<Pair> mergeList,
      boolean wholePieces,
      Map<String, Integer> specialTokens) {
    this.name = Objects.requireNonNull(name, "name");
    this.preTokenizer = Objects.requireNonNull(preTokenizer, "preTokenizer");
    this.vocabulary = vocabulary;
    this.pairs = pairs;
    this.idsByRank = idsByRank;
    this.mergeList = mergeList;
    this.wholePieces = wholePieces;
    vocabulary.requireFree(specialTokens);
    special = new SpecialTokens(specialTokens);
    size =
        Math.max(
            vocabulary.size(),
            1 + specialTokens.values().stream().mapToInt(id -> id).max().orElse(-1));
  }

  /**
   * A tokenizer of a vocabulary in which a token's id says how early it merges: any two tokens that
   * make a token together merge, the one with the lowest id first. So tiktoken defines it.
   */
  static BpeTokenizer ofRanks(
      String name,
      PreTokenizer preTokenizer,
      List<byte[]> tokens,
      Map<String, Integer> specialTokens) {
    Vocabulary vocabulary = new Vocabulary(tokens);
    PairTable pairs = new PairTable(tokens.size());
    int[] idsByRank = IntStream.range(0, tokens.size()).toArray();
    List<Pair> merges = new ArrayList<>();
    BpeEncoder encoder = new BpeEncoder(preTokenizer, vocabulary, pairs, idsByRank, false, WINDOW);
    int longer = 0;
    for (int id = 0; id < vocabulary.size(); id++) {
      byte[] token = vocabulary.get(id);
      if (token != null && token.length > 1) {
        longer++;
        encoder.merge(token, 0, token.length);
        if (encoder.count() == 2) {
          merges.add(new Pair(encoder.id(0), encoder.id(1)));
          pairs.putIfAbsent(encoder.id(0), encoder.id(1), id);
        }
      }
    }
    // Where the merges before each token leave two parts of it, no other two parts of it ever meet:
    // if they did, they would be what those merges leave. So one pair for each token is enough.
    return new BpeTokenizer(
        name,
        preTokenizer,
        vocabulary,
        merges.size() == longer ? pairs : allPairs(vocabulary),
        idsByRank,
        List.copyOf(merges),
        true,
        specialTokens);
  }

  private static PairTable allPairs(Vocabulary vocabulary) {
    PairTable pairs = new PairTable(vocabulary.size());
    for (int id = 0; id < vocabulary.size(); id++) {
      byte[] token = vocabulary.get(id);
      for (int cut = 1; token != null && cut < token.length; cut++) {
        int left = vocabulary.find(token, 0, cut);
        int right = vocabulary.find(token, cut, token.length);
        if (left != Vocabulary.ABSENT && right != Vocabulary.ABSENT) {
          pairs.putIfAbsent(left, right, id);
        }
      }
    }
    return pairs;
  }

  /** GPT-2's vocabulary as published: 50,257 tokens, {@code <|endoftext|>} the last of them. */
  public static BpeTokenizer gpt2() {
    return BpeFiles.Published.GPT2.tokenizer();
  }

  /** The vocabulary of GPT-3.5 and GPT-4, cl100k_base: ids up to 100,276. */
  public static BpeTokenizer cl100k() {
    return BpeFiles.Published.CL100K.tokenizer();
  }

  /**
   * Reads a vocabulary that was saved.
   *
   * @param path a {@code tokenizer.json}, or a folder with {@code vocab.json} and {@code
   *     merges.txt}, which belong to {@link PreTokenizer#GPT2}
   * @throws IllegalArgumentException if a file is not such a vocabulary, with the file and the line
   * @throws UncheckedIOException if it cannot be read
   */
  public static BpeTokenizer load(Path path) {
    return Files.isDirectory(path)
        ? load(path, PreTokenizer.GPT2)
        : BpeFiles.readTokenizerJson(path);
  }

  /**
   * Reads {@code vocab.json} and {@code merges.txt} of a folder. Tokens that no merge makes, longer
   * than one byte, are its special tokens.
   *
   * @throws IllegalArgumentException if a file is not such a vocabulary, with the file and the line
   * @throws UncheckedIOException if it cannot be read
   */
  public static BpeTokenizer load(Path folder, PreTokenizer preTokenizer) {
    return BpeFiles.readVocabAndMerges(folder, preTokenizer);
  }

  /**
   * Reads a rank file of tiktoken: on each line a token in base 64 and its id.
   *
   * @throws IllegalArgumentException if it is not one, with the file and the line
   * @throws UncheckedIOException if it cannot be read
   */
  public static BpeTokenizer loadTiktoken(
      Path file, PreTokenizer preTokenizer, Map<String, Integer> specialTokens) {
    return BpeFiles.readTiktoken(file, preTokenizer, specialTokens);
  }

  /**
   * Writes {@code vocab.json}, {@code merges.txt} and {@code tokenizer.json}, each whole or not at
   * all. Tools that read Hugging Face's format read them.
   *
   * @throws UncheckedIOException with the path, if a file cannot be written
   */
  public void save(Path folder) {
    BpeFiles.write(this, folder);
  }

  @Override
  public int[] encode(String text) {
    return encode(text, SpecialText.refused());
  }

  @Override
  public int[] encode(String text, SpecialText specialText) {
    return encode(Utf8.bytes(text), specialText);
  }

  /** The token ids of any bytes, as if they were text; nothing is special in them. */
  public int[] encodeBytes(byte[] bytes) {
    return encode(bytes, SpecialText.plain());
  }

  private int[] encode(byte[] text, SpecialText specialText) {
    IntList out = new IntList(16 + text.length / BYTES_PER_TOKEN);
    BpeEncoder encoder = borrow();
    try {
      special.encode(text, text.length, specialText, encoder::encode, out);
    } finally {
      idle.offer(encoder);
    }
    return out.toArray();
  }

  private BpeEncoder borrow() {
    BpeEncoder encoder = idle.poll();
    return encoder == null ? encoder(WINDOW) : encoder;
  }

  /** A new encoder that takes pieces of so many bytes at once. */
  BpeEncoder encoder(int window) {
    return new BpeEncoder(preTokenizer, vocabulary, pairs, idsByRank, wholePieces, window);
  }

  /**
   * The token ids of a file, part by part. Memory does not depend on the file's size, as long as it
   * has blanks or line ends between words. Bytes that are no UTF-8 are kept.
   */
  @Override
  public void encodeFile(Path file, SpecialText specialText, Consumer<int[]> each) {
    encodeFile(file, specialText, each, TextBlocks.BLOCK);
  }

  void encodeFile(Path file, SpecialText specialText, Consumer<int[]> each, int block) {
    BpeEncoder encoder = borrow();
    try (TextBlocks blocks =
        new TextBlocks(file, preTokenizer, special, 0, Files.size(file), block)) {
      IntList out = new IntList();
      while (blocks.next()) {
        special.encode(blocks.text(), blocks.length(), specialText, encoder::encode, out);
        each.accept(out.toArray());
        out.clear();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + file.toAbsolutePath(), e);
    } finally {
      idle.offer(encoder);
    }
  }

  @Override
  public String decode(int... ids) {
    return new String(decodeBytes(ids), StandardCharsets.UTF_8);
  }

  /**
   * The bytes of a sequence of token ids; no UTF-8 where a character is not whole.
   *
   * @throws IllegalArgumentException if an id is not in the vocabulary
   */
  public byte[] decodeBytes(int... ids) {
    byte[] bytes = new byte[Math.max(16, 4 * ids.length)];
    int length = 0;
    for (int id : ids) {
      byte[] token = bytes(id);
      if (token.length > bytes.length - length) {
        bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + token.length));
      }
      System.arraycopy(token, 0, bytes, length, token.length);
      length += token.length;
    }
    return Arrays.copyOf(bytes, length);
  }

  private byte[] bytes(int id) {
    byte[] token = id >= 0 && id < vocabulary.size() ? vocabulary.get(id) : null;
    return token != null ? token : special.find(id).orElseThrow(() -> unknown(id));
  }

  private IllegalArgumentException unknown(int id) {
    return new IllegalArgumentException(
        id >= 0 && id < size
            ? "The id %d is not used by %s.".formatted(id, name())
            : "A token id of %s is 0 to %d; got %d. Do the model and the tokenizer belong together?"
                .formatted(name(), size - 1, id));
  }

  @Override
  public int vocabularySize() {
    return size;
  }

  @Override
  public String token(int id) {
    return Vocabulary.show(bytes(id));
  }

  @Override
  public byte[] tokenBytes(int id) {
    return bytes(id).clone();
  }

  @Override
  public Map<String, Integer> specialTokens() {
    return special.ids();
  }

  /** How texts are cut before they are encoded. */
  public PreTokenizer preTokenizer() {
    return preTokenizer;
  }

  /** The id of the token with these bytes; empty if there is none. Special tokens do not count. */
  public OptionalInt find(byte[] token) {
    int id = vocabulary.find(token, 0, token.length);
    return id == Vocabulary.ABSENT ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /**
   * The merges in the order in which they are applied. A vocabulary that is defined by ranks has
   * the one for each token that the merges before it lead to; a token they do not lead to has none,
   * and is found as a whole piece only once the vocabulary was saved.
   */
  public List<Pair> merges() {
    return mergeList;
  }

  boolean isUsed(int id) {
    boolean plain = id >= 0 && id < vocabulary.size() && vocabulary.get(id) != null;
    return plain || special.find(id).isPresent();
  }

  boolean wholePieces() {
    return wholePieces;
  }

  @Override
  public String vocabularyHash() {
    return VocabularyHash.of(size, id -> isUsed(id) ? bytes(id) : new byte[0], specialTokens());
  }

  @Override
  public String name() {
    return "%s (%,d tokens)".formatted(name, size);
  }

  @Override
  public String toString() {
    return "BpeTokenizer " + name();
  }
}
