package grounds.corpus;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The list of the data sets the course knows, in the order of {@code data/catalogue.json}.
 *
 * @param datasets the entries; names are unique, and a fallback names another entry
 */
public record DatasetCatalog(List<Dataset> datasets) {

  public DatasetCatalog {
    datasets = List.copyOf(datasets);
    List<String> names = datasets.stream().map(Dataset::name).toList();
    if (names.stream().distinct().count() < names.size()) {
      throw new IllegalArgumentException(
          "A data set's name may appear once only in a catalogue; got " + names);
    }
    for (Dataset dataset : datasets) {
      if (dataset.fallback().isPresent() && !names.contains(dataset.fallback().get())) {
        throw new IllegalArgumentException(
            "The fallback of %s must be one of %s; got \"%s\"."
                .formatted(dataset.name(), names, dataset.fallback().get()));
      }
    }
  }

  /** The catalogue that comes with the library: a copy of {@code data/catalogue.json}. */
  public static DatasetCatalog standard() {
    try (InputStream stream = DatasetCatalog.class.getResourceAsStream("catalogue.json")) {
      if (stream == null) {
        throw new IllegalStateException(
            "grounds/corpus/catalogue.json is not on the class path: build the library with Maven,"
                + " which copies it from data/catalogue.json.");
      }
      return read(new InputStreamReader(stream, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read grounds/corpus/catalogue.json", e);
    }
  }

  /**
   * Reads a catalogue.
   *
   * @param json an object whose member {@code datasets} is an array of objects with the members of
   *     {@link Dataset}; {@code fallback} may be left out
   * @throws IllegalArgumentException if a member is missing or has a bad value
   */
  public static DatasetCatalog read(Reader json) {
    try {
      List<Dataset> datasets = new ArrayList<>();
      JsonObject root = JsonParser.parseReader(json).getAsJsonObject();
      for (JsonElement entry : member(root, "datasets").getAsJsonArray()) {
        datasets.add(dataset(entry.getAsJsonObject()));
      }
      return new DatasetCatalog(datasets);
    } catch (JsonParseException | IllegalStateException | UnsupportedOperationException e) {
      throw new IllegalArgumentException(
          "A catalogue must look like {\"datasets\": [{\"name\": ..., \"source\": ...}, ...]}: "
              + e.getMessage(),
          e);
    }
  }

  private static Dataset dataset(JsonObject entry) {
    return new Dataset(
        string(entry, "name"),
        string(entry, "title"),
        URI.create(string(entry, "source")),
        string(entry, "licence"),
        string(entry, "sha256"),
        member(entry, "sizeBytes").getAsLong(),
        Optional.ofNullable(entry.get("fallback")).map(JsonElement::getAsString));
  }

  private static String string(JsonObject entry, String member) {
    return member(entry, member).getAsString();
  }

  private static JsonElement member(JsonObject entry, String member) {
    if (!entry.has(member)) {
      throw new IllegalArgumentException("\"" + member + "\" is missing in the entry " + entry);
    }
    return entry.get(member);
  }

  /**
   * The data set of this name.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names there are
   */
  public Dataset get(String name) {
    return datasets.stream()
        .filter(dataset -> dataset.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    ("There is no data set \"%s\"; there are: %s. A file of your own is loaded with"
                            + " Corpus.fromFile(path).")
                        .formatted(
                            name,
                            datasets.stream()
                                .map(Dataset::name)
                                .collect(Collectors.joining(", ")))));
  }
}
