package grounds.corpus;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * Plays in Jon Bosak's XML as plain text, laid out like tiny Shakespeare: the speaker and a colon,
 * the lines of the speech, a blank line. Stage directions and headings are left out.
 */
final class Plays {
  private static final String FOLDER = "/org/exist/samples/shakespeare/";
  private static final List<String> TRAGEDIES = List.of("hamlet.xml", "macbeth.xml", "r_and_j.xml");

  private Plays() {}

  /**
   * Hamlet, Macbeth, and Romeo and Juliet, one after the other.
   *
   * @throws IllegalStateException if the plays on the class path are not those of the catalogue
   */
  static String threeTragedies(Dataset dataset) {
    List<String> plays = new ArrayList<>();
    for (String file : TRAGEDIES) {
      try (InputStream xml = Plays.class.getResourceAsStream(FOLDER + file)) {
        if (xml == null) {
          throw new IllegalStateException(
              "%s is not on the class path: the jar of %s is missing there."
                  .formatted(FOLDER + file, dataset.source()));
        }
        plays.add(text(xml));
      } catch (IOException | XMLStreamException e) {
        throw new UncheckedIOException("Could not read " + FOLDER + file, new IOException(e));
      }
    }
    String text = String.join("\n", plays);
    String sha256 = DatasetCache.sha256(text.getBytes(StandardCharsets.UTF_8));
    if (!sha256.equals(dataset.sha256())) {
      throw new IllegalStateException(
          "The checksum of %s is wrong. Wanted: %s. Got: %s. Is the jar of %s on the class path?"
              .formatted(dataset.name(), dataset.sha256(), sha256, dataset.source()));
    }
    return text;
  }

  /** The speeches of one play. The result ends in one line feed. */
  static String text(InputStream xml) throws XMLStreamException {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setProperty(XMLInputFactory.IS_REPLACING_ENTITY_REFERENCES, false);
    XMLStreamReader reader = factory.createXMLStreamReader(xml);
    try {
      StringBuilder play = new StringBuilder();
      String title = "";
      List<String> speakers = new ArrayList<>();
      StringBuilder lines = new StringBuilder();
      while (reader.hasNext()) {
        int event = reader.next();
        String element = reader.hasName() ? reader.getLocalName() : "";
        if (event == XMLStreamConstants.START_ELEMENT) {
          switch (element) {
            case "TITLE" -> title = content(reader);
            case "SPEAKER" -> speakers.add(content(reader));
            case "LINE" -> {
              String line = content(reader);
              if (!line.isEmpty()) { // A line may be a stage direction and nothing else.
                lines.append(line).append('\n');
              }
            }
            default -> {}
          }
        } else if (event == XMLStreamConstants.END_ELEMENT && element.equals("SPEECH")) {
          if (!lines.isEmpty()) {
            speakers.removeIf(String::isEmpty);
            // A prologue has no speaker; it goes by its title.
            String speaker = speakers.isEmpty() ? title : String.join(", ", speakers);
            play.append(play.isEmpty() ? "" : "\n").append(speaker).append(":\n").append(lines);
          }
          speakers.clear();
          lines.setLength(0);
        }
      }
      return play.toString();
    } finally {
      reader.close();
    }
  }

  /** The text directly in this element, without that of elements inside it, in single spaces. */
  private static String content(XMLStreamReader reader) throws XMLStreamException {
    StringBuilder content = new StringBuilder();
    for (int depth = 1; depth > 0; ) {
      switch (reader.next()) {
        case XMLStreamConstants.START_ELEMENT -> depth++;
        case XMLStreamConstants.END_ELEMENT -> depth--;
        case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA -> {
          if (depth == 1) {
            content.append(reader.getText());
          }
        }
        default -> {}
      }
    }
    return content.toString().strip().replaceAll("\\s+", " ");
  }
}
