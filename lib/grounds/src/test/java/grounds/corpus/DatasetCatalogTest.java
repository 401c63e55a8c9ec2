package grounds.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class DatasetCatalogTest {
  private static final String ENTRY =
      """
      {"name": "a", "title": "A", "source": "https://example.org/x/input.txt", "licence": "MIT",
       "sha256": "%s", "sizeBytes": 5}"""
          .formatted("0".repeat(64));

  private static DatasetCatalog read(String json) {
    return DatasetCatalog.read(new StringReader(json));
  }

  private static String refusal(String json) {
    return assertThrows(IllegalArgumentException.class, () -> read(json)).getMessage();
  }

  @Test
  void theStandardCatalogueIsTheOneInTheDataFolder() {
    DatasetCatalog catalog = DatasetCatalog.standard();
    assertEquals(
        List.of(
            "tiny-shakespeare",
            "three-tragedies",
            "instructions-1100",
            "preferences-1100",
            "gpt2",
            "gpt2-config"),
        catalog.datasets().stream().map(Dataset::name).toList());
    Dataset tiny = catalog.get("tiny-shakespeare");
    assertEquals(1_115_394, tiny.sizeBytes());
    assertEquals("86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed", tiny.sha256());
    assertEquals(Optional.of("three-tragedies"), tiny.fallback());
    assertEquals("tiny-shakespeare.txt", tiny.fileName());
    assertEquals("instructions-1100.json", catalog.get("instructions-1100").fileName());
  }

  @Test
  void everyDownloadIsPinnedToACommitAndEveryFallbackIsAlwaysThere() {
    DatasetCatalog catalog = DatasetCatalog.standard();
    for (Dataset dataset : catalog.datasets()) {
      if (!dataset.onClassPath()) {
        assertTrue(
            Pattern.compile("^https://.*/[0-9a-f]{40}/").matcher(dataset.source() + "").find(),
            dataset.source() + " names no commit");
      }
      dataset.fallback().ifPresent(name -> assertTrue(catalog.get(name).onClassPath()));
    }
  }

  @Test
  void anEntryIsReadWithAllItsMembers() {
    Dataset dataset = read("{\"datasets\": [" + ENTRY + "]}").get("a");
    assertEquals(
        new Dataset(
            "a",
            "A",
            URI.create("https://example.org/x/input.txt"),
            "MIT",
            "0".repeat(64),
            5,
            Optional.empty()),
        dataset);
  }

  @Test
  void aBrokenCatalogueIsRefusedWithTheReason() {
    assertTrue(refusal("{\"datasets\": [").contains("must look like"));
    assertTrue(refusal("[]").contains("must look like"));
    assertTrue(refusal("{}").contains("\"datasets\" is missing"));
    assertTrue(refusal("{\"datasets\": [{\"name\": \"a\"}]}").contains("\"title\" is missing"));
    assertTrue(refusal("{\"datasets\": [" + ENTRY + "," + ENTRY + "]}").contains("once only"));
    assertTrue(
        refusal("{\"datasets\": [" + ENTRY.replace("5}", "5, \"fallback\": \"b\"}") + "]}")
            .contains("got \"b\""));
  }

  @Test
  void anEntryThatCannotBeIsRefused() {
    assertTrue(
        refusal("{\"datasets\": [" + ENTRY.replace("\"a\"", "\"../../evil\"") + "]}")
            .contains("\"../../evil\""));
    assertTrue(
        refusal("{\"datasets\": [" + ENTRY.replace("0".repeat(64), "abc") + "]}")
            .contains("64 lower-case hexadecimal digits; got abc"));
    assertTrue(refusal("{\"datasets\": [" + ENTRY.replace("5}", "0}") + "]}").contains("got 0"));
  }
}
