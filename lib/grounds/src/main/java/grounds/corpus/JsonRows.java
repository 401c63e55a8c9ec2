package grounds.corpus;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The rows of a file of JSON: an array of objects, or an object a line. */
final class JsonRows {

  private JsonRows() {}

  /**
   * Reads a file.
   *
   * @throws IllegalArgumentException if it is neither, or has no rows
   */
  static List<Row> read(Path file) {
    String text;
    try {
      text = Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + file.toAbsolutePath() + ".", e);
    }
    List<Row> rows = text.stripLeading().startsWith("[") ? array(file, text) : lines(file, text);
    if (rows.isEmpty()) {
      throw new IllegalArgumentException(
          file + " has no rows: wanted a JSON array of objects, or one object a line.");
    }
    return rows;
  }

  private static List<Row> array(Path file, String text) {
    JsonArray all = parse(file.toString(), text).getAsJsonArray();
    List<Row> rows = new ArrayList<>();
    for (JsonElement element : all) {
      rows.add(row(file + ", row " + (rows.size() + 1), element));
    }
    return rows;
  }

  private static List<Row> lines(Path file, String text) {
    List<Row> rows = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      if (!line.isBlank()) {
        String place = file + ", line " + number;
        rows.add(row(place, parse(place, line)));
      }
    }
    return rows;
  }

  private static JsonElement parse(String place, String text) {
    try {
      return JsonParser.parseString(text);
    } catch (JsonParseException e) {
      throw new IllegalArgumentException(place + " is no JSON: " + e.getMessage(), e);
    }
  }

  private static Row row(String place, JsonElement element) {
    if (!element.isJsonObject()) {
      throw new IllegalArgumentException(place + ": wanted an object, got " + shortened(element));
    }
    return new Row(place, element.getAsJsonObject());
  }

  private static String shortened(JsonElement element) {
    String text = element.toString();
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
  }

  /**
   * An object and where it stands.
   *
   * @param place file and row, for errors
   * @param members what is in it
   */
  record Row(String place, JsonObject members) {

    /** The row as something; an error names the row. */
    <T> T as(Function<Row, T> reader) {
      try {
        return reader.apply(this);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(place + ": " + e.getMessage(), e);
      }
    }

    boolean has(String member) {
      return members.has(member);
    }

    String text(String member) {
      JsonElement value = members.get(member);
      if (value == null) {
        throw new IllegalArgumentException(
            "Wanted '" + member + "', got only " + members.keySet() + ".");
      }
      if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
        throw new IllegalArgumentException(
            "Wanted a text as '" + member + "', got " + shortened(value) + ".");
      }
      return value.getAsString();
    }

    /** Messages; a text alone is the user's. */
    List<Message> messages(String member) {
      if (!members.get(member).isJsonArray()) {
        return List.of(new Message(Role.USER, text(member)));
      }
      List<Message> messages = new ArrayList<>();
      for (JsonElement element : members.getAsJsonArray(member)) {
        Row message = row(member, element);
        messages.add(new Message(Role.of(message.text("role")), message.text("content")));
      }
      return messages;
    }

    /** An answer: a text, or the one message of a list. */
    String answer(String member) {
      if (!has(member) || !members.get(member).isJsonArray()) {
        return text(member);
      }
      List<Message> messages = messages(member);
      if (messages.size() != 1 || messages.get(0).role() != Role.ASSISTANT) {
        throw new IllegalArgumentException(
            "Wanted one message of the assistant as '" + member + "', got " + messages + ".");
      }
      return messages.get(0).content();
    }
  }
}
