package grounds.checkpoint;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/** A {@code config.json}: entries of the types that are wanted, or an error that names the file. */
final class PublishedConfig {

  private final Path file;
  private final JsonObject json;

  private PublishedConfig(Path file, JsonObject json) {
    this.file = file;
    this.json = json;
  }

  static PublishedConfig read(Path file) {
    try {
      return new PublishedConfig(
          file, JsonParser.parseString(Files.readString(file)).getAsJsonObject());
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + file + ".", e);
    } catch (JsonParseException | IllegalStateException e) {
      throw new IllegalArgumentException(
          file + " is no JSON object: take another copy of the model's config.json.", e);
    }
  }

  int number(String key) {
    return get(key, JsonElement::getAsInt).orElseThrow(() -> missing(key));
  }

  int number(String key, int otherwise) {
    return get(key, JsonElement::getAsInt).orElse(otherwise);
  }

  double decimal(String key, double otherwise) {
    return get(key, JsonElement::getAsDouble).orElse(otherwise);
  }

  boolean flag(String key, boolean otherwise) {
    return get(key, JsonElement::getAsBoolean).orElse(otherwise);
  }

  String text(String key) {
    return get(key, JsonElement::getAsString).orElseThrow(() -> missing(key));
  }

  String text(String key, String otherwise) {
    return get(key, JsonElement::getAsString).orElse(otherwise);
  }

  /** The object under that key; an empty one if there is none. */
  PublishedConfig in(String key) {
    return new PublishedConfig(
        file, get(key, JsonElement::getAsJsonObject).orElseGet(JsonObject::new));
  }

  /** Fails unless the entry, or what it means to leave it out, is what our model computes. */
  void require(String key, Object only, Object got) {
    if (!only.equals(got)) {
      throw new IllegalArgumentException(
          file + " says " + key + " " + got + "; our model has only " + only + ".");
    }
  }

  private <T> Optional<T> get(String key, Function<JsonElement, T> as) {
    JsonElement value = json.get(key);
    if (value == null || value.isJsonNull()) {
      return Optional.empty();
    }
    try {
      return Optional.of(as.apply(value));
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          file + " has an entry '" + key + "' that cannot be read: " + value + ".", e);
    }
  }

  private IllegalArgumentException missing(String key) {
    return new IllegalArgumentException(
        file + " has no '" + key + "', only " + json.keySet() + ". Take another copy of it.");
  }
}
