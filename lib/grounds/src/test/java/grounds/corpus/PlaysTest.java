package grounds.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.stream.XMLStreamException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlaysTest {

  private static String text(String xml) throws XMLStreamException {
    return Plays.text(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void speechesAreLaidOutLikeTinyShakespeare() throws XMLStreamException {
    String play =
        """
        <PLAY><TITLE>The Tragedy</TITLE><FM><P>No speech.</P></FM>
        <PERSONAE><PERSONA>ROMEO</PERSONA></PERSONAE>
        <PROLOGUE><TITLE>PROLOGUE</TITLE>
        <SPEECH><SPEAKER></SPEAKER><LINE>Two households</LINE></SPEECH></PROLOGUE>
        <ACT><TITLE>ACT I</TITLE><SCENE><TITLE>SCENE I.</TITLE>
        <STAGEDIR>Enter both</STAGEDIR>
        <SPEECH><SPEAKER>ROMEO</SPEAKER>
        <LINE><STAGEDIR>Aside</STAGEDIR>  Salt  &amp; sword,</LINE>
        <STAGEDIR>They fight</STAGEDIR>
        <LINE><STAGEDIR>Falls</STAGEDIR></LINE>
        <LINE>I die.</LINE></SPEECH>
        <SPEECH><SPEAKER>First Lord</SPEAKER><SPEAKER>Second Lord</SPEAKER>
        <LINE>He dies.</LINE></SPEECH>
        </SCENE></ACT></PLAY>
        """;
    assertEquals(
        """
        PROLOGUE:
        Two households

        ROMEO:
        Salt & sword,
        I die.

        First Lord, Second Lord:
        He dies.
        """,
        text(play));
  }

  @Test
  void externalEntitiesAreNotRead(@TempDir Path folder) throws Exception {
    Path secret = Files.writeString(folder.resolve("secret.txt"), "SECRET");
    String xml =
        "<!DOCTYPE PLAY [<!ENTITY file SYSTEM \""
            + secret.toUri()
            + "\">]>"
            + "<PLAY><SPEECH><SPEAKER>A</SPEAKER><LINE>x &file; y</LINE></SPEECH></PLAY>";
    String text;
    try {
      text = text(xml);
    } catch (XMLStreamException e) {
      text = e.getMessage(); // Refusing the document is as good as passing over the entity.
    }
    assertFalse(text.contains("SECRET"), text);
  }

  @Test
  void brokenXmlIsAnError() {
    assertThrows(XMLStreamException.class, () -> text("<PLAY><SPEECH>"));
  }

  @Test
  void threeTragediesAreOnTheClassPathWithTheChecksumOfTheCatalogue() {
    Dataset dataset = DatasetCatalog.standard().get("three-tragedies");
    String text = Plays.threeTragedies(dataset);
    assertEquals(dataset.sizeBytes(), text.getBytes(StandardCharsets.UTF_8).length);
    assertTrue(text.contains("HAMLET:\nTo be, or not to be: that is the question:\n"));
    assertTrue(text.contains("\n\nMACBETH:\nSo foul and fair a day I have not seen.\n\nBANQUO:\n"));
    assertTrue(text.contains("JULIET:\nO Romeo, Romeo! wherefore art thou Romeo?\n"));
    assertTrue(text.startsWith("BERNARDO:\nWho's there?\n\nFRANCISCO:\n"));
    assertTrue(text.endsWith("Than this of Juliet and her Romeo.\n"));
    assertFalse(text.contains("<") || text.contains("\n\n\n") || text.contains("  "));
  }

  @Test
  void otherPlaysOnTheClassPathAreRefused() {
    Dataset real = DatasetCatalog.standard().get("three-tragedies");
    Dataset other =
        new Dataset(
            real.name(),
            real.title(),
            real.source(),
            real.licence(),
            "0".repeat(64),
            real.sizeBytes(),
            real.fallback());
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> Plays.threeTragedies(other));
    assertTrue(e.getMessage().contains(real.sha256()), e.getMessage());
    assertTrue(e.getMessage().contains(other.sha256()), e.getMessage());
  }
}
