package grounds.notebook;

import java.util.Objects;
import java.util.Optional;

/**
 * Something a notebook can show: always as plain text, and where it has one as HTML or as a PNG.
 *
 * @param text the plain-text form; for a picture the text alternative that says what it shows
 * @param html the HTML form, a fragment without scripts
 * @param picture the picture form
 */
public record Output(String text, Optional<String> html, Optional<Picture> picture) {

  /**
   * A PNG and the size at which a page shows it. The pixels may be finer than that (twice, for a
   * sharp chart on a sharp screen).
   *
   * @param png the bytes of the PNG file
   * @param width shown width in CSS pixels
   * @param height shown height in CSS pixels
   */
  public record Picture(byte[] png, int width, int height) {
    public Picture {
      Objects.requireNonNull(png, "png");
    }
  }

  public Output {
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(html, "html");
    Objects.requireNonNull(picture, "picture");
  }

  /** Plain text only. */
  public static Output text(String text) {
    return new Output(text, Optional.empty(), Optional.empty());
  }

  /** HTML with its plain-text alternative. */
  public static Output html(String html, String text) {
    return new Output(text, Optional.of(html), Optional.empty());
  }

  /** A picture with the sentence that stands in for it. */
  public static Output picture(byte[] png, int width, int height, String text) {
    return new Output(text, Optional.empty(), Optional.of(new Picture(png, width, height)));
  }
}
