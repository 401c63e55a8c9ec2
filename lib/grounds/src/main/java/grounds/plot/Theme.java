package grounds.plot;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.FontRenderContext;
import java.awt.font.TextLayout;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The look that all charts share: colours, fonts, strokes, and text placed by its real extent. */
final class Theme {

  static {
    // A notebook server may have DISPLAY set and no window system in its Java: drawing into
    // memory needs none, and must not try to reach one.
    if (System.getProperty("java.awt.headless") == null) {
      System.setProperty("java.awt.headless", "true");
    }
  }

  /** Pixels drawn for each shown pixel, along both sides. */
  static final int SCALE = 2;

  static final Color INK = new Color(0x1F2933);
  static final Color MUTED = new Color(0x52606D);
  static final Color FAINT = new Color(0x9AA5B1);
  static final Color GRID = new Color(0xE4E7EB);
  static final Color GROUND = Color.WHITE;

  /**
   * Okabe and Ito's colours, told apart by readers with any colour vision (Color Universal Design,
   * 2008), without the yellow that is too pale on white.
   */
  static final List<Color> PALETTE =
      List.of(
          new Color(0x0072B2),
          new Color(0xD55E00),
          new Color(0x009E73),
          new Color(0xCC79A7),
          new Color(0xE69F00),
          new Color(0x56B4E9),
          new Color(0x333333));

  static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 15);
  static final Font TEXT = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
  static final Font SMALL = new Font(Font.SANS_SERIF, Font.PLAIN, 12);

  private static final FontRenderContext FRACTIONAL = new FontRenderContext(null, true, true);

  private Theme() {}

  static Color color(int series) {
    return PALETTE.get(series % PALETTE.size());
  }

  /** Draws on a white ground at twice the size and wraps up the result. */
  static Chart draw(int width, int height, String description, Consumer<Graphics2D> drawing) {
    BufferedImage image =
        new BufferedImage(width * SCALE, height * SCALE, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    try {
      g.scale(SCALE, SCALE);
      g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
      g.setRenderingHint(
          RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
      g.setRenderingHint(
          RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
      g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
      g.setColor(GROUND);
      g.fillRect(0, 0, width, height);
      drawing.accept(g);
    } finally {
      g.dispose();
    }
    return new Chart(image, width, height, description);
  }

  /**
   * Width of the text in shown pixels.
   *
   * @throws IllegalStateException if this machine has no font at all
   */
  static double widthOf(String text, Font font) {
    try {
      return text.isEmpty() ? 0 : font.getStringBounds(text, FRACTIONAL).getWidth();
    } catch (RuntimeException | InternalError | LinkageError e) {
      // Java's own message speaks of its internals. Every chart measures text before it draws.
      throw new IllegalStateException(
          "A chart needs a font, but this machine has none that Java can use; install fontconfig"
              + " and a font (on Debian and Ubuntu: apt install fontconfig fonts-dejavu-core)",
          e);
    }
  }

  /** Width of the widest of the texts. */
  static double widthOf(Iterable<String> texts, Font font) {
    double width = 0;
    for (String text : texts) {
      width = Math.max(width, widthOf(text, font));
    }
    return width;
  }

  /**
   * Draws text with the given point of its extent at (x, y).
   *
   * @param across 0 puts the left edge at x, 0.5 the middle, 1 the right edge
   * @param down 0 puts the top at y, 0.5 the middle of a capital letter, 1 the base line
   */
  static void text(
      Graphics2D g,
      String text,
      Font font,
      Color color,
      double x,
      double y,
      double across,
      double down) {
    if (text.isEmpty()) {
      return;
    }
    Rectangle2D capital = new TextLayout("H", font, FRACTIONAL).getBounds();
    g.setFont(font);
    g.setColor(color);
    g.drawString(
        text,
        (float) (x - across * widthOf(text, font)),
        (float) (y + (1 - down) * capital.getHeight()));
  }

  /** As {@link #text}, turned a quarter to the left around (x, y): it reads from below. */
  static void textUpwards(
      Graphics2D g,
      String text,
      Font font,
      Color color,
      double x,
      double y,
      double across,
      double down) {
    Graphics2D turned = (Graphics2D) g.create();
    turned.translate(x, y);
    turned.rotate(-Math.PI / 2);
    text(turned, text, font, color, 0, 0, across, down);
    turned.dispose();
  }

  /** The text broken at spaces into lines that are no wider than this. */
  static List<String> wrap(String text, Font font, double width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.trim().split("\\s+")) {
      if (line.length() > 0 && widthOf(line + " " + word, font) > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.length() > 0 ? " " : "").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  static BasicStroke line(double width) {
    return new BasicStroke((float) width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);
  }

  static BasicStroke dashed(double width) {
    return new BasicStroke(
        (float) width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {5, 4}, 0);
  }
}
