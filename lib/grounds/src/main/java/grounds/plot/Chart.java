package grounds.plot;

import java.awt.image.BufferedImage;
import java.util.Objects;

/**
 * A finished picture of data, with the size a page shows it at and the words that stand in for it.
 *
 * @param image the pixels, finer than the shown size (twice, for sharp text on sharp screens)
 * @param width shown width in CSS pixels
 * @param height shown height in CSS pixels
 * @param description what the picture shows, with the numbers that matter
 */
public record Chart(BufferedImage image, int width, int height, String description) {

  public Chart {
    Objects.requireNonNull(image, "image");
    Objects.requireNonNull(description, "description");
  }

  /** The picture as the bytes of a PNG file. */
  public byte[] png() {
    return Png.encode(image);
  }

  /** The description, so that a chart printed as text still says what it shows. */
  @Override
  public String toString() {
    return description;
  }
}
