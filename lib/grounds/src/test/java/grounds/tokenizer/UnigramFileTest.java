package grounds.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grounds.tokenizer.UnigramTokenizer.Piece;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnigramFileTest {
  private static final String BYTES =
      IntStream.range(0, 256).mapToObj("<0x%02X>\t0\n"::formatted).collect(Collectors.joining());

  private static final UnigramTokenizer NASTY =
      UnigramTokenizer.of(
          List.of(
              new Piece(" the", -1 / 3.0),
              new Piece("\u2581", -2),
              new Piece("\\n", -2),
              new Piece("\n\r\t", -1e-300),
              new Piece("\u0085\u2028\u2029\uFEFF\u0000", -0.0),
              new Piece("\uD83D\uDE00\u0301", -1e9),
              new Piece("<0x00>", -3),
              new Piece("<pad>", -3)),
          "<|endoftext|>",
          "a \\b");

  @TempDir Path folder;

  @Test
  void whatIsSavedIsLoaded() {
    Path file = folder.resolve("sub/nasty.vocab");
    NASTY.save(file);
    UnigramTokenizer loaded = UnigramTokenizer.load(file);
    assertEquals(NASTY, loaded);
    assertEquals(NASTY.vocabularyHash(), loaded.vocabularyHash());
    String text = " the\n\r\t\\n<0x00>\u2581";
    assertArrayEquals(NASTY.encode(text), loaded.encode(text));
    NASTY.save(file); // Over what is there.
    assertEquals(NASTY, UnigramTokenizer.load(file));
    String[] names = file.getParent().toFile().list();
    assertArrayEquals(new String[] {"nasty.vocab"}, names, "no temporary file is left");
  }

  @Test
  void theFileHasATokenALine() throws IOException {
    Path file = folder.resolve("nasty.vocab");
    NASTY.save(file);
    assertEquals(
        "<|endoftext|>\t0\na\u2581\\\\b\t0\n"
            + BYTES
            + "\u2581the\t-0.3333333333333333\n"
            + "\\u2581\t-2.0\n"
            + "\\\\n\t-2.0\n"
            + "\\n\\r\\t\t-1.0E-300\n"
            + "\\u0085\\u2028\\u2029\\uFEFF\\u0000\t-0.0\n"
            + "\uD83D\uDE00\u0301\t-1.0E9\n"
            + "<0x00>\t-3.0\n<pad>\t-3.0\n",
        Files.readString(file));
  }

  @Test
  void lineEndsOfWindowsAreRead() throws IOException {
    Path file = folder.resolve("nasty.vocab");
    NASTY.save(file);
    Files.writeString(file, Files.readString(file).replace("\n", "\r\n"));
    assertEquals(NASTY, UnigramTokenizer.load(file));
  }

  @Test
  void brokenFilesAreNamedWithTheLine() {
    assertBroken("line 1: the file ends before the byte token <0x00>", "");
    assertBroken("line 257: the last line has no line end", BYTES + "a\t-1");
    assertBroken("line 257: a line is a token, one tab", BYTES + "a -1\n");
    assertBroken("line 257: a line is a token, one tab", BYTES + "a\tb\t-1\n");
    assertBroken("line 258: a line is a token, one tab", BYTES + "a\t-1\n\n");
    assertBroken("line 257: 'x' is no number", BYTES + "a\tx\n");
    assertBroken("line 257: The log probability", BYTES + "a\tNaN\n");
    assertBroken("line 257: The log probability", BYTES + "a\t0.25\n");
    assertBroken("line 257: A piece needs at least one character", BYTES + "\t-1\n");
    assertBroken("line 257: A piece is whole characters", BYTES + "\\uD83D\t-1\n");
    assertBroken("line 259: 'a' is on line 257 already", BYTES + "a\t-1\nb\t-2\na\t-3\n");
    assertBroken("line 257: a backslash begins", BYTES + "\\x\t-1\n");
    assertBroken("line 257: a backslash begins", BYTES + "a\\\t-1\n");
    assertBroken("line 257: \\u wants four", BYTES + "\\u12\t-1\n");
    assertBroken("line 3: the byte token <0x02> is due, '<0x03>' came", dropped(2));
    assertBroken("line 256: the file ends before the byte token <0xFF>", dropped(255));
    assertBroken("line 2: the special tokens and the bytes", "<s>\t0\na\t-1\n" + BYTES);
    assertBroken("line 2: '<s>' is on line 1 already", "<s>\t0\n<s>\t0\n" + BYTES);
    assertBroken("line 1: A special token is whole characters", "\t0\n" + BYTES);
    assertBroken("line 5: the special tokens and", BYTES.replace("<0x04>\t0", "<0x04>\t-1"));
  }

  private static String dropped(int value) {
    return BYTES.replace("<0x%02X>\t0\n".formatted(value), "");
  }

  private void assertBroken(String part, String content) {
    Path file = folder.resolve("broken.vocab");
    try {
      Files.writeString(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String message =
        assertThrows(IllegalArgumentException.class, () -> UnigramTokenizer.load(file))
            .getMessage();
    assertTrue(message.contains(file + ", " + part), message);
  }

  @Test
  void whatCannotBeReadOrWrittenIsNamed() throws IOException {
    Path missing = folder.resolve("missing.vocab");
    assertTrue(
        assertThrows(UncheckedIOException.class, () -> UnigramTokenizer.load(missing))
            .getMessage()
            .contains(missing.toString()));
    Path latin1 = folder.resolve("latin1.vocab");
    Files.write(latin1, new byte[] {(byte) 0xE9, '\t', '0', '\n'});
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> UnigramTokenizer.load(latin1))
            .getMessage()
            .contains("latin1.vocab is not UTF-8"));
    Path under = latin1.resolve("x.vocab");
    assertTrue(
        assertThrows(UncheckedIOException.class, () -> NASTY.save(under))
            .getMessage()
            .contains(under.toString()));
    List<String> left = new ArrayList<>(List.of(folder.toFile().list()));
    left.removeIf(name -> !name.endsWith(".tmp"));
    assertFalse(Files.exists(under));
    assertEquals(List.of(), left);
  }
}
