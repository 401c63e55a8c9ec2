package grounds.plot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class LabelsTest {

  @Test
  void invisibleCharactersGetASign() {
    assertEquals("a␣b↵⇥␍\\u0000", Labels.visible("a b\n\t\r\0"));
    assertEquals("␣", Labels.visible(' '));
    assertArrayEquals(new String[] {"h", "i", "↵", "😀"}, Labels.ofCharacters("hi\n😀"));
  }

  @Test
  void labelsKeepTheSpacesBetweenWords() {
    assertEquals("one layer", Labels.label("one layer"));
    assertEquals("␣the", Labels.label(" the"));
    assertEquals("↵", Labels.label("\n"));
    assertEquals("␣", Labels.label(" "));
    assertEquals("a↵b␣␣", Labels.label("a\nb  "));
    assertEquals("", Labels.label(""));
  }
}
