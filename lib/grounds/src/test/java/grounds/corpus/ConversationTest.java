package grounds.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConversationTest {

  @TempDir Path folder;

  private Path file(String text) {
    try {
      return Files.writeString(folder.resolve("rows.json"), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void anAlpacaRowIsAQuestionAndItsAnswer() {
    List<Conversation> read =
        Conversation.read(
            file(
                """
                [{"instruction": "Übersetze.", "input": "stone", "output": "Stein"},
                 {"instruction": "Say hi.", "input": "", "output": "Hi."},
                 {"instruction": "Say ho.", "output": "Ho."}]
                """));
    assertEquals(
        List.of(
            Conversation.of("Übersetze.\n\nstone", "Stein"),
            Conversation.of("Say hi.", "Hi."),
            Conversation.of("Say ho.", "Ho.")),
        read);
    assertEquals("Stein", read.get(0).answer());
    assertEquals(List.of(new Message(Role.USER, "Say hi.")), read.get(1).prompt());
  }

  @Test
  void messagesAndJsonLines() {
    List<Conversation> read =
        Conversation.read(
            file(
                """
                {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}, {"role": "user", "content": "+1?"}, {"role": "assistant", "content": "3"}]}

                {"instruction": "Say hi.", "output": "Hi."}"""));
    assertEquals(2, read.size());
    assertEquals(5, read.get(0).messages().size());
    assertEquals("3", read.get(0).answer());
    assertEquals(Role.SYSTEM, read.get(0).messages().get(0).role());
    assertEquals(Conversation.of("Say hi.", "Hi."), read.get(1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[{\"instruction\":\"a\",\"output\":\"b\"},{\"instruction\":\"a\"}] | row 2 | 'output'",
        "[{\"instruction\":\"a\",\"output\":\" \"}] | row 1 | answer of the assistant",
        "[{\"instruction\":\"a\",\"output\":7}] | row 1 | a text as 'output'",
        "[{\"messages\":[{\"role\":\"robot\",\"content\":\"a\"}]}] | row 1 | [system, user, assistant]",
        "[{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}] | row 1 | last message of the assistant",
        "[{\"messages\":[{\"role\":\"assistant\",\"content\":\"a\"}]}] | row 1 | in turn",
        "[{\"messages\":[]}] | row 1 | last message",
        "[{\"messages\":[{\"content\":\"a\"}]}] | row 1 | Message 1 of 'messages': Wanted 'role'",
        "[{\"messages\":[3]}] | row 1 | Message 1 of 'messages': Wanted an object, got 3",
        "[{\"messages\":\"a\"}] | row 1 | Wanted a list of messages as 'messages', got \"a\"",
        "[{\"turns\":[]}] | row 1 | 'messages', or 'instruction' and 'output', got only [turns]",
        "[{\"instruction\":\"a\",\"input\":null,\"output\":\"b\"}] | row 1 | a text as 'input', got null",
        "[3] | row 1 | an object",
        "[] | rows.json | no rows",
        " `` | rows.json | no rows",
        "[{ | row 1 | ends too early at line 1",
        "[{\"instruction\":\"a\",\"output\":\"b\"}, | row 2 | ends too early at line 1",
        "[{\"instruction\":\"a\",\"output\":\"b\"},] | row 2 | Wanted JSON, got what is none at line 1",
        "[{\"instruction\":\"a\",\"output\":\"b\"}] x | after the last row | what is none at line 1",
        "[{instruction:a,output:b}] | row 1 | Wanted JSON, got what is none at line 1, column ",
        "{\"instruction\":\"a\",\"output\":\"b\"} {} | line 1 | Wanted JSON, got what is none at line 1",
      })
  void aBadRowIsNamed(String text, String place, String expected) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Conversation.read(file(text)))
            .getMessage();
    assertTrue(message.contains(place) && message.contains(expected), message);
  }

  @Test
  void aBadLineIsNamed() {
    Path file = file("{\"instruction\":\"a\",\"output\":\"b\"}\n\n{\"instruction\":");
    String message =
        assertThrows(IllegalArgumentException.class, () -> Conversation.read(file)).getMessage();
    assertTrue(
        message.startsWith(file + ", line 3: Wanted JSON, got what ends too early at line 3, col"),
        message);
    Path array = file("[{\"instruction\":\"a\",\"output\":\"b\"},\n\n{\"instruction\" 7}]");
    String second =
        assertThrows(IllegalArgumentException.class, () -> Conversation.read(array)).getMessage();
    assertTrue(second.contains("row 2") && second.contains("at line 3, column "), second);
    assertFalse(second.contains("http"), second);
  }

  @Test
  void aByteOrderMarkIsLeftOutAndOtherEncodingsAreNamed() throws IOException {
    assertEquals(
        List.of(Conversation.of("a", "b")),
        Conversation.read(file("\uFEFF[{\"instruction\":\"a\",\n\"output\":\"b\"}]")));
    Path latin1 = Files.write(folder.resolve("latin1.json"), new byte[] {'[', (byte) 0xE9});
    assertTrue(unreadable(latin1).contains("latin1.json is not UTF-8 text"));
    Path absent = folder.resolve("none.json");
    assertTrue(unreadable(absent).contains(absent.toString()));
  }

  private static String unreadable(Path file) {
    return assertThrows(UncheckedIOException.class, () -> Conversation.read(file)).getMessage();
  }

  @Test
  void theCataloguesInstructions() {
    if (DatasetCache.standard()
        .find(DatasetCatalog.standard().get("instructions-1100"))
        .isEmpty()) {
      String reason =
          "Not run: theCataloguesInstructions needs the file in a cache folder; name one in"
              + " GROUNDS_EXTRA_CACHE.";
      System.out.println(reason);
      assumeTrue(false, reason);
    }
    List<Conversation> instructions = Conversation.load("instructions-1100");
    assertEquals(1100, instructions.size());
    assertEquals(
        "Edit the following sentence for grammar.\n\nHe go to the park every day.",
        instructions.get(1).prompt().get(0).content());
  }
}
