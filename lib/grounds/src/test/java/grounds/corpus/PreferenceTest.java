package grounds.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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

class PreferenceTest {

  @TempDir Path folder;

  private Path file(String text) {
    try {
      return Files.writeString(folder.resolve("pairs.json"), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"chosen\":\"a\",\"rejected\":\"b\"} | 'prompt' or 'instruction', got only [chosen, rejected]",
        "{\"prompt\":\"q\",\"rejected\":\"b\"} | Wanted 'chosen'",
        "{\"prompt\":\"q\",\"chosen\":\"a\"} | Wanted 'rejected'",
        "{\"prompt\":3,\"chosen\":\"a\",\"rejected\":\"b\"} | a text as 'prompt', got 3",
        "{\"prompt\":\"q\",\"chosen\":{},\"rejected\":\"b\"} | a text as 'chosen', got {}",
        "{\"prompt\":[],\"chosen\":\"a\",\"rejected\":\"b\"} | a last message of the user, got []",
        "{\"prompt\":[{\"role\":\"human\",\"content\":\"q\"}],\"chosen\":\"a\",\"rejected\":\"b\"} | [system, user, assistant], got 'human'",
        "{\"prompt\":\"q\",\"chosen\":[],\"rejected\":\"b\"} | one message of the assistant as 'chosen', got []",
        "{\"prompt\":\"q\",\"chosen\":[{\"role\":\"user\",\"content\":\"a\"}],\"rejected\":\"b\"} | one message of the assistant as 'chosen'",
        "{\"prompt\":\"q\",\"chosen\":\"a\",\"rejected\":\" \"} | one is empty",
        "{\"prompt\":\"q\",\"chosen\":\"a\",\"rejected\":\"a\"} | as chosen and as rejected",
      })
  void aBadRowIsNamed(String row, String expected) {
    String good = "{\"prompt\": \"é\", \"chosen\": \"a\", \"rejected\": \"b\"}";
    for (String text : List.of("[" + good + ",\n\n" + row + "]", good + "\n\n" + row)) {
      Path file = file(text);
      String place = file + (text.startsWith("[") ? ", row 2: " : ", line 3: ");
      String message =
          assertThrows(IllegalArgumentException.class, () -> Preference.read(file)).getMessage();
      assertTrue(message.startsWith(place) && message.contains(expected), message);
    }
  }

  @Test
  void aBrokenFileIsNoComplaintButAnError() {
    Path file = file("[{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\"}, {");
    List<String> complaints = new ArrayList<>();
    assertThrows(IllegalArgumentException.class, () -> Preference.read(file, complaints::add));
    assertEquals(List.of(), complaints);
  }

  @Test
  void sixOfTheCataloguesPreferencesPreferNothing() {
    if (DatasetCache.standard().find(DatasetCatalog.standard().get("preferences-1100")).isEmpty()) {
      String reason =
          "Not run: sixOfTheCataloguesPreferencesPreferNothing needs the file in a cache folder;"
              + " name one in GROUNDS_EXTRA_CACHE.";
      System.out.println(reason);
      assumeTrue(false, reason);
    }
    List<String> complaints = new ArrayList<>();
    List<Preference> preferences = Preference.load("preferences-1100", complaints::add);
    assertEquals(1094, preferences.size());
    assertEquals(6, complaints.size());
    assertTrue(complaints.stream().allMatch(c -> c.contains("prefers nothing")), complaints + "");
    String message =
        assertThrows(IllegalArgumentException.class, () -> Preference.load("preferences-1100"))
            .getMessage();
    assertEquals(complaints.get(0), message);
    assertTrue(message.contains("row 123:"), message);
  }
}
