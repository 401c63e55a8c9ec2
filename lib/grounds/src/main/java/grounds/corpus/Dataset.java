package grounds.corpus;

import java.net.URI;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A catalogue entry: what a data set is, where it comes from, and the checksum that proves it.
 *
 * @param name the name it is loaded by, in lower case with hyphens
 * @param title what it is, for people
 * @param source its address, pinned to one version; the scheme {@code maven} means that the text is
 *     read from a library on the class path and is always there
 * @param licence the terms of its use
 * @param sha256 SHA-256 of the whole content, 64 lower-case hexadecimal digits
 * @param sizeBytes size of the whole content in bytes
 * @param fallback name of the data set that stands in for it where it cannot be had
 */
public record Dataset(
    String name,
    String title,
    URI source,
    String licence,
    String sha256,
    long sizeBytes,
    Optional<String> fallback) {

  private static final Pattern NAME = Pattern.compile("[a-z0-9]+([-.][a-z0-9]+)*");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern EXTENSION = Pattern.compile(".*(\\.[A-Za-z0-9]+)");

  public Dataset {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(title, "title");
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(licence, "licence");
    Objects.requireNonNull(sha256, "sha256");
    Objects.requireNonNull(fallback, "fallback");
    // The name becomes a file name: nothing in it may lead out of the cache folder.
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "A data set's name is made of a-z, 0-9, and single hyphens or dots between them; got \""
              + name
              + "\".");
    }
    if (!SHA256.matcher(sha256).matches()) {
      throw new IllegalArgumentException(
          "The SHA-256 of " + name + " must be 64 lower-case hexadecimal digits; got " + sha256);
    }
    if (sizeBytes <= 0) {
      throw new IllegalArgumentException(
          "The size of " + name + " must be at least 1 byte; got " + sizeBytes);
    }
  }

  /** The name of its file in a cache folder: the data set's name with the source's extension. */
  public String fileName() {
    String path = Optional.ofNullable(source.getPath()).orElse("");
    var extension = EXTENSION.matcher(path.substring(path.lastIndexOf('/') + 1));
    return name + (extension.matches() ? extension.group(1) : ".txt");
  }

  /** Whether it is read from a library on the class path, with no file and no download. */
  public boolean onClassPath() {
    return "maven".equals(source.getScheme());
  }
}
