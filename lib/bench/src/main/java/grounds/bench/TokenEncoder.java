package grounds.bench;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;
import grounds.tokenizer.BpeTokenizer;
import grounds.tokenizer.SpecialText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * GPT-2's encoding by one library, called as that library's users would.
 *
 * @param <R> what the library gives back; that it differs from {@code int[]} is not timed
 */
interface TokenEncoder<R> {

  /** The tokens of a text, on one thread. */
  R encode(String text);

  /** The tokens of many texts, on all cores. */
  List<R> encodeAll(List<String> texts);

  /** The ids in a result. */
  int[] ids(R result);

  /**
   * The encoder of a name.
   *
   * @param folder where GPT-2's {@code tokenizer.json} is, for those that read it
   */
  static TokenEncoder<?> of(String candidate, Path folder) {
    return switch (candidate) {
      case "grounds" -> new Grounds(BpeTokenizer.gpt2());
      case "jtokkit" ->
          new Jtokkit(Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.R50K_BASE));
      case "huggingface" -> HuggingFace.read(folder.resolve("tokenizer.json"));
      default ->
          throw new IllegalArgumentException(
              "Wanted grounds, jtokkit or huggingface, got %s.".formatted(candidate));
    };
  }

  /** This library. */
  record Grounds(BpeTokenizer tokenizer) implements TokenEncoder<int[]> {
    @Override
    public int[] encode(String text) {
      return tokenizer.encode(text);
    }

    @Override
    public List<int[]> encodeAll(List<String> texts) {
      return tokenizer.encodeAll(texts, SpecialText.refused());
    }

    @Override
    public int[] ids(int[] result) {
      return result;
    }
  }

  /** JTokkit has no call for many texts: a parallel stream stands for it. */
  record Jtokkit(com.knuddels.jtokkit.api.Encoding encoding) implements TokenEncoder<IntArrayList> {
    @Override
    public IntArrayList encode(String text) {
      return encoding.encodeOrdinary(text);
    }

    @Override
    public List<IntArrayList> encodeAll(List<String> texts) {
      return texts.parallelStream().map(encoding::encodeOrdinary).toList();
    }

    @Override
    public int[] ids(IntArrayList result) {
      return result.toArray();
    }
  }

  /** Hugging Face's tokenizers, native code inside the JVM. */
  record HuggingFace(HuggingFaceTokenizer tokenizer) implements TokenEncoder<Encoding> {

    static HuggingFace read(Path file) {
      try {
        return new HuggingFace(
            HuggingFaceTokenizer.builder()
                .optTokenizerPath(file)
                .optAddSpecialTokens(false)
                .optTruncation(false)
                .optPadding(false)
                .build());
      } catch (IOException e) {
        throw new UncheckedIOException("Could not read " + file.toAbsolutePath(), e);
      }
    }

    @Override
    public Encoding encode(String text) {
      return tokenizer.encode(text);
    }

    @Override
    public List<Encoding> encodeAll(List<String> texts) {
      return Arrays.asList(tokenizer.batchEncode(texts));
    }

    @Override
    public int[] ids(Encoding result) {
      return Arrays.stream(result.getIds()).mapToInt(Math::toIntExact).toArray();
    }
  }
}
