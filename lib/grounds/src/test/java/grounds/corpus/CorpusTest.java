package grounds.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CorpusTest {
  private static final String EMOJI = "\uD83D\uDE00"; // one character, two chars

  @Test
  void charactersAreCodePoints() {
    Corpus corpus = Corpus.of("smile", "ab" + EMOJI + "b");
    assertEquals(4, corpus.length());
    assertEquals(3, corpus.distinctCharacters());
    assertEquals("Corpus smile: 4 characters, 3 distinct (made in the program)", corpus.toString());
  }

  @Test
  void splitIsInFileOrderAndRoundsTheTrainingPartDown() {
    assertEquals(new Split("abcdefg", "hij"), Corpus.of("letters", "abcdefghij").split(0.79));
    assertEquals(new Split(EMOJI, EMOJI + EMOJI), Corpus.of("smiles", EMOJI.repeat(3)).split(0.5));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1, -0.1, 1.1, Double.NaN, Double.POSITIVE_INFINITY})
  void splitRefusesAFractionThatIsNone(double fraction) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Corpus.of("a", "abcdef").split(fraction))
            .getMessage();
    assertTrue(message.endsWith("got " + fraction), message);
  }

  @Test
  void splitRefusesToLeaveAPartEmpty() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Corpus.of("a", "ab").split(0.1))
            .getMessage();
    assertTrue(message.contains("2 characters") && message.contains("0.1"), message);
  }

  @Test
  void anEmptyCorpusIsRefused() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Corpus.of("nothing", "")).getMessage();
    assertTrue(message.contains("\"nothing\"") && message.contains("is empty"), message);
  }

  @Test
  void aFileIsReadAsUtf8WithItsLineEndsAndWithoutItsByteOrderMark(@TempDir Path folder)
      throws Exception {
    Path file = Files.writeString(folder.resolve("my.txt"), "\uFEFFa\r\n\u00E9" + EMOJI);
    Corpus corpus = Corpus.fromFile(file);
    assertEquals("a\r\n\u00E9" + EMOJI, corpus.text());
    assertEquals("my.txt", corpus.name());
    assertEquals(file.toString(), corpus.source());
  }

  @Test
  void aFileThatIsNotThereOrNotUtf8OrEmptyIsNamed(@TempDir Path folder) throws Exception {
    Path absent = folder.resolve("absent.txt");
    assertTrue(failure(absent).getMessage().contains("There is no file " + absent));
    Path latin1 =
        Files.write(folder.resolve("latin1.txt"), new byte[] {'c', 'a', 'f', (byte) 0xE9});
    assertTrue(failure(latin1).getMessage().contains("latin1.txt is not UTF-8 text: byte 3"));
    Path cutOff = Files.write(folder.resolve("cut.txt"), new byte[] {'a', (byte) 0xC3});
    assertTrue(failure(cutOff).getMessage().contains("cut.txt is not UTF-8 text"));
    Path empty = Files.createFile(folder.resolve("empty.txt"));
    String message =
        assertThrows(IllegalArgumentException.class, () -> Corpus.fromFile(empty)).getMessage();
    assertTrue(message.contains(empty.toString()), message);
  }

  private static UncheckedIOException failure(Path file) {
    return assertThrows(UncheckedIOException.class, () -> Corpus.fromFile(file));
  }

  @Test
  void anUnknownNameListsTheKnownOnes() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Corpus.load("tiny-shakspeare"))
            .getMessage();
    assertTrue(
        message.contains("\"tiny-shakspeare\"")
            && message.contains("tiny-shakespeare, three-tragedies"),
        message);
  }

  @Test
  void threeTragediesNeedNoNetwork() {
    Corpus corpus = Corpus.load("three-tragedies");
    assertEquals(401_495, corpus.length());
    assertEquals(63, corpus.distinctCharacters());
  }

  @Test
  void tinyShakespeareHasTheCountsEveryoneKnows() {
    Dataset dataset = DatasetCatalog.standard().get("tiny-shakespeare");
    Optional<Path> file = DatasetCache.standard().find(dataset);
    if (file.isEmpty()) {
      String reason =
          "Not run: tinyShakespeareHasTheCountsEveryoneKnows needs the file in a cache folder; name"
              + " one in GROUNDS_EXTRA_CACHE.";
      System.out.println(reason);
      assumeTrue(false, reason);
    }
    Corpus corpus = Corpus.load("tiny-shakespeare");
    assertEquals(1_115_394, corpus.length());
    assertEquals(65, corpus.distinctCharacters());
    Split split = corpus.split(0.9);
    assertEquals(1_003_854, split.training().length());
    assertEquals(111_540, split.validation().length());
    assertEquals(corpus.text(), split.training() + split.validation());
  }
}
