package grounds.corpus;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;

/**
 * A text to train on, and where it came from. Characters are counted as Unicode code points: one
 * for every token of a character tokenizer.
 *
 * @param name short name, such as {@code tiny-shakespeare}
 * @param text the whole text; never empty
 * @param source where it came from, for people: an address, a file, a library
 */
public record Corpus(String name, String text, String source) {

  public Corpus {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(source, "source");
    if (text.isEmpty()) {
      throw new IllegalArgumentException(
          ("The corpus \"%s\" (%s) is empty: there is nothing to learn from. Give a text of at"
                  + " least a few thousand characters.")
              .formatted(name, source));
    }
  }

  /** A text made in the program. */
  public static Corpus of(String name, String text) {
    return new Corpus(name, text, "made in the program");
  }

  /**
   * Reads a file of UTF-8 text. Line ends stay as they are; a byte order mark at the start is left
   * out.
   *
   * @throws UncheckedIOException if the file cannot be read or is not UTF-8
   */
  public static Corpus fromFile(Path file) {
    return new Corpus(file.getFileName().toString(), read(file), file.toString());
  }

  /**
   * Loads a data set of the catalogue: from a cache folder, or downloaded, or from the class path.
   * Where it can only be downloaded and its source cannot be reached, its fallback is loaded
   * instead, and a line of output says so; {@link #name()} tells which one it is.
   *
   * @throws IllegalArgumentException if the catalogue has no data set of this name
   * @throws DatasetUnreachableException if it cannot be downloaded and has no fallback
   * @throws UncheckedIOException if what came is not the data set, or cannot be stored
   */
  public static Corpus load(String name) {
    return load(name, DatasetCatalog.standard(), DatasetCache.standard());
  }

  static Corpus load(String name, DatasetCatalog catalog, DatasetCache cache) {
    Dataset dataset = catalog.get(name);
    String source = "%s, %s".formatted(dataset.title(), dataset.source());
    if (dataset.onClassPath()) {
      return new Corpus(name, Plays.threeTragedies(dataset), source);
    }
    try {
      return new Corpus(name, read(cache.get(dataset)), source);
    } catch (DatasetUnreachableException e) {
      if (dataset.fallback().isEmpty()) {
        throw e;
      }
      Corpus fallback = load(dataset.fallback().get(), catalog, cache);
      System.out.printf(
          Locale.ROOT,
          "%s could not be downloaded (%s): this is %s instead, %,d characters (%s). To have"
              + " %s, save %s as %s (%,d bytes, SHA-256 %s).%n",
          name,
          e.reason(),
          fallback.name(),
          fallback.length(),
          catalog.get(fallback.name()).title(),
          name,
          dataset.source(),
          cache.place(dataset),
          dataset.sizeBytes(),
          dataset.sha256());
      return fallback;
    }
  }

  /**
   * A file of UTF-8 text, without its byte order mark.
   *
   * @throws UncheckedIOException if the file cannot be read or is not UTF-8
   */
  static String read(Path file) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new UncheckedIOException("There is no file " + file.toAbsolutePath(), e);
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + file.toAbsolutePath(), e);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    CoderResult result = decoder.decode(in, out, true);
    if (result.isError()) {
      throw new UncheckedIOException(
          "%s is not UTF-8 text: byte %d does not belong there. Save it as UTF-8 first."
              .formatted(file.toAbsolutePath(), in.position()),
          new CharacterCodingException());
    }
    out.flip();
    String text = out.toString();
    return text.startsWith("\uFEFF") ? text.substring(1) : text;
  }

  /** The number of characters. */
  public int length() {
    return text.codePointCount(0, text.length());
  }

  /** The number of distinct characters: the vocabulary size of a character tokenizer. */
  public int distinctCharacters() {
    return (int) text.codePoints().distinct().count();
  }

  /**
   * Cuts the corpus in two, in file order: the training part is the first {@code trainingFraction *
   * length()} characters, rounded down; the validation part is the rest.
   *
   * @param trainingFraction the training part's share, between 0 and 1, both excluded
   * @throws IllegalArgumentException if the fraction is out of range or leaves a part empty
   */
  public Split split(double trainingFraction) {
    if (!(trainingFraction > 0 && trainingFraction < 1)) {
      throw new IllegalArgumentException(
          "The training part's share must be more than 0 and less than 1, such as 0.9; got "
              + trainingFraction);
    }
    int length = length();
    int training = (int) (trainingFraction * length);
    if (training == 0 || training == length) {
      throw new IllegalArgumentException(
          ("A corpus of %d characters split at %s leaves one part empty: use a longer text or"
                  + " another fraction.")
              .formatted(length, trainingFraction));
    }
    int cut = text.offsetByCodePoints(0, training);
    return new Split(text.substring(0, cut), text.substring(cut));
  }

  /** Name, size and source, for a notebook; not the text itself. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "Corpus %s: %,d characters, %d distinct (%s)",
        name,
        length(),
        distinctCharacters(),
        source);
  }
}
