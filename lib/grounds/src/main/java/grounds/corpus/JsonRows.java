package grounds.corpus;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The rows of a file of JSON: an array of objects, or an object a line. */
final class JsonRows {
  private static final String FORMS = "a JSON array of objects, or one object a line";
  private static final Pattern SPOT = Pattern.compile("line (\\d+) column (\\d+)");

  private JsonRows() {}

  /**
   * Reads a file.
   *
   * @throws IllegalArgumentException if it is neither, or has no rows
   * @throws java.io.UncheckedIOException if it cannot be read or is not UTF-8
   */
  static List<Row> read(Path file) {
    String text = Corpus.read(file);
    List<Row> rows = text.stripLeading().startsWith("[") ? array(file, text) : lines(file, text);
    if (rows.isEmpty()) {
      throw new IllegalArgumentException(
          file + " has no rows: wanted " + FORMS + ". Is it the right file?");
    }
    return rows;
  }

  private static List<Row> array(Path file, String text) {
    List<Row> rows = new ArrayList<>();
    JsonReader json = reader(text);
    try {
      json.beginArray();
      while (json.hasNext()) {
        rows.add(row(place(file, rows), JsonParser.parseReader(json)));
      }
      json.endArray();
    } catch (IOException | JsonParseException e) {
      throw broken(place(file, rows), 1, e);
    }
    try {
      json.peek(); // Strict: anything but the end is an error.
    } catch (IOException e) {
      throw broken(file + ", after the last row", 1, e);
    }
    return rows;
  }

  private static String place(Path file, List<Row> before) {
    return file + ", row " + (before.size() + 1);
  }

  private static List<Row> lines(Path file, String text) {
    List<Row> rows = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      if (!line.isBlank()) {
        String place = file + ", line " + number;
        JsonReader json = reader(line);
        try {
          rows.add(row(place, JsonParser.parseReader(json)));
          json.peek();
        } catch (IOException | JsonParseException e) {
          throw broken(place, number, e);
        }
      }
    }
    return rows;
  }

  private static JsonReader reader(String text) {
    JsonReader json = new JsonReader(new StringReader(text));
    json.setStrictness(Strictness.STRICT);
    return json;
  }

  /**
   * The error for what is no JSON; the parser counts lines from the one that it was given first.
   */
  private static IllegalArgumentException broken(String place, int firstLine, Exception e) {
    boolean early = e instanceof EOFException || e.getCause() instanceof EOFException;
    Matcher spot = SPOT.matcher(String.valueOf(e.getMessage()));
    String where =
        spot.find()
            ? " at line %d, column %s"
                .formatted(firstLine + Integer.parseInt(spot.group(1)) - 1, spot.group(2))
            : "";
    return new IllegalArgumentException(
        "%s: Wanted JSON, got what %s%s. Mend it there; a file is %s."
            .formatted(place, early ? "ends too early" : "is none", where, FORMS),
        e);
  }

  private static Row row(String place, JsonElement element) {
    if (!element.isJsonObject()) {
      throw new IllegalArgumentException(
          place + ": Wanted an object, got " + shortened(element) + ". Put its members in braces.");
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

    boolean hasList(String member) {
      return has(member) && members.get(member).isJsonArray();
    }

    /** The error for a row that lacks something. */
    IllegalArgumentException missing(String wanted) {
      return new IllegalArgumentException(
          "Wanted "
              + wanted
              + ", got only "
              + members.keySet()
              + ". Add it, or leave the row out.");
    }

    private IllegalArgumentException other(String wanted, String member) {
      return new IllegalArgumentException(
          "Wanted %s as '%s', got %s. Write one, or leave the row out."
              .formatted(wanted, member, shortened(members.get(member))));
    }

    String text(String member) {
      if (!has(member)) {
        throw missing("'" + member + "'");
      }
      JsonElement value = members.get(member);
      if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
        throw other("a text", member);
      }
      return value.getAsString();
    }

    List<Message> messages(String member) {
      if (!hasList(member)) {
        throw other("a list of messages", member);
      }
      List<Message> messages = new ArrayList<>();
      for (JsonElement element : members.getAsJsonArray(member)) {
        Row message = row("Message %d of '%s'".formatted(messages.size() + 1, member), element);
        messages.add(message.as(m -> new Message(Role.of(m.text("role")), m.text("content"))));
      }
      return messages;
    }

    /** An answer: a text, or the one message of a list. */
    String answer(String member) {
      if (!hasList(member)) {
        return text(member);
      }
      List<Message> messages = messages(member);
      if (messages.size() != 1 || messages.get(0).role() != Role.ASSISTANT) {
        throw other("one message of the assistant", member);
      }
      return messages.get(0).content();
    }
  }
}
