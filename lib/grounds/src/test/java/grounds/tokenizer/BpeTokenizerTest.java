package grounds.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BpeTokenizerTest implements TokenizerContract {
  private static final int RANDOM_TEXTS = 10_000;

  private static final BpeTokenizer GPT2 = BpeTokenizer.gpt2();
  private static final BpeTokenizer CL100K = BpeTokenizer.cl100k();
  private static final Encoding JTOKKIT_GPT2 =
      Encodings.newDefaultEncodingRegistry().getEncoding(EncodingType.R50K_BASE);
  private static final Encoding JTOKKIT_CL100K =
      Encodings.newDefaultEncodingRegistry().getEncoding(EncodingType.CL100K_BASE);

  @TempDir Path folder;

  @Override
  public Tokenizer tokenizer() {
    return GPT2;
  }

  @Override
  public List<String> texts() {
    return List.of("to be or not to be", "\u00E9\u4E2D\uD83D\uDE00\uFFFD\0", "  \r\n\t x", "1999");
  }

  // ------------------------------------------------------------------------ published vocabularies

  private static String tokens(BpeTokenizer tokenizer, String text) {
    return Arrays.stream(tokenizer.encode(text))
        .mapToObj(tokenizer::token)
        .collect(Collectors.joining("|"));
  }

  // What GPT-2's own encoder.py gives, as tiktoken's "gpt2" does.
  @Test
  void splitsAsGpt2Does() {
    assertEquals("under|standing", tokens(GPT2, "understanding"));
    assertArrayEquals(new int[] {4625, 5646}, GPT2.encode("understanding"));
    assertEquals(
        "super|cal|if|rag|il|ist|ice|xp|ial|id|ocious",
        tokens(GPT2, "supercalifragilisticexpialidocious"));
    assertEquals(
        "for| (|int| i| =| 0|;| i| <| n|;| i|++)| {",
        tokens(GPT2, "for (int i = 0; i < n; i++) {"));
    assertArrayEquals(new int[] {15496, 11, 995, 0}, GPT2.encode("Hello, world!"));
    assertArrayEquals(new int[] {9906, 11, 1917, 0}, CL100K.encode("Hello, world!"));
    assertEquals(50257, GPT2.vocabularySize());
    assertEquals(100277, CL100K.vocabularySize());
  }

  @Test
  void equalsTheReferenceOnRandomTexts() {
    long seed = System.nanoTime();
    System.out.printf("BpeTokenizerTest: %,d random texts, seed %d%n", RANDOM_TEXTS, seed);
    Random random = new Random(seed);
    for (int i = 0; i < RANDOM_TEXTS; i++) {
      assertEqualsReference(RandomText.of(random, 1 + random.nextInt(40)), "seed " + seed);
    }
  }

  @Test
  void equalsTheReferenceOnEveryLineOfTheGeneratedCorpus() {
    GeneratedCorpus.lines().forEach(line -> assertEqualsReference(line, "line"));
    // And with line ends inside, all as one text.
    assertEqualsReference(String.join("\n", GeneratedCorpus.lines()), "all lines");
    assertEqualsReference(String.join("\r\n", GeneratedCorpus.lines()), "all lines, CRLF");
  }

  private static void assertEqualsReference(String text, String where) {
    String whole = Utf8.wholeCharacters(text);
    for (boolean gpt2 : new boolean[] {true, false}) {
      BpeTokenizer ours = gpt2 ? GPT2 : CL100K;
      Encoding theirs = gpt2 ? JTOKKIT_GPT2 : JTOKKIT_CL100K;
      int[] ids = ours.encode(text, SpecialText.plain());
      assertArrayEquals(
          theirs.encodeOrdinary(whole).toArray(),
          ids,
          () -> where + ", " + ours.name() + ": " + RandomText.escaped(text));
      assertEquals(whole, ours.decode(ids), () -> where + ": " + RandomText.escaped(text));
    }
  }

  @Test
  void everyTokenIsReachedByItsOwnMerges() {
    for (BpeTokenizer tokenizer : List.of(GPT2, CL100K)) {
      int special = tokenizer.specialTokens().size();
      long used = IntStream.range(0, tokenizer.vocabularySize()).filter(tokenizer::isUsed).count();
      assertEquals(used - special - 256, tokenizer.merges().size(), tokenizer.name());
    }
  }

  // ---------------------------------------------------------------------------------- bytes,
  // stream

  @Test
  void everyByteArrayComesBack() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 5_000; i++) {
      byte[] bytes = new byte[random.nextInt(40)];
      random.nextBytes(bytes);
      for (BpeTokenizer tokenizer : List.of(GPT2, CL100K)) {
        assertArrayEquals(
            bytes, tokenizer.decodeBytes(tokenizer.encodeBytes(bytes)), () -> "seed " + seed);
      }
    }
  }

  @Test
  void loneSurrogatesBecomeTheReplacementCharacter() {
    assertEquals("a\uFFFDb", GPT2.decode(GPT2.encode("a\uD800b")));
    assertArrayEquals(GPT2.encode("?\uFFFD"), GPT2.encode("?\uDC00"));
  }

  @Test
  void streamingNeverGivesHalfACharacter() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      String text = Utf8.wholeCharacters(RandomText.of(random, 1 + random.nextInt(20)));
      StreamingDecoder decoder = new StreamingDecoder(GPT2);
      StringBuilder all = new StringBuilder();
      for (int id : GPT2.encode(text, SpecialText.plain())) {
        String part = decoder.next(id);
        assertEquals(part, Utf8.wholeCharacters(part), () -> "seed " + seed);
        assertTrue(text.startsWith(all + part), () -> "seed " + seed);
        all.append(part);
      }
      assertEquals("", decoder.end(), () -> "seed " + seed);
      assertEquals(text, all.toString(), () -> "seed " + seed);
    }
  }

  @Test
  void streamingWaitsForTheBytesOfAnEmoji() {
    int[] ids = GPT2.encode("\uD83E\uDD84"); // a unicorn: no token of its own
    assertTrue(ids.length > 1);
    StreamingDecoder decoder = new StreamingDecoder(GPT2);
    for (int i = 0; i < ids.length - 1; i++) {
      assertEquals("", decoder.next(ids[i]));
    }
    assertEquals("\uD83E\uDD84", decoder.next(ids[ids.length - 1]));
    decoder.next(ids[0]);
    assertEquals("\uFFFD", decoder.end());
    assertEquals("a", decoder.next(GPT2.encode("a")[0]));
  }

  @Test
  void anyIdsStreamToWhatTheyDecodeTo() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 5_000; i++) {
      int[] ids = random.ints(1 + random.nextInt(9), 0, i % 2 == 0 ? 256 : 50257).toArray();
      StreamingDecoder decoder = new StreamingDecoder(GPT2);
      String streamed =
          Arrays.stream(ids).mapToObj(decoder::next).collect(Collectors.joining()) + decoder.end();
      assertEquals(GPT2.decode(ids), streamed, () -> "seed " + seed + Arrays.toString(ids));
    }
  }

  // ------------------------------------------------------------------------------------------
  // files

  @Test
  void aFileHasTheIdsOfItsTextWhateverTheBlocks() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    String text =
        IntStream.range(0, 3_000)
                .mapToObj(i -> RandomText.of(random, 3))
                .collect(Collectors.joining(" and "))
            + "a".repeat(5_000);
    Path file = folder.resolve("text.txt");
    Files.write(file, Utf8.bytes(text));
    for (BpeTokenizer tokenizer : List.of(GPT2, CL100K)) {
      for (SpecialText special : List.of(SpecialText.plain(), SpecialText.allowed())) {
        int[] expected = tokenizer.encode(text, special);
        for (int block : new int[] {1, 7, 100, 4096, 1 << 20}) {
          IntList all = new IntList();
          tokenizer.encodeFile(file, special, ids -> all.addAll(ids, 0, ids.length), block);
          assertArrayEquals(expected, all.toArray(), () -> "seed " + seed + ", block " + block);
        }
      }
    }
  }

  @Test
  void aTokenFileHoldsTheIdsOfTheTextAndKnowsItsVocabulary() throws Exception {
    Path text = folder.resolve("text.txt");
    Files.writeString(text, String.join("\n", GeneratedCorpus.lines().subList(0, 20)));
    Path file = folder.resolve("text.tokens");
    int[] expected = CL100K.encode(Files.readString(text), SpecialText.plain());
    try (TokenFile tokens = TokenFile.write(file, CL100K, text, SpecialText.plain())) {
      tokens.verify();
      assertArrayEquals(expected, tokens.read(0, Math.toIntExact(tokens.length())));
    }
    String message =
        assertThrows(IllegalArgumentException.class, () -> TokenFile.open(file, GPT2)).getMessage();
    assertTrue(message.contains(CL100K.name()) && message.contains(GPT2.name()), message);
  }

  @Test
  void aSpecialTokenIsNotPartedBetweenBlocks() throws Exception {
    BpeTokenizer tokenizer = new BpeTrainer(300).specialTokens("<|a b|>", "<|a b").train("a b a b");
    Path file = folder.resolve("text.txt");
    String text = "a <|a b|> b <|a b".repeat(50);
    Files.writeString(file, text);
    for (int block = 1; block < 40; block++) {
      IntList all = new IntList();
      tokenizer.encodeFile(
          file, SpecialText.allowed(), ids -> all.addAll(ids, 0, ids.length), block);
      assertArrayEquals(
          tokenizer.encode(text, SpecialText.allowed()), all.toArray(), "block " + block);
    }
  }

  @Test
  void aMissingFileIsNamed() {
    Path file = folder.resolve("none.txt");
    String message =
        assertThrows(
                UncheckedIOException.class,
                () -> GPT2.encodeFile(file, SpecialText.plain(), ids -> {}))
            .getMessage();
    assertTrue(message.contains(file.toString()), message);
  }

  // ---------------------------------------------------------------------------------- special
  // tokens

  @Test
  void specialTokensAreRefusedAllowedOrPlain() {
    String text = "one<|endoftext|>two";
    String message =
        assertThrows(IllegalArgumentException.class, () -> GPT2.encode(text)).getMessage();
    assertTrue(message.contains("<|endoftext|>, at position 3"), message);
    assertTrue(message.contains("SpecialText.allowed(\"<|endoftext|>\")"), message);
    assertArrayEquals(new int[] {505, 50256, 11545}, GPT2.encode(text, SpecialText.allowed()));
    assertArrayEquals(
        new int[] {505, 50256, 11545}, GPT2.encode(text, SpecialText.allowed("<|endoftext|>")));
    assertEquals(9, GPT2.encode(text, SpecialText.plain()).length);
    assertEquals(text, GPT2.decode(505, 50256, 11545));
    // Only the one that is allowed: cl100k has others.
    assertThrows(
        IllegalArgumentException.class,
        () -> CL100K.encode("<|fim_prefix|>", SpecialText.allowed("<|endoftext|>")));
  }

  @Test
  void whatSpecialTextMeansIsShownAsItIsWritten() {
    assertEquals("SpecialText.refused()", SpecialText.refused().toString());
    assertEquals("SpecialText.plain()", SpecialText.plain().toString());
    assertEquals("SpecialText.allowed()", SpecialText.allowed().toString());
    assertEquals(
        "SpecialText.allowed(\"<a>\", \"<b>\")", SpecialText.allowed("<b>", "<a>").toString());
  }

  @Test
  void theLongestSpecialTokenCounts() {
    BpeTokenizer tokenizer =
        new BpeTrainer(300).specialTokens("<|a|>", "<|a|><|b|>", "<").train("ab");
    int[] ids = tokenizer.encode("<|a|><|b|><|a|>b<", SpecialText.allowed());
    assertEquals(
        "<|a|><|b|> <|a|> b <",
        Arrays.stream(ids).mapToObj(tokenizer::token).collect(Collectors.joining(" ")));
  }

  // ------------------------------------------------------------------------------------ bad input

  @Test
  void idsOutOfRangeAndUnusedOnesAreNamed() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> GPT2.decode(1, 50257)).getMessage();
    assertTrue(message.contains("0 to 50256; got 50257"), message);
    assertTrue(message.contains("gpt2"), message);
    String unused =
        assertThrows(IllegalArgumentException.class, () -> CL100K.decode(100256)).getMessage();
    assertTrue(unused.contains("100256 is not used"), unused);
  }

  @Test
  void vocabulariesThatCannotBeAreRefused() {
    List<byte[]> tokens = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      tokens.add(new byte[] {(byte) b});
    }
    tokens.add("ab".getBytes(StandardCharsets.UTF_8));
    assertMessage("0x41 is missing", with(tokens, 0x41, null), List.of());
    assertMessage("\"ab\" has the ids 256 and 257", with(tokens, 257, tokens.get(256)), List.of());
    assertMessage("is empty", with(tokens, 257, new byte[0]), List.of());
    assertMessage(
        "makes \"ba\", which is not in the vocabulary",
        tokens,
        List.of(new BpeTokenizer.Pair('b', 'a')));
    String taken =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    BpeTokenizer.ofRanks(
                        "x", PreTokenizer.GPT2, tokens, java.util.Map.of("<|x|>", 256)))
            .getMessage();
    assertTrue(taken.contains("<|x|> wants the id 256, which belongs to \"ab\""), taken);
    String outside =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    BpeTokenizer.ofRanks(
                        "x", PreTokenizer.GPT2, tokens, java.util.Map.of("<|x|>", 2_000_000_000)))
            .getMessage();
    assertTrue(outside.contains("2000000000, which is not from 0 to 1048575"), outside);
  }

  private static List<byte[]> with(List<byte[]> tokens, int id, byte[] token) {
    List<byte[]> changed = new ArrayList<>(tokens);
    if (id == changed.size()) {
      changed.add(token);
    } else {
      changed.set(id, token);
    }
    return changed;
  }

  private static void assertMessage(
      String part, List<byte[]> tokens, List<BpeTokenizer.Pair> merges) {
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    new BpeTokenizer(
                        "x", PreTokenizer.GPT2, tokens, merges, false, java.util.Map.of()))
            .getMessage();
    assertTrue(message.contains(part), () -> "no <" + part + "> in: " + message);
  }

  // ---------------------------------------------------------------------------------------- the
  // rest

  @Test
  void manyThreadsGetTheSameIds() {
    List<String> texts = new ArrayList<>(GeneratedCorpus.lines());
    List<int[]> expected =
        texts.stream().map(text -> GPT2.encode(text, SpecialText.plain())).toList();
    List<int[]> all = GPT2.encodeAll(texts, SpecialText.plain());
    for (int i = 0; i < texts.size(); i++) {
      assertArrayEquals(expected.get(i), all.get(i), texts.get(i));
    }
  }

  @Test
  void theHashTellsVocabulariesApart() {
    BpeTokenizer one = new BpeTrainer(260).train("to be or not to be");
    BpeTokenizer same = new BpeTrainer(260).train("to be or not to be");
    BpeTokenizer other = new BpeTrainer(260).train("that is the question");
    assertEquals(one.vocabularyHash(), same.vocabularyHash());
    assertNotEquals(one.vocabularyHash(), other.vocabularyHash());
    assertNotEquals(
        one.vocabularyHash(),
        new BpeTrainer(261).specialTokens("<|x|>").train("to be or not to be").vocabularyHash());
    assertEquals(64, CL100K.vocabularyHash().length());
  }

  @Test
  void anInterruptStopsEncoding() {
    String text = "a".repeat(1 << 20);
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancellationException.class, () -> GPT2.encode(text));
    } finally {
      assertTrue(Thread.interrupted());
    }
    assertEquals(text, GPT2.decode(GPT2.encode(text)));
  }
}
