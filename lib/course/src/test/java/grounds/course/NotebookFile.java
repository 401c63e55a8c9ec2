package grounds.course;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Reading and writing notebooks. */
final class NotebookFile {

  private NotebookFile() {}

  static JsonObject read(Path notebook) throws IOException {
    return JsonParser.parseString(Files.readString(notebook)).getAsJsonObject();
  }

  static Stream<JsonObject> objects(JsonArray array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonElement::getAsJsonObject);
  }

  static List<JsonObject> codeCells(JsonObject notebook) {
    return objects(notebook.getAsJsonArray("cells"))
        .filter(cell -> cell.get("cell_type").getAsString().equals("code"))
        .toList();
  }

  static List<JsonObject> outputs(JsonObject cell) {
    return objects(cell.getAsJsonArray("outputs")).toList();
  }

  static JsonObject onlyOutput(JsonObject cell) {
    assertEquals(1, outputs(cell).size(), () -> outputs(cell).toString());
    return outputs(cell).get(0);
  }

  /** What a reader would take for a fault: errors, and anything on standard error. */
  static List<JsonObject> complaints(JsonObject cell) {
    return outputs(cell).stream()
        .filter(
            output ->
                output.get("output_type").getAsString().equals("error")
                    || output.has("name") && output.get("name").getAsString().equals("stderr"))
        .toList();
  }

  static String source(JsonObject cell) {
    return text(cell.get("source"));
  }

  static String plainText(JsonObject output) {
    return text(output.getAsJsonObject("data").get("text/plain"));
  }

  /** A text of the notebook format: one string, or an array of lines that keep their ends. */
  static String text(JsonElement element) {
    if (!element.isJsonArray()) {
      return element.getAsString();
    }
    StringBuilder text = new StringBuilder();
    element.getAsJsonArray().forEach(line -> text.append(line.getAsString()));
    return text.toString();
  }

  /** Writes a notebook of these code cells, as an author would leave it before it was ever run. */
  static Path write(Path file, String... sources) throws IOException {
    JsonArray cells = new JsonArray();
    for (String source : sources) {
      JsonObject cell = new JsonObject();
      cell.addProperty("cell_type", "code");
      cell.addProperty("id", "cell-" + cells.size());
      cell.add("execution_count", JsonNull.INSTANCE);
      cell.add("metadata", new JsonObject());
      cell.add("outputs", new JsonArray());
      cell.addProperty("source", source);
      cells.add(cell);
    }
    JsonObject notebook = new JsonObject();
    notebook.add("cells", cells);
    notebook.add(
        "metadata",
        JsonParser.parseString(
            "{\"kernelspec\": {\"name\": \"java\", \"display_name\": \"Java (Grounds)\"}}"));
    notebook.addProperty("nbformat", 4);
    notebook.addProperty("nbformat_minor", 5);
    return Files.writeString(
        file, new GsonBuilder().serializeNulls().create().toJson((JsonElement) notebook));
  }

  /** The pictures among a cell's outputs, as the file has them. */
  static List<String> pictures(JsonObject cell) {
    return outputs(cell).stream()
        .filter(output -> output.has("data"))
        .map(output -> output.getAsJsonObject("data").get("image/png"))
        .filter(Objects::nonNull)
        .map(NotebookFile::text)
        .toList();
  }

  /** Takes outputs and counts away, as a lecturer may before a class. */
  static void strip(Path file) throws IOException {
    JsonObject notebook = read(file);
    for (JsonObject cell : codeCells(notebook)) {
      cell.add("outputs", new JsonArray());
      cell.add("execution_count", JsonNull.INSTANCE);
    }
    Files.writeString(
        file, new GsonBuilder().serializeNulls().create().toJson((JsonElement) notebook));
  }
}
