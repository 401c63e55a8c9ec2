package grounds.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import grounds.Reference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WordPieceTokenizerTest implements TokenizerContract {
  private static final List<String> VOCABULARY =
      List.of(
          "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able", "want", "##ed",
          "want", ",", "runn", "##ing", "hug", "##s", "##a", "a");

  /** Without the second "want", which no vocabulary may have. */
  private static final List<String> SOUND = VOCABULARY.stream().distinct().toList();

  private static final WordPieceTokenizer UNCASED = WordPieceTokenizer.ofVocabulary(SOUND, true);

  @Override
  public Tokenizer tokenizer() {
    return UNCASED;
  }

  /** In normalised form: that is what comes back. */
  @Override
  public List<String> texts() {
    return List.of("hugs", "unaffable , wanted", "running , , a", "aaaa");
  }

  @Test
  void theLongestPieceThatFitsIsTakenFromLeftToRight() {
    assertEquals(
        List.of("un", "##aff", "##able", "runn", "##ing", ",", "hug", "##s", "[UNK]", "want"),
        tokens(UNCASED, UNCASED.encode("UNaffable running,\thugs unwell Want")));
  }

  @Test
  void whatIsGreedyIsNotAlwaysWhatFits() {
    WordPieceTokenizer tokenizer =
        WordPieceTokenizer.ofVocabulary(List.of("[UNK]", "ab", "a", "##bc"), true);
    assertEquals(List.of("[UNK]", "ab", "a"), tokens(tokenizer, tokenizer.encode("abc ab a")));
  }

  @Test
  void decodingJoinsPiecesAndPutsASpaceBeforeWords() {
    assertEquals("unaffable , hugs", UNCASED.decode(UNCASED.encode("  Un\u00C0ffable,HUGS\n")));
    assertEquals("ing hug", UNCASED.decode(id("##ing"), id("hug")));
    assertEquals("[CLS] hug [SEP]", UNCASED.decode(id("[CLS]"), id("hug"), id("[SEP]")));
    assertEquals(" hug", new String(UNCASED.tokenBytes(id("hug")), StandardCharsets.UTF_8));
    assertEquals("ing", new String(UNCASED.tokenBytes(id("##ing")), StandardCharsets.UTF_8));
    assertEquals("##ing", UNCASED.token(id("##ing")));
  }

  @Test
  void decodedTextIsTheBytesOfItsTokensWithoutTheFirstSpace() {
    for (String text : texts()) {
      int[] ids = UNCASED.encode(text);
      StringBuilder joined = new StringBuilder();
      for (int id : ids) {
        joined.append(new String(UNCASED.tokenBytes(id), StandardCharsets.UTF_8));
      }
      assertEquals(" " + UNCASED.decode(ids), joined.toString());
    }
  }

  @Test
  void specialTokensAreRefusedAllowedOrPlainText() {
    assertEquals(
        Map.of("[PAD]", 0, "[UNK]", 1, "[CLS]", 2, "[SEP]", 3, "[MASK]", 4),
        UNCASED.specialTokens());
    assertMessage("special token [SEP], at position 4", () -> UNCASED.encode("hug [SEP] hug"));
    assertMessage("[UNK]", () -> UNCASED.encode("[UNK]"));
    assertEquals(
        List.of("[CLS]", "hug", "[SEP]", "hug", "[MASK]"),
        tokens(UNCASED, UNCASED.encode("[CLS]hug[SEP] hug [MASK]", SpecialText.allowed())));
    assertEquals(
        List.of("hug", "[UNK]", "[UNK]", "[UNK]"),
        tokens(UNCASED, UNCASED.encode("hug [SEP]", SpecialText.plain())));
    assertMessage("[SEP]", () -> UNCASED.encode("[CLS] hug [SEP]", SpecialText.allowed("[CLS]")));
  }

  @Test
  void moreSpecialTokensCanBeNamed() {
    WordPieceTokenizer tokenizer =
        WordPieceTokenizer.ofVocabulary(List.of("[UNK]", "a", "<|user|>"), false, "<|user|>");
    assertEquals(Map.of("[UNK]", 0, "<|user|>", 2), tokenizer.specialTokens());
    assertArrayEquals(new int[] {1, 2, 1}, tokenizer.encode("a<|user|>a", SpecialText.allowed()));
    assertMessage("<|user|>", () -> tokenizer.encode("a<|user|>a"));
    assertMessage(
        "\"<|user|>\" is not among the 17 tokens",
        () -> WordPieceTokenizer.ofVocabulary(SOUND, true, "<|user|>"));
  }

  // As Hugging Face has it

  @ParameterizedTest
  @ValueSource(strings = {"cased", "uncased"})
  void idsAndDecodedTextsAreThoseOfHuggingFace(String kind) {
    JsonObject reference = Reference.json("wordpiece");
    JsonObject want = reference.getAsJsonObject(kind);
    WordPieceTokenizer tokenizer = reference(want, kind);
    JsonArray texts = reference.getAsJsonArray("texts");
    int ids = 0;
    for (int i = 0; i < texts.size(); i++) {
      String text = texts.get(i).getAsString();
      int[] expected = new Gson().fromJson(want.getAsJsonArray("ids").get(i), int[].class);
      assertEquals(
          tokens(tokenizer, expected), tokens(tokenizer, tokenizer.encode(text)), "text " + i);
      assertArrayEquals(expected, tokenizer.encode(text));
      assertEquals(want.getAsJsonArray("decoded").get(i).getAsString(), tokenizer.decode(expected));
      ids += expected.length;
    }
    assertTrue(ids > 500, "only " + ids + " ids were compared");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cased", "uncased"})
  void specialTokensAreThoseOfHuggingFace(String kind) {
    JsonObject want = Reference.json("wordpiece").getAsJsonObject(kind);
    WordPieceTokenizer tokenizer = reference(want, kind);
    String text = want.get("specialText").getAsString();
    assertArrayEquals(
        new Gson().fromJson(want.get("specialAllowed"), int[].class),
        tokenizer.encode(text, SpecialText.allowed()));
    assertArrayEquals(
        new Gson().fromJson(want.get("specialPlain"), int[].class),
        tokenizer.encode(text, SpecialText.plain()));
  }

  private static WordPieceTokenizer reference(JsonObject reference, String kind) {
    return WordPieceTokenizer.ofVocabulary(
        List.of(reference.get("vocabulary").getAsString().split(" ")), kind.equals("uncased"));
  }

  @Test
  void everyCharacterBetweenTwoLettersBecomesWhatItDoesThere() {
    JsonObject want = Reference.json("wordpiece").getAsJsonObject("characters");
    JsonObject lowerCase = want.getAsJsonObject("lowerCase");
    int lowerCaseBelow = want.get("lowerCaseBelow").getAsInt();
    int compared = 0;
    for (JsonElement run : want.getAsJsonArray("runs")) {
      int last = run.getAsJsonArray().get(1).getAsInt();
      for (int c = run.getAsJsonArray().get(0).getAsInt(); c <= last; c++) {
        String character = Character.toString(c);
        String cased =
            switch (run.getAsJsonArray().get(2).getAsString()) {
              case "dropped" -> "ab";
              case "space" -> "a b";
              case "alone" -> "a " + character + " b";
              default -> "a" + character + "b";
            };
        String message = "U+%04X".formatted(c);
        assertEquals(cased, words("a" + character + "b", false), message);
        if (c < lowerCaseBelow) {
          String uncased =
              lowerCase.has(character) ? lowerCase.get(character).getAsString() : cased;
          assertEquals(uncased, words("a" + character + "b", true), message);
        }
        compared++;
      }
    }
    assertTrue(compared > 200_000, "only " + compared + " characters were compared");
  }

  private static String words(String text, boolean lowerCase) {
    List<String> words = new ArrayList<>();
    new BertPreTokenizer(lowerCase).words(text, words::add);
    return String.join(" ", words);
  }

  // Long words

  @Test
  void aWordOfAMillionCharactersIsUnknownAtOnce() {
    String word = "a".repeat(1 << 20);
    assertTimeout(
        Duration.ofSeconds(5),
        () -> assertArrayEquals(new int[] {1, id("a")}, UNCASED.encode(word + " a")));
    assertEquals(100, UNCASED.encode("a".repeat(100)).length);
    assertArrayEquals(new int[] {1}, UNCASED.encode("a".repeat(101)));
  }

  // Files

  @Test
  void aVocabularyFileIsWrittenAndReadBack(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("new").resolve("vocab.txt");
    UNCASED.save(file);
    assertEquals(SOUND, Files.readAllLines(file));
    WordPieceTokenizer read = WordPieceTokenizer.load(file, true);
    assertEquals(UNCASED, read);
    assertEquals(UNCASED.hashCode(), read.hashCode());
    assertEquals(UNCASED.vocabularyHash(), read.vocabularyHash());
    assertEquals(SOUND, read.vocabulary());
    assertTrue(read.lowerCase());
    assertNotEquals(UNCASED, WordPieceTokenizer.load(file, false));
    assertNotEquals(UNCASED, WordPieceTokenizer.load(file, true, "hug"));
    UNCASED.save(file);
    try (Stream<Path> files = Files.list(file.getParent())) {
      assertEquals(List.of(file), files.toList(), "a temporary file was left");
    }
  }

  @Test
  void aFileWithWindowsLineEndsOrNoneAtTheEndIsReadToo(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("vocab.txt");
    Files.writeString(file, "[UNK]\r\n\u00E9\r\n##\u4E2D");
    assertEquals(
        List.of("[UNK]", "\u00E9", "##\u4E2D"), WordPieceTokenizer.load(file, false).vocabulary());
  }

  @Test
  void aFileThatIsNoVocabularyIsNamedWithTheLine(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("vocab.txt");
    Executable load = () -> WordPieceTokenizer.load(file, true);
    Files.writeString(file, "[PAD]\n[UNK]\nhug\n##s\nhug\n");
    assertMessage(
        file + ", line 5: the token \"hug\" is there already, as " + file + ", line 3", load);
    Files.writeString(file, "[PAD]\n[UNK]\n\nhug\n");
    assertMessage(file + ", line 3: the token is empty", load);
    Files.writeString(file, "[PAD]\nhug\n");
    assertMessage(file + ": wanted [UNK] on one of its 2 lines", load);
    Files.writeString(file, "");
    assertMessage(file + ": wanted [UNK] on one of its 0 lines", load);
    Files.write(file, new byte[] {'a', (byte) 0xFF});
    assertTrue(
        assertThrows(UncheckedIOException.class, load).getMessage().contains(file.toString()));
    Files.delete(file);
    assertTrue(
        assertThrows(UncheckedIOException.class, load).getMessage().contains(file.toString()));
  }

  @Test
  void aFileThatCannotBeWrittenIsNamed(@TempDir Path folder) throws IOException {
    Path file = Files.createDirectories(folder.resolve("vocab.txt").resolve("full")).getParent();
    assertTrue(
        assertThrows(UncheckedIOException.class, () -> UNCASED.save(file))
            .getMessage()
            .contains(file.toString()));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList(), "a temporary file was left");
    }
  }

  // Vocabularies that cannot be

  @Test
  void vocabulariesThatCannotBeAreRefused() {
    assertMessage(
        "token 10: the token \"want\" is there already, as token 8",
        () -> WordPieceTokenizer.ofVocabulary(VOCABULARY, true));
    assertMessage(
        "Wanted [UNK] among the 1 tokens",
        () -> WordPieceTokenizer.ofVocabulary(List.of("a"), true));
    assertMessage(
        "Wanted [UNK] among the 0 tokens", () -> WordPieceTokenizer.ofVocabulary(List.of(), true));
    assertMessage(
        "token 1: the token is empty",
        () -> WordPieceTokenizer.ofVocabulary(List.of("[UNK]", ""), true));
    assertMessage(
        "token 1: a token is whole characters without a line end, which no word holds; got \"a\\n\"",
        () -> WordPieceTokenizer.ofVocabulary(List.of("[UNK]", "a\n"), true));
    assertMessage(
        "token 1: a token is whole characters",
        () -> WordPieceTokenizer.ofVocabulary(List.of("[UNK]", "\uD83D"), true));
  }

  @Test
  void theSamePieceMayBeginAndContinueWords() {
    WordPieceTokenizer tokenizer =
        WordPieceTokenizer.ofVocabulary(List.of("[UNK]", "##a", "a"), true);
    assertArrayEquals(new int[] {2, 1, 1, 2}, tokenizer.encode("aaa a"));
  }

  @Test
  void theTextFormAndTheNameSayTheSize() {
    assertEquals("WordPieceTokenizer(17 tokens, lower case)", UNCASED.toString());
    assertEquals("WordPieceTokenizer of 17 tokens", UNCASED.name());
    assertFalse(WordPieceTokenizer.ofVocabulary(SOUND, false).toString().contains("lower"));
  }

  private static int id(String token) {
    return SOUND.indexOf(token);
  }

  private static List<String> tokens(Tokenizer tokenizer, int[] ids) {
    List<String> tokens = new ArrayList<>();
    for (int id : ids) {
      tokens.add(tokenizer.token(id));
    }
    return tokens;
  }

  private static void assertMessage(String part, Executable executable) {
    String message = assertThrows(IllegalArgumentException.class, executable).getMessage();
    assertTrue(message.contains(part), () -> "no <" + part + "> in: " + message);
  }
}
