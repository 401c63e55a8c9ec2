package grounds.checkpoint;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A file of named tensors in the safetensors format: eight bytes of header length, a JSON header
 * with each tensor's type, shape and place, then the values, little-endian. Nothing in it is ever
 * executed or deserialised. This class holds float32.
 */
public final class SafeTensors implements AutoCloseable {

  /** The format's own limit; it keeps a foreign file from asking for all memory. */
  private static final long MAX_HEADER_BYTES = 100_000_000;

  private static final String METADATA = "__metadata__";

  /**
   * A tensor about to be written.
   *
   * @param shape its dimensions
   * @param values gives the values when their turn comes, so that only one is in memory
   */
  public record Source(long[] shape, Supplier<float[]> values) {
    long bytes() {
      return Arrays.stream(shape).reduce(4, Math::multiplyExact);
    }
  }

  private record Place(long[] shape, long begin, long end) {}

  private final Path file;
  private final FileChannel channel;
  private final long dataStart;
  private final Map<String, Place> places;
  private final Map<String, String> metadata;

  private SafeTensors(
      Path file,
      FileChannel channel,
      long dataStart,
      Map<String, Place> places,
      Map<String, String> metadata) {
    this.file = file;
    this.channel = channel;
    this.dataStart = dataStart;
    this.places = places;
    this.metadata = metadata;
  }

  /**
   * Writes a file, whole or not at all: under a temporary name, forced to disk, then renamed.
   *
   * @throws UncheckedIOException with the path, for example when the disk is full; a file that was
   *     there before is untouched
   */
  public static void write(Path file, Map<String, Source> tensors, Map<String, String> metadata) {
    JsonObject header = new JsonObject();
    header.add(METADATA, new Gson().toJsonTree(metadata));
    long offset = 0;
    for (Map.Entry<String, Source> entry : tensors.entrySet()) {
      long end = offset + entry.getValue().bytes();
      JsonObject place = new JsonObject();
      place.addProperty("dtype", "F32");
      place.add("shape", new Gson().toJsonTree(entry.getValue().shape()));
      place.add("data_offsets", new Gson().toJsonTree(new long[] {offset, end}));
      header.add(entry.getKey(), place);
      offset = end;
    }
    byte[] json = paddedToEight(header.toString().getBytes(StandardCharsets.UTF_8));
    Path temporary =
        file.resolveSibling(file.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      try {
        // A stream, not a channel: an interrupt closes a channel in mid-write.
        try (FileOutputStream out = new FileOutputStream(temporary.toFile())) {
          ByteBuffer length = littleEndian(8).putLong(json.length);
          out.write(length.array());
          out.write(json);
          for (Source source : tensors.values()) {
            out.write(bytes(source));
          }
          out.getFD().sync();
        }
        moveIntoPlace(temporary, file);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Could not write "
              + file
              + " ("
              + (8 + json.length + offset)
              + " bytes; "
              + freeBytes(file)
              + " bytes are free there). The file that was there before, if any, is untouched. Make"
              + " room or choose another folder, then go on.",
          e);
    }
  }

  private static byte[] bytes(Source source) {
    float[] values = source.values().get();
    if (values.length * 4L != source.bytes()) {
      throw new IllegalArgumentException(
          "Wanted "
              + source.bytes() / 4
              + " values for shape "
              + Arrays.toString(source.shape())
              + ", got "
              + values.length
              + ".");
    }
    ByteBuffer buffer = littleEndian(values.length * 4);
    buffer.asFloatBuffer().put(values);
    return buffer.array();
  }

