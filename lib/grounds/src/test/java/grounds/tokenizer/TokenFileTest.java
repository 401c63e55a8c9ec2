package grounds.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenFileTest {

  private static final Path REFERENCE = Path.of("src/test/resources/reference");
  private static final String CHARACTERS = "abcdé\uD83D\uDE00";

  @TempDir Path folder;

  private Path file() {
    return folder.resolve("text.tokens");
  }

  /** Its text is ids between spaces; it can give its ids in parts, and fail after some. */
  private static class Numbers implements Tokenizer {
    private final int vocabularySize;
    private String vocabularyHash;

    Numbers(int vocabularySize) {
      this.vocabularySize = vocabularySize;
    }

    @Override
    public int[] encode(String text) {
      return Arrays.stream(text.trim().split(" +"))
          .filter(number -> !number.isEmpty())
          .mapToInt(Integer::parseInt)
          .toArray();
    }

    @Override
    public String decode(int... ids) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int vocabularySize() {
      return vocabularySize;
    }

    @Override
    public String token(int id) {
      return id + " ";
    }

    @Override
    public String name() {
      return "Numbers below " + vocabularySize;
    }

    @Override
    public String vocabularyHash() {
      if (vocabularyHash == null) {
        vocabularyHash = Tokenizer.super.vocabularyHash();
      }
      return vocabularyHash;
    }
  }

  /** Gives these parts, whatever the file; a part may be the moment to do something else. */
  private static Tokenizer inParts(int vocabularySize, Consumer<Consumer<int[]>> parts) {
    return new Numbers(vocabularySize) {
      @Override
      public void encodeFile(Path file, SpecialText special, Consumer<int[]> each) {
        parts.accept(each);
      }
    };
  }

  private static int[] random(int count, int vocabularySize, long seed) {
    return new SplittableRandom(seed).ints(count, 0, vocabularySize).toArray();
  }

  private TokenFile write(int vocabularySize, int... ids) {
    Tokenizer tokenizer = inParts(vocabularySize, each -> each.accept(ids));
    return TokenFile.write(file(), tokenizer, folder, SpecialText.refused());
  }

  private static int[] all(TokenSequence sequence) {
    return sequence.read(0, (int) sequence.length());
  }

  private List<String> filesLeft() {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void assertRefused(Executable executable, String... parts) {
    String message = assertThrows(IllegalArgumentException.class, executable).getMessage();
    for (String part : parts) {
      assertTrue(message.contains(part), () -> "no <" + part + "> in: " + message);
    }
  }

  // Writing and reading

  @ParameterizedTest
  @CsvSource({"1, 2", "65535, 2", "65536, 2", "65537, 4", "200000, 4"})
  void readsWhatItWroteInTwoBytesAnIdWhileTheyAreEnough(int vocabularySize, int bytesPerId)
      throws IOException {
    int[] ids = random(200_000, vocabularySize, 1);
    ids[0] = vocabularySize - 1;
    try (TokenFile tokens = write(vocabularySize, ids)) {
      assertEquals(ids.length, tokens.length());
      assertEquals(bytesPerId, tokens.bytesPerId());
      assertEquals(vocabularySize, tokens.vocabularySize());
      assertEquals("Numbers below " + vocabularySize, tokens.tokenizerName());
      assertArrayEquals(ids, all(tokens));
      assertArrayEquals(Arrays.copyOfRange(ids, 70_000, 70_064), tokens.read(70_000, 64));
      assertEquals(4096 + (long) bytesPerId * ids.length, Files.size(file()));
      tokens.verify();
    }
  }

  @Test
  void theBytesAreThoseOfTheReference() throws IOException {
    Tokenizer characters = CharTokenizer.ofVocabulary(CHARACTERS);
    String text = CHARACTERS + "da\uD83D\uDE00";
    TokenFile.writeText(file(), characters, text, SpecialText.refused()).close();
    assertArrayEquals(
        Files.readAllBytes(REFERENCE.resolve("tokens-16.tokens")), Files.readAllBytes(file()));

    Tokenizer many =
        new Numbers(70_000) {
          @Override
          public String name() {
            return "Seventy thousand";
          }

          @Override
          public String vocabularyHash() {
            var digest = TokenFileHeader.sha256();
            return HexFormat.of()
                .formatHex(digest.digest("seventy thousand".getBytes(StandardCharsets.UTF_8)));
          }
        };
    int[] ids = {0, 1, 255, 256, 65535, 65536, 69999};
    Path reference = REFERENCE.resolve("tokens-32.tokens");
    try (TokenFile tokens = TokenFile.open(reference, many)) {
      assertArrayEquals(ids, all(tokens));
      tokens.verify();
    }
    TokenFile.writeText(file(), many, "0 1 255 256 65535 65536 69999", SpecialText.plain()).close();
    assertArrayEquals(Files.readAllBytes(reference), Files.readAllBytes(file()));
  }

  @Test
  void aTextInOnePartOrManyOrInMemoryIsTheSameFile() throws IOException {
    Path text = Files.writeString(folder.resolve("text.txt"), "to be or not to be");
    Tokenizer tokenizer = CharTokenizer.of(Files.readString(text));
    byte[] written;
    try (TokenFile tokens = TokenFile.write(file(), tokenizer, text, SpecialText.refused())) {
      assertEquals("to be or not to be", tokenizer.decode(all(tokens)));
      written = Files.readAllBytes(file());
    }
    TokenFile.writeText(file(), tokenizer, "to be or not to be", SpecialText.refused()).close();
    assertArrayEquals(written, Files.readAllBytes(file()));
    List<String> parts = List.of("to be", "", " or", " not to be");
    TokenFile.writeDocuments(file(), tokenizer, parts, SpecialText.refused()).close();
    assertArrayEquals(written, Files.readAllBytes(file()));
    assertEquals(List.of("text.tokens", "text.txt"), filesLeft());
  }

  @Test
  void aSpecialTokenEndsEachDocument() {
    Tokenizer tokenizer =
        new Numbers(10) {
          @Override
          public Map<String, Integer> specialTokens() {
            return Map.of("<|endoftext|>", 9);
          }
        };
    List<String> documents = List.of("1 2", "", "3");
    try (TokenFile tokens =
        TokenFile.writeDocuments(
            file(), tokenizer, documents, SpecialText.refused(), "<|endoftext|>")) {
      assertArrayEquals(new int[] {1, 2, 9, 9, 3, 9}, all(tokens));
    }
    assertRefused(
        () ->
            TokenFile.writeDocuments(file(), tokenizer, documents, SpecialText.refused(), "<pad>"),
        "<pad>",
        "Numbers below 10",
        "[<|endoftext|>]");
  }

  @Test
  void whatIsToBecomeOfSpecialTokensIsPassedOn() {
    SpecialText special = SpecialText.allowed("<|endoftext|>");
    SpecialText[] seen = new SpecialText[2];
    Tokenizer tokenizer =
        new Numbers(10) {
          @Override
          public int[] encode(String text, SpecialText given) {
            seen[0] = given;
            return encode(text);
          }

          @Override
          public void encodeFile(Path file, SpecialText given, Consumer<int[]> each) {
            seen[1] = given;
          }
        };
    TokenFile.writeText(file(), tokenizer, "1", special).close();
    TokenFile.write(file(), tokenizer, folder, special).close();
    assertSame(special, seen[0]);
    assertSame(special, seen[1]);
  }

  @Test
  void aTextWithoutTokensIsAFileToo() {
    try (TokenFile tokens = write(10)) {
      assertEquals(0, tokens.length());
      assertEquals(0, tokens.read(0, 0).length);
      tokens.verify();
      assertRefused(() -> tokens.read(0, 1), "1 tokens from position 0", "sequence of 0");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {300, 70_000})
  void windowsMayStraddleSegments(int vocabularySize) {
    int[] ids = random(50, vocabularySize, 2);
    write(vocabularySize, ids).close();
    for (int idsPerSegment : new int[] {1, 3, 7, 25, 49, 50, 51}) {
      try (TokenFile tokens = TokenFile.open(file(), new Numbers(vocabularySize), idsPerSegment)) {
        for (int start = 0; start <= ids.length; start++) {
          for (int end = start; end <= ids.length; end++) {
            assertArrayEquals(Arrays.copyOfRange(ids, start, end), tokens.read(start, end - start));
          }
        }
        tokens.verify();
      }
    }
  }

  /** More than 2 GB and more ids than an int counts; the zeros between take no room on the disk. */
  @Test
  void filesMayBeLongerThanAnIntCounts() throws IOException {
    Tokenizer tokenizer = new Numbers(300);
    write(300, 0).close();
    TokenFileHeader small =
        TokenFileHeader.parse(file(), Files.readAllBytes(file()), Files.size(file()));
    TokenFileHeader large =
        new TokenFileHeader(
            2, (1L << 31) + 1000, 300, small.vocabularyHash(), small.idsHash(), "large");
    boolean fits = folder.toFile().getUsableSpace() > large.fileBytes();
    if (!fits) {
      System.out.println("No test of a file beyond 2 GB: it could need 4.3 GB of disk.");
    }
    assumeTrue(fits);
    try (RandomAccessFile out = new RandomAccessFile(file().toFile(), "rw")) {
      out.write(large.toBytes());
      out.setLength(large.fileBytes());
      for (long position : new long[] {0, (1L << 28) - 1, 1L << 28, 1L << 30, (1L << 31) + 999}) {
        out.seek(4096 + 2 * position);
        out.write(position == 0 ? 7 : (int) (position >> 24) + 1);
      }
    }
    try (TokenFile tokens = TokenFile.open(file(), tokenizer)) {
      assertEquals((1L << 31) + 1000, tokens.length());
      assertArrayEquals(new int[] {7, 0}, tokens.read(0, 2));
      assertArrayEquals(new int[] {0, 16, 17, 0}, tokens.read((1L << 28) - 2, 4));
      assertArrayEquals(new int[] {0, 65, 0}, tokens.read((1L << 30) - 1, 3));
      assertArrayEquals(new int[] {0, 129}, tokens.read((1L << 31) + 998, 2));
      TokenSequence end = tokens.slice(1L << 31, tokens.length());
      assertEquals(1000, end.length());
      assertArrayEquals(new int[] {129}, end.read(999, 1));
      assertRefused(() -> tokens.read((1L << 31) + 999, 2), "2,147,484,648");
    }
    Files.delete(file());
  }

  @Test
  void readingOutOfBoundsIsRefused() {
    try (TokenFile tokens = write(10, 1, 2, 3)) {
      assertRefused(() -> tokens.read(2, 2), "2 tokens from position 2", "sequence of 3");
      assertRefused(() -> tokens.read(-1, 1), "position -1");
      assertRefused(() -> tokens.read(0, -1), "-1 tokens");
      assertRefused(() -> tokens.read(Long.MAX_VALUE, 1), "sequence of 3");
      assertRefused(() -> tokens.read(4, 0), "position 4");
      assertEquals(0, tokens.read(3, 0).length);
    }
  }

  @Test
  void aClosedFileIsAnErrorOfOrder() {
    TokenFile tokens = write(10, 1, 2, 3);
    TokenSequence slice = tokens.slice(1, 3);
    tokens.close();
    tokens.close();
    for (Executable read :
        List.<Executable>of(
            () -> tokens.read(0, 1), () -> slice.read(0, 1), () -> tokens.verify())) {
      String message = assertThrows(IllegalStateException.class, read).getMessage();
      assertTrue(message.contains("text.tokens is closed"), message);
    }
  }

  @Test
  void aFileThatIsReplacedWhileItIsOpenStaysReadable() {
    try (TokenFile before = write(10, 1, 2, 3);
        TokenFile after = write(10, 4, 5)) {
      assertArrayEquals(new int[] {1, 2, 3}, all(before));
      assertArrayEquals(new int[] {4, 5}, all(after));
      assertEquals(List.of("text.tokens"), filesLeft());
    }
  }

  // Refusing

  @Test
  void anotherVocabularyIsRefusedWithBothNames() {
    write(10, 1, 2, 3).close();
    assertRefused(
        () -> TokenFile.open(file(), new Numbers(11)),
        "Numbers below 10 (" + new Numbers(10).vocabularyHash().substring(0, 12),
        "Numbers below 11 (" + new Numbers(11).vocabularyHash().substring(0, 12));
    Tokenizer sameSize =
        new Numbers(10) {
          @Override
          public String token(int id) {
            return "#" + id;
          }
        };
    assertRefused(() -> TokenFile.open(file(), sameSize), "another vocabulary");
  }

  @Test
  void everyByteOfTheHeaderCounts() throws IOException {
    write(10, 1, 2, 3).close();
    Tokenizer tokenizer = new Numbers(10);
    for (int at = 0; at < 4096; at++) {
      for (int flip : new int[] {1, 0x80}) {
        flip(at, flip);
        assertThrows(
            IllegalArgumentException.class, () -> TokenFile.open(file(), tokenizer), "byte " + at);
        flip(at, flip);
      }
    }
    TokenFile.open(file(), tokenizer).close();
  }

  /** In place: to write a file anew for each byte takes ten times as long. */
  private void flip(long at, int bits) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file().toFile(), "rw")) {
      bytes.seek(at);
      int value = bytes.read();
      bytes.seek(at);
      bytes.write(value ^ bits);
    }
  }

  @Test
  void everyOtherLengthIsRefused() throws IOException {
    write(10, 1, 2, 3).close();
    byte[] whole = Files.readAllBytes(file());
    Tokenizer tokenizer = new Numbers(10);
    try (RandomAccessFile bytes = new RandomAccessFile(file().toFile(), "rw")) {
      for (int length = whole.length - 1; length >= 0; length--) {
        bytes.setLength(length);
        assertRefused(
            () -> TokenFile.open(file(), tokenizer),
            "is cut off",
            length < 4096 ? "wanted 4,096 bytes" : "wanted 4,102 bytes",
            "got %,d".formatted(length));
      }
    }
    Files.write(file(), Arrays.copyOf(whole, whole.length + 1));
    assertRefused(() -> TokenFile.open(file(), tokenizer), "4,102", "4,103");
  }

  @Test
  void theReasonIsNamed() throws IOException {
    Tokenizer tokenizer = new Numbers(10);
    Files.writeString(file(), "To be, or not to be");
    assertRefused(() -> TokenFile.open(file(), tokenizer), "not a token file", "TokenFile.write");
    write(10, 1, 2, 3).close();
    byte[] bytes = Files.readAllBytes(file());
    bytes[8] = 2;
    Files.write(file(), bytes);
    assertRefused(() -> TokenFile.open(file(), tokenizer), "version 2", "up to version 1");
    bytes[8] = 1;
    bytes[100]++;
    Files.write(file(), bytes);
    assertRefused(() -> TokenFile.open(file(), tokenizer), "damaged", "checksum");
    Path absent = folder.resolve("absent.tokens");
    String message =
        assertThrows(UncheckedIOException.class, () -> TokenFile.open(absent, tokenizer))
            .getMessage();
    assertTrue(message.contains("absent.tokens"), message);
  }

  @Test
  void aHeaderThatMakesNoSenseIsRefusedThoughItsChecksumFits() throws IOException {
    String hash = new Numbers(10).vocabularyHash();
    for (TokenFileHeader header :
        List.of(
            new TokenFileHeader(4, 1, 10, hash, hash, "two bytes are enough"),
            new TokenFileHeader(2, 1, 65_537, hash, hash, "two bytes are not enough"),
            new TokenFileHeader(0, 1, 10, hash, hash, "no width"),
            new TokenFileHeader(2, -1, 10, hash, hash, "fewer than none"),
            new TokenFileHeader(2, Long.MAX_VALUE, 10, hash, hash, "too many"),
            new TokenFileHeader(2, 1, 0, hash, hash, "no vocabulary"))) {
      Files.write(file(), Arrays.copyOf(header.toBytes(), 4098));
      assertRefused(() -> TokenFile.open(file(), new Numbers(10)), "makes no sense");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {300, 65_536, 70_000})
  void verifyFindsEveryFlippedBit(int vocabularySize) throws IOException {
    write(vocabularySize, random(9, vocabularySize, 3)).close();
    Tokenizer tokenizer = new Numbers(vocabularySize);
    for (long bit = 4096 * 8; bit < Files.size(file()) * 8; bit++) {
      flip(bit / 8, 1 << bit % 8);
      try (TokenFile tokens = TokenFile.open(file(), tokenizer)) {
        assertRefused(tokens::verify, "text.tokens is damaged");
      }
      flip(bit / 8, 1 << bit % 8);
    }
  }

  @Test
  void verifyNamesAnIdBeyondTheVocabulary() throws IOException {
    write(10, 1, 2, 3).close();
    byte[] bytes = Files.readAllBytes(file());
    bytes[4100] = 10;
    Files.write(file(), bytes);
    try (TokenFile tokens = TokenFile.open(file(), new Numbers(10))) {
      assertRefused(tokens::verify, "token 2 is 10, in a vocabulary of 10");
    }
  }

  @Test
  void idsThatAreNoneAreNotWritten() {
    assertRefused(() -> write(10, 1, 10), "0 to 9", "Numbers below 10", "got 10 as token 1");
    assertRefused(() -> write(10, -1), "got -1 as token 0");
    assertEquals(List.of(), filesLeft());
  }

  // Whole or absent

  @Test
  void aTokenizerThatFailsMidwayLeavesNothing() {
    Tokenizer failing =
        inParts(
            10,
            each -> {
              each.accept(new int[100_000]);
              assertFalse(Files.exists(file()));
              assertEquals(1, filesLeft().size(), "only the temporary file");
              assertTrue(filesLeft().get(0).endsWith(".tmp"));
              throw new UncheckedIOException("No space left", new IOException("disk full"));
            });
    String message =
        assertThrows(
                UncheckedIOException.class,
                () -> TokenFile.write(file(), failing, folder, SpecialText.refused()))
            .getMessage();
    assertEquals("No space left", message);
    assertEquals(List.of(), filesLeft());
  }

  @Test
  void aFailureLeavesTheFileThatWasThere() {
    write(10, 1, 2, 3).close();
    assertThrows(IllegalArgumentException.class, () -> write(10, 99));
    try (TokenFile tokens = TokenFile.open(file(), new Numbers(10))) {
      assertArrayEquals(new int[] {1, 2, 3}, all(tokens));
    }
    assertEquals(List.of("text.tokens"), filesLeft());
  }

  @Test
  void aFolderThatCannotBeWrittenIsNamed() throws IOException {
    Path blocked = Files.writeString(folder.resolve("blocked"), "a file, not a folder");
    String message =
        assertThrows(
                UncheckedIOException.class,
                () ->
                    TokenFile.writeText(
                        blocked.resolve("text.tokens"),
                        new Numbers(10),
                        "1 2",
                        SpecialText.refused()))
            .getMessage();
    assertTrue(message.contains("text.tokens"), message);
    // A folder in the place of the file: all is written, only the last step fails.
    Files.createDirectories(file().resolve("in the way"));
    assertThrows(UncheckedIOException.class, () -> write(10, 1, 2));
    assertEquals(List.of("blocked", "text.tokens"), filesLeft());
    assertTrue(Files.isDirectory(file()));
  }

  @Test
  void anInterruptLeavesNothing() {
    Tokenizer tokenizer =
        inParts(
            10,
            each -> {
              for (int part = 1; part <= 100; part++) {
                each.accept(new int[1000]);
                if (part == 5) {
                  Thread.currentThread().interrupt();
                }
              }
            });
    String message =
        assertThrows(
                CancellationException.class,
                () -> TokenFile.write(file(), tokenizer, folder, SpecialText.refused()))
            .getMessage();
    assertTrue(Thread.interrupted(), "whoever called must see it");
    assertTrue(message.contains("after 5,000 tokens"), message);
    assertEquals(List.of(), filesLeft());

    Iterable<String> documents =
        () ->
            Stream.generate(
                    () -> {
                      Thread.currentThread().interrupt();
                      return "";
                    })
                .limit(2)
                .iterator();
    assertThrows(
        CancellationException.class,
        () -> TokenFile.writeDocuments(file(), new Numbers(10), documents, SpecialText.refused()));
    assertTrue(Thread.interrupted());
    assertEquals(List.of(), filesLeft());
  }

  @Test
  void anInterruptInOneLongPartOrWhileTheTextIsReadLeavesNothing() {
    Tokenizer slow =
        inParts(
            10,
            each -> {
              Thread.currentThread().interrupt();
              each.accept(new int[1 << 20]);
            });
    assertThrows(
        CancellationException.class,
        () -> TokenFile.write(file(), slow, folder, SpecialText.refused()));
    assertTrue(Thread.interrupted());

    // What a channel does to whoever reads from it.
    Tokenizer reading =
        inParts(
            10,
            each -> {
              each.accept(new int[10]);
              Thread.currentThread().interrupt();
              throw new UncheckedIOException("Could not read", new ClosedByInterruptException());
            });
    assertThrows(
        CancellationException.class,
        () -> TokenFile.write(file(), reading, folder, SpecialText.refused()));
    assertTrue(Thread.interrupted());
    assertEquals(List.of(), filesLeft());
  }

  @Test
  void whatAKilledProcessLeftDoesNoHarm() throws IOException {
    String name =
        "text.tokens.%d.%d.tmp"
            .formatted(ProcessHandle.current().pid(), Thread.currentThread().getId());
    Files.write(folder.resolve(name), new byte[10_000]);
    try (TokenFile tokens = write(10, 1, 2, 3)) {
      assertArrayEquals(new int[] {1, 2, 3}, all(tokens));
      assertEquals(List.of("text.tokens"), filesLeft());
    }
  }

  @Test
  void openingAndVerifyingCanBeInterrupted() {
    try (TokenFile tokens = write(10, 1, 2, 3)) {
      Thread.currentThread().interrupt();
      assertThrows(CancellationException.class, tokens::verify);
      assertThrows(CancellationException.class, () -> TokenFile.open(file(), new Numbers(10)));
      assertTrue(Thread.interrupted());
      assertArrayEquals(new int[] {1, 2, 3}, all(tokens));
    }
  }

  // For models and runs

  @Test
  void theVocabularyIsComparedWithoutReading() {
    try (TokenFile tokens = write(300, 1, 2, 3)) {
      tokens.requireVocabulary("training", 300);
      tokens.slice(0, 2).requireVocabulary("training", 304);
      for (TokenSequence sequence : List.of(tokens, tokens.slice(1, 2))) {
        assertRefused(
            () -> sequence.requireVocabulary("training", 299),
            "training",
            "vocabulary of 299",
            "with one of 300",
            "Numbers below 300");
      }
    }
  }

  @Test
  void theIdentityIsThatOfTheIdsAndThePart() {
    String first;
    try (TokenFile tokens = write(10, 1, 2, 3, 1, 2)) {
      first = TokenSequenceTest.identity(tokens);
      assertEquals(first, TokenSequenceTest.identity(tokens.slice(0, 5)));
      assertEquals(
          TokenSequenceTest.identity(tokens.slice(1, 4)),
          TokenSequenceTest.identity(tokens.slice(1, 5).slice(0, 3)));
      assertFalse(first.equals(TokenSequenceTest.identity(tokens.slice(0, 4))));
      assertFalse(
          TokenSequenceTest.identity(tokens.slice(0, 2))
              .equals(TokenSequenceTest.identity(tokens.slice(3, 5))));
    }
    TokenFile again = write(10, 1, 2, 3, 1, 2);
    again.close();
    // Also of a closed file: nothing is read.
    assertEquals(first, TokenSequenceTest.identity(again));
    try (TokenFile other = write(10, 1, 2, 3, 1, 3)) {
      assertFalse(first.equals(TokenSequenceTest.identity(other)));
    }
  }
}
