package grounds.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
        "[{\"messages\":[{\"content\":\"a\"}]}] | row 1 | 'role'",
        "[3] | row 1 | an object",
        "[] | rows.json | no rows",
        "[{ | rows.json | no JSON",
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
    assertTrue(message.contains("line 3"), message);
    assertThrows(UncheckedIOException.class, () -> Conversation.read(folder.resolve("none.json")));
  }

  @Test
  void preferencesInEachForm() {
    List<Preference> read =
        Preference.read(
            file(
                """
                {"instruction": "Sort.", "input": "b a", "output": "x", "chosen": "a b", "rejected": "b a"}
                {"prompt": "Sort.\\n\\nb a", "chosen": "a b", "rejected": "b a"}
                {"prompt": [{"role": "user", "content": "Sort.\\n\\nb a"}], "chosen": [{"role": "assistant", "content": "a b"}], "rejected": [{"role": "assistant", "content": "b a"}]}
                """));
    Preference expected = Preference.of("Sort.\n\nb a", "a b", "b a");
    assertEquals(List.of(expected, expected, expected), read);
    assertEquals("a b", expected.withChosen().answer());
    assertEquals(Conversation.of("Sort.\n\nb a", "b a"), expected.withRejected());
  }

  @Test
  void aRowThatPrefersNothingIsNamedOrLeftOut() {
    Path file =
        file(
            """
            [{"prompt": "a", "chosen": "b", "rejected": "c"},
             {"prompt": "a", "chosen": "b", "rejected": "b"},
             {"prompt": "a", "chosen": "b", "rejected": ""}]
            """);
    String message =
        assertThrows(IllegalArgumentException.class, () -> Preference.read(file)).getMessage();
    assertTrue(message.contains("row 2") && message.contains("prefers nothing"), message);
    List<String> complaints = new ArrayList<>();
    assertEquals(List.of(Preference.of("a", "b", "c")), Preference.read(file, complaints::add));
    assertEquals(2, complaints.size());
    assertTrue(complaints.get(1).contains("row 3"), complaints.toString());
  }

  @Test
  void theCataloguesSets() {
    List<Conversation> instructions;
    List<String> complaints = new ArrayList<>();
    List<Preference> preferences;
    try {
      instructions = Conversation.load("instructions-1100");
      preferences = Preference.load("preferences-1100", complaints::add);
    } catch (DatasetUnreachableException e) {
      System.out.println(
          "ConversationTest.theCataloguesSets did not run: the sets are in no cache and there is no"
              + " network.");
      return;
    }
    assertEquals(1100, instructions.size());
    assertEquals(
        "Edit the following sentence for grammar.\n\nHe go to the park every day.",
        instructions.get(1).prompt().get(0).content());
    assertEquals(1100, preferences.size() + complaints.size());
    assertTrue(preferences.size() > 1050, complaints.toString());
  }
}