  private static void moveIntoPlace(Path temporary, Path file) throws IOException {
    try {
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      throw new IOException("This file system cannot rename a file in one step.", e);
    }
    // The rename itself must survive a power cut; Windows has no way to force a folder.
    Path folder = file.toAbsolutePath().getParent();
    try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
      directory.force(true);
    } catch (IOException e) {
      // Best effort only: the file itself is whole under either name.
    }
  }

  private static String freeBytes(Path file) {
    try {
      return Long.toString(Files.getFileStore(file.toAbsolutePath().getParent()).getUsableSpace());
    } catch (IOException e) {
      return "an unknown number of";
    }
  }

  private static byte[] paddedToEight(byte[] json) {
    byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
    Arrays.fill(padded, json.length, padded.length, (byte) ' ');
    return padded;
  }

  private static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws IllegalArgumentException if it is truncated or not such a file, saying where
   * @throws UncheckedIOException with the path, if it cannot be read
   */
  public static SafeTensors open(Path file) {
    try {
      FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
      try {
        return read(file, channel);
      } catch (RuntimeException | IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + file + ".", e);
    }
  }

  private static SafeTensors read(Path file, FileChannel channel) throws IOException {
    long size = channel.size();
    if (size < 8) {
      throw broken(file, "it has " + size + " bytes, fewer than the 8 of the header's length");
    }
    long headerBytes = read(channel, 0, 8).getLong();
    if (headerBytes < 2 || headerBytes > Math.min(MAX_HEADER_BYTES, size - 8)) {
      throw broken(file, "it announces a header of " + headerBytes + " bytes in a file of " + size);
    }
    long dataStart = 8 + headerBytes;
    Map<String, Place> places = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    String json = StandardCharsets.UTF_8.decode(read(channel, 8, (int) headerBytes)).toString();
    try {
      for (Map.Entry<String, JsonElement> entry :
          JsonParser.parseString(json).getAsJsonObject().entrySet()) {
        JsonObject value = entry.getValue().getAsJsonObject();
        if (entry.getKey().equals(METADATA)) {
          value.asMap().forEach((name, text) -> metadata.put(name, text.getAsString()));
        } else {
          places.put(entry.getKey(), place(file, entry.getKey(), value));
        }
      }
    } catch (JsonParseException
        | IllegalStateException
        | UnsupportedOperationException
        | NumberFormatException
        | NullPointerException
        | IndexOutOfBoundsException e) {
      throw broken(file, "its header is not the JSON of the format (" + e.getMessage() + ")");
    }
    requireContiguous(file, places, size - dataStart);
    return new SafeTensors(file, channel, dataStart, places, metadata);
  }

  private static Place place(Path file, String name, JsonObject value) {
    String dtype = value.get("dtype").getAsString();
    if (!dtype.equals("F32")) {
      throw broken(file, "tensor '" + name + "' has type " + dtype + "; this reader wants F32");
    }
    Gson gson = new Gson();
    long[] shape = gson.fromJson(value.get("shape"), long[].class);
    long[] offsets = gson.fromJson(value.get("data_offsets"), long[].class);
    if (offsets.length != 2) {
      throw broken(file, "tensor '" + name + "' has " + offsets.length + " offsets, not 2");
    }
    long bytes = 4;
    try {
      for (long dimension : shape) {
        if (dimension < 0) {
          throw broken(file, "tensor '" + name + "' has shape " + Arrays.toString(shape));
        }
        bytes = Math.multiplyExact(bytes, dimension);
      }
      if (offsets[0] < 0 || Math.subtractExact(offsets[1], offsets[0]) != bytes) {
        throw broken(
            file,
            "tensor '"
                + name
                + "' of shape "
                + Arrays.toString(shape)
                + " takes "
                + bytes
                + " bytes, but lies at "
                + Arrays.toString(offsets));
      }
    } catch (ArithmeticException e) {
      throw broken(file, "tensor '" + name + "' has shape " + Arrays.toString(shape));
    }
    return new Place(shape, offsets[0], offsets[1]);
  }

  private static void requireContiguous(Path file, Map<String, Place> places, long dataBytes) {
    List<Map.Entry<String, Place>> inOrder = new ArrayList<>(places.entrySet());
    inOrder.sort(
        Comparator.comparingLong((Map.Entry<String, Place> e) -> e.getValue().begin)
            .thenComparingLong(e -> e.getValue().end));
    long end = 0;
    for (Map.Entry<String, Place> entry : inOrder) {
      if (entry.getValue().begin != end) {
        throw broken(
            file,
            "tensor '"
                + entry.getKey()
                + "' begins at byte "
                + entry.getValue().begin
                + " of the values, where "
                + end
                + " was due");
      }
      end = entry.getValue().end;
    }
    if (end != dataBytes) {
      throw broken(
          file, "its header describes " + end + " bytes of values and it has " + dataBytes);
    }
  }

  private static IllegalArgumentException broken(Path file, String why) {
    return new IllegalArgumentException(
        file
            + " is not a whole safetensors file: "
            + why
            + ". It may be another kind of file or a download that broke off: take another copy.");
  }

  private static ByteBuffer read(FileChannel channel, long position, int bytes) throws IOException {
    ByteBuffer buffer = littleEndian(bytes);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw new IOException("The file ended while it was read.");
      }
    }
    return buffer.flip();
  }

  /** The names of the tensors, in the order of the header. */
  public List<String> names() {
    return List.copyOf(places.keySet());
  }

  /** The texts stored beside the tensors. */
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  /** The file this is. */
  public Path file() {
    return file;
  }

  /** The dimensions of one tensor. */
  public long[] shape(String name) {
    return placeOf(name).shape.clone();
  }

  /** The values of one tensor, row by row. */
  public float[] floats(String name) {
    Place place = placeOf(name);
    float[] values = new float[Math.toIntExact((place.end - place.begin) / 4)];
    try {
      read(channel, dataStart + place.begin, values.length * 4).asFloatBuffer().get(values);
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read tensor '" + name + "' of " + file + ".", e);
    }
    return values;
  }

  private Place placeOf(String name) {
    Place place = places.get(name);
    if (place == null) {
      throw new IllegalArgumentException(
          "Wanted a tensor '" + name + "' in " + file + ", which has " + places.keySet() + ".");
    }
    return place;
  }

  /** Closes the file. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("Could not close " + file + ".", e);
    }
  }
}
