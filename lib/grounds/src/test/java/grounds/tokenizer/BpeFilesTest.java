package grounds.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BpeFilesTest {
  private static final String TEXT =
      "To be, or not to be: that is the question. It's 1599! \u00DCber \u4E2D\u6587 \uD83D\uDE00\n";

  @TempDir Path folder;

  private static BpeTokenizer small(PreTokenizer preTokenizer) {
    return new BpeTrainer(330)
        .preTokenizer(preTokenizer)
        .specialTokens("<|endoftext|>", "<|user|>")
        .train(TEXT.repeat(3));
  }

  private static void assertSame(BpeTokenizer expected, BpeTokenizer got) {
    assertEquals(expected.vocabularyHash(), got.vocabularyHash());
    assertEquals(expected.specialTokens(), got.specialTokens());
    assertEquals(expected.preTokenizer(), got.preTokenizer());
    assertEquals(expected.merges(), got.merges());
    String text = TEXT + "<|user|>" + RandomText.of(new Random(1), 500);
    assertArrayEquals(
        expected.encode(text, SpecialText.allowed()), got.encode(text, SpecialText.allowed()));
  }

  @ParameterizedTest
  @EnumSource(PreTokenizer.class)
  void savedAndLoadedIsTheSame(PreTokenizer preTokenizer) throws IOException {
    BpeTokenizer tokenizer = small(preTokenizer);
    tokenizer.save(folder);
    assertSame(tokenizer, BpeTokenizer.load(folder.resolve("tokenizer.json")));
    assertSame(tokenizer, BpeTokenizer.load(folder, preTokenizer));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(
          List.of("merges.txt", "tokenizer.json", "vocab.json"),
          files.map(f -> f.getFileName().toString()).sorted().toList());
    }
  }

  @Test
  void theFilesAreAsGpt2WasPublished() throws IOException {
    BpeTokenizer.gpt2().save(folder);
    List<String> merges = Files.readAllLines(folder.resolve("merges.txt"));
    // The head of the published merges.txt: a version, then t and h with the space as U+0120.
    assertEquals(
        List.of("#version: 0.2", "\u0120 t", "\u0120 a", "h e", "i n", "r e", "o n"),
        merges.subList(0, 7));
    assertEquals(50_001, merges.size());
    JsonObject vocab =
        JsonParser.parseString(Files.readString(folder.resolve("vocab.json"))).getAsJsonObject();
    assertEquals(50_257, vocab.size());
    assertEquals(0, vocab.get("!").getAsInt());
    assertEquals(50_256, vocab.get("<|endoftext|>").getAsInt());
    BpeTokenizer loaded = BpeTokenizer.load(folder);
    assertEquals(BpeTokenizer.gpt2().vocabularyHash(), loaded.vocabularyHash());
    // By merges, as the published files say, or by ranks: the same ids.
    Random random = new Random(2);
    for (int i = 0; i < 2_000; i++) {
      String text = RandomText.of(random, 20);
      assertArrayEquals(
          BpeTokenizer.gpt2().encode(text, SpecialText.plain()),
          loaded.encode(text, SpecialText.plain()),
          RandomText.escaped(text));
    }
  }

  @ParameterizedTest
  @EnumSource(PreTokenizer.class)
  void huggingFacesTokenizersReadItAndAgree(PreTokenizer preTokenizer) throws IOException {
    small(preTokenizer).save(folder);
    assertAgrees(small(preTokenizer), 2_000);
  }

  @Test
  void huggingFacesTokenizersReadThePublishedVocabulariesAndAgree() throws IOException {
    for (BpeTokenizer tokenizer : List.of(BpeTokenizer.gpt2(), BpeTokenizer.cl100k())) {
      tokenizer.save(folder);
      assertAgrees(tokenizer, 1_000);
    }
  }

  private void assertAgrees(BpeTokenizer tokenizer, int texts) throws IOException {
    Random random = new Random(3);
    try (HuggingFaceTokenizer theirs =
        HuggingFaceTokenizer.newInstance(folder.resolve("tokenizer.json"))) {
      for (int i = 0; i < texts; i++) {
        String text = TEXT + Utf8.wholeCharacters(RandomText.ofOldCharacters(random, 12));
        assertArrayEquals(
            theirs.encode(text, false, false).getIds(),
            Arrays.stream(tokenizer.encode(text, SpecialText.allowed())).asLongStream().toArray(),
            () -> RandomText.escaped(text));
      }
    }
  }

  @Test
  void aRankFileOfTiktokenIsRead() throws IOException {
    BpeTokenizer tokenizer = new BpeTrainer(300).train(TEXT);
    StringBuilder lines = new StringBuilder();
    for (int id = 0; id < tokenizer.vocabularySize(); id++) {
      lines.append(Base64.getEncoder().encodeToString(tokenizer.tokenBytes(id)));
      lines.append(' ').append(id).append('\n');
    }
    Path file = folder.resolve("own.tiktoken");
    Files.writeString(file, lines);
    BpeTokenizer loaded =
        BpeTokenizer.loadTiktoken(file, PreTokenizer.GPT2, Map.of("<|end|>", 310));
    assertArrayEquals(tokenizer.encode(TEXT), loaded.encode(TEXT));
    assertEquals(311, loaded.vocabularySize());

    Files.writeString(file, "IQ== 0\nIg== one\n");
    assertMessage("own.tiktoken, line 2: wanted a token in base 64", () -> ranks(file));
    Files.writeString(file, "IQ== 0\nIg==\n");
    assertMessage("own.tiktoken, line 2", () -> ranks(file));
    Files.writeString(file, "IQ== 0\nIg== 0\n");
    assertMessage("Two tokens have the id 0", () -> ranks(file));
    Files.writeString(file, "IQ== 2000000000\n");
    assertMessage("An id is 0 to", () -> ranks(file));
  }

  private static void ranks(Path file) {
    BpeTokenizer.loadTiktoken(file, PreTokenizer.GPT2, Map.of());
  }

  // -------------------------------------------------------------------------------------- bad
  // files

  @Test
  void aMergeOfAnUnknownTokenIsNamedWithFileAndLine() throws IOException {
    small(PreTokenizer.GPT2).save(folder);
    Path merges = folder.resolve("merges.txt");
    List<String> lines = new ArrayList<>(Files.readAllLines(merges));
    lines.set(3, "zz q");
    Files.write(merges, lines);
    assertMessage(
        "merges.txt, line 4 merges \"zz\" and \"q\", but the vocabulary has no token \"zz\"",
        () -> BpeTokenizer.load(folder));
    lines.set(3, "z q");
    Files.write(merges, lines);
    assertMessage("no token \"zq\"", () -> BpeTokenizer.load(folder));
    lines.set(3, "a b c");
    Files.write(merges, lines);
    assertMessage("merges.txt, line 4: wanted two tokens", () -> BpeTokenizer.load(folder));
  }

  @Test
  void brokenVocabulariesAreNamed() throws IOException {
    small(PreTokenizer.GPT2).save(folder);
    Path vocab = folder.resolve("vocab.json");
    String good = Files.readString(vocab);
    Files.writeString(vocab, good.replaceFirst("\\{", "{\"!\": 7,"));
    assertMessage("vocab.json has the token \"!\" twice, with the ids 7 and 33", this::load);
    Files.writeString(vocab, good.replace("\"!\": 33", "\"!\": 34"));
    assertMessage("Two tokens have the id 34", this::load);
    Files.writeString(vocab, good.replace("\"!\": 33,", ""));
    assertMessage("0x21 is missing", this::load);
    Files.writeString(vocab, good.substring(0, good.length() / 2));
    assertMessage("vocab.json", this::load);
    Files.writeString(vocab, "[]");
    assertMessage("vocab.json", this::load);
    Files.delete(vocab);
    String missing = assertThrows(UncheckedIOException.class, this::load).getMessage();
    assertTrue(missing.contains(vocab.toString()), missing);
  }

  private void load() {
    BpeTokenizer.load(folder);
  }

  @Test
  void tokenizersOfAnotherKindAreNamed() throws IOException {
    small(PreTokenizer.GPT2).save(folder);
    Path file = folder.resolve("tokenizer.json");
    JsonObject good = JsonParser.parseString(Files.readString(file)).getAsJsonObject();

    JsonObject wordPiece = good.deepCopy();
    wordPiece.getAsJsonObject("model").addProperty("type", "WordPiece");
    assertMessage("a model of the type WordPiece; wanted BPE", () -> load(file, wordPiece));

    JsonObject lowerCase = good.deepCopy();
    lowerCase.add("normalizer", JsonParser.parseString("{\"type\": \"Lowercase\"}"));
    assertMessage("normalises text", () -> load(file, lowerCase));

    JsonObject metaspace = good.deepCopy();
    metaspace.add("pre_tokenizer", JsonParser.parseString("{\"type\": \"Metaspace\"}"));
    assertMessage("cuts text into pieces by", () -> load(file, metaspace));

    JsonObject foreign = good.deepCopy();
    foreign.getAsJsonObject("model").getAsJsonObject("vocab").addProperty("\u2581the", 400);
    assertMessage("U+2581, which stands for no byte", () -> load(file, foreign));

    JsonObject merge = good.deepCopy();
    JsonArray three = new JsonArray();
    List.of("a", "b", "c").forEach(three::add);
    merge.getAsJsonObject("model").getAsJsonArray("merges").add(three);
    assertMessage("a merge has two tokens", () -> load(file, merge));

    for (String text : List.of("", "{}", "[1]", "{\"model\": 1}", "null")) {
      Files.writeString(file, text);
      assertMessage("tokenizer.json", () -> BpeTokenizer.load(file));
    }
  }

  private static void load(Path file, JsonObject json) {
    try {
      Files.writeString(file, json.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    BpeTokenizer.load(file);
  }

  @Test
  void mergesAsOneTextEachAreReadToo() throws IOException {
    BpeTokenizer tokenizer = small(PreTokenizer.GPT2);
    tokenizer.save(folder);
    Path file = folder.resolve("tokenizer.json");
    JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    JsonArray texts = new JsonArray();
    json.getAsJsonObject("model")
        .getAsJsonArray("merges")
        .forEach(
            m ->
                texts.add(
                    m.getAsJsonArray().get(0).getAsString()
                        + " "
                        + m.getAsJsonArray().get(1).getAsString()));
    json.getAsJsonObject("model").add("merges", texts);
    Files.writeString(file, json.toString(), StandardCharsets.UTF_8);
    assertSame(tokenizer, BpeTokenizer.load(file));
  }

  @Test
  void aFolderThatCannotBeWrittenIsNamed() throws IOException {
    Path file = folder.resolve("file");
    Files.writeString(file, "not a folder");
    String message =
        assertThrows(
                UncheckedIOException.class, () -> small(PreTokenizer.GPT2).save(file.resolve("x")))
            .getMessage();
    assertTrue(message.contains(file.toString()), message);
    assertFalse(Files.isDirectory(file));
  }

  private static void assertMessage(
      String part, org.junit.jupiter.api.function.Executable executable) {
    String message = assertThrows(IllegalArgumentException.class, executable).getMessage();
    assertTrue(message.contains(part), () -> "no <" + part + "> in: " + message);
  }
}
