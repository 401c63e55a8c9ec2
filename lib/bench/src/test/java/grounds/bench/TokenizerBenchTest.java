package grounds.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import grounds.tokenizer.BpeTokenizer;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerBenchTest {

  private static final String LINES =
      "Who's there? Nay, answer me: stand, and unfold yourself\nДобрый вечер, 你好 🚀 x += 10;\n";

  @TempDir Path folder;

  private List<JsonObject> run(String more) {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      TokenizerBench.main(("--folder " + folder + " --warm 0 " + more).split(" "));
    } finally {
      System.setOut(before);
    }
    return out.toString(StandardCharsets.UTF_8)
        .lines()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .toList();
  }

  private Path text(int times) throws IOException {
    Path text = folder.resolve("text-" + times + ".txt");
    Files.writeString(text, LINES.repeat(times));
    return text;
  }

  @Test
  void allLibrariesEncodeTheSameIds() throws IOException {
    assertTrue(run("--work save").isEmpty());
    String texts = text(20) + File.pathSeparator + text(7);
    Set<String> hashes = new HashSet<>();
    for (String candidate : List.of("grounds", "jtokkit", "huggingface")) {
      for (String work : List.of("encode", "encodeAll")) {
        List<JsonObject> results =
            run(
                "--work %s --candidate %s --chunk 300 --batch 2 --repetitions 2 --texts %s"
                    .formatted(work, candidate, texts));
        assertEquals(2, results.size(), results.toString());
        assertEquals(2, results.get(0).get("seconds").getAsJsonArray().size());
        assertTrue(results.get(0).get("seconds").getAsJsonArray().get(0).getAsDouble() > 0);
        // Each part ends between words, so the parts' ids are those of the whole.
        assertEquals(
            BpeTokenizer.gpt2().encode(LINES.repeat(20)).length,
            results.get(0).get("tokens").getAsInt());
        hashes.add(results.get(0).get("hash").getAsString());
      }
    }
    assertEquals(1, hashes.size(), hashes.toString());
  }

  @Test
  void trainingTellsTimeAndMemory() throws IOException {
    JsonObject result =
        run("--work train --vocabulary 270 --repetitions 1 --texts " + text(5)).get(0);
    assertEquals(270, result.get("tokens").getAsInt());
    assertTrue(result.get("firstSeconds").getAsDouble() > 0, result.toString());
    if (Files.exists(Path.of("/proc/self/status"))) {
      assertTrue(result.get("peakMegabytes").getAsDouble() > 1, result.toString());
    }
  }

  @Test
  void whatTakesTooLongIsOverTheLimit() throws IOException {
    JsonObject result =
        run("--work encode --candidate jtokkit --chunk 0 --limit 1e-9 --texts " + text(500)).get(0);
    assertEquals(1e-9, result.get("over").getAsDouble());
    assertTrue(!result.has("seconds"), result.toString());
  }

  @Test
  void textWithoutLineEndsNeedsLargerChunks() throws IOException {
    Path text = folder.resolve("one-line.txt");
    Files.writeString(text, "a".repeat(100));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> run("--work encode --chunk 50 --texts " + text));
    assertTrue(e.getMessage().contains("larger chunks"), e.getMessage());
  }

  @Test
  void unknownNamesAreNamed() throws IOException {
    String texts = " --texts " + text(1);
    for (String arguments : List.of("--work sing" + texts, "--candidate other" + texts, "--a 1")) {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> run(arguments));
      String wrong = arguments.split(" ")[arguments.startsWith("--a") ? 0 : 1];
      assertTrue(e.getMessage().contains(wrong), e.getMessage());
    }
  }
}
