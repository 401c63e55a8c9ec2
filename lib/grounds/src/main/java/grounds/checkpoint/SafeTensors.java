package grounds.checkpoint;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.MalformedJsonException;
import grounds.tensor.Devices;
import grounds.tensor.TensorScope;
import java.io.EOFException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.StringReader;
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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Named tensors in the safetensors format: eight bytes of header length, a JSON header with each
 * tensor's type, shape and place, then the values, little-endian. Nothing in it is ever executed or
 * deserialised. Large models come in several such files and an index, which open as one.
 *
 * <p>Values are mapped into memory, not read: opening a file costs its header alone.
 */
public final class SafeTensors implements AutoCloseable {

  /** The format's own limit; it keeps a foreign file from asking for all memory. */
  private static final long MAX_HEADER_BYTES = 100_000_000;

  /** Bytes that are mapped or written at a time, so that no tensor is in memory twice. */
  private static final int PIECE = 32 << 20;

  private static final String METADATA = "__metadata__";

  /**
   * A tensor about to be written.
   *
   * @param type what its numbers are rounded to: F32, F16 or BF16
   * @param shape its dimensions
   * @param values gives the values when their turn comes, so that only one is in memory
   */
  public record Source(TensorType type, long[] shape, Supplier<float[]> values) {

    /** One in float32. */
    public Source(long[] shape, Supplier<float[]> values) {
      this(TensorType.F32, shape, values);
    }

    long bytes() {
      return Arrays.stream(shape).reduce(type.bytes(), Math::multiplyExact);
    }
  }

  private record Place(Shard shard, TensorType type, long[] shape, long begin, long end) {
    long start() {
      return shard.dataStart + begin;
    }

    long bytes() {
      return end - begin;
    }
  }

  private record Shard(Path file, FileChannel channel, long dataStart) {}

  private final Path file;
  private final List<FileChannel> channels;
  private final Map<String, Place> places;
  private final Map<String, String> metadata;

  private SafeTensors(
      Path file,
      List<FileChannel> channels,
      Map<String, Place> places,
      Map<String, String> metadata) {
    this.file = file;
    this.channels = channels;
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
      place.addProperty("dtype", entry.getValue().type().name());
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
            write(source, out);
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

  private static void write(Source source, FileOutputStream out) throws IOException {
    float[] values = source.values().get();
    long wanted = source.bytes() / source.type().bytes();
    if (values.length != wanted) {
      throw new IllegalArgumentException(
          "Wanted "
              + wanted
              + " values for shape "
              + Arrays.toString(source.shape())
              + ", got "
              + values.length
              + ".");
    }
    ByteBuffer buffer = littleEndian((int) Math.min(PIECE, source.bytes()));
    for (float value : values) {
      source.type().write(buffer, value);
      if (!buffer.hasRemaining()) {
        out.write(buffer.array());
        buffer.clear();
      }
    }
    out.write(buffer.array(), 0, buffer.position());
  }

  /** Gives a finished file its name in one step. */
  static void moveIntoPlace(Path temporary, Path file) throws IOException {
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
   * Opens a file and checks its header, or, by an index ({@code model.safetensors.index.json}), all
   * the files that it names.
   *
   * @throws IllegalArgumentException if one is truncated or not such a file, saying where
   * @throws UncheckedIOException with the path, if one cannot be read
   */
  public static SafeTensors open(Path file) {
    SafeTensors opened =
        new SafeTensors(file, new ArrayList<>(), new LinkedHashMap<>(), new LinkedHashMap<>());
    try {
      if (file.toString().endsWith(".json")) {
        opened.addShards();
      } else {
        opened.add(file);
      }
      return opened;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private void add(Path shard) {
    try {
      FileChannel channel = FileChannel.open(shard, StandardOpenOption.READ);
      channels.add(channel);
      read(shard, channel);
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + shard + ".", e);
    }
  }

  private void addShards() {
    Map<String, String> wanted = new LinkedHashMap<>();
    try {
      JsonObject index = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      index
          .getAsJsonObject("weight_map")
          .asMap()
          .forEach((name, shard) -> wanted.put(name, shard.getAsString()));
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + file + ".", e);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          file
              + " is not an index of safetensors files: wanted {\"weight_map\": {tensor: file}}. Take"
              + " another copy.",
          e);
    }
    for (String name : new LinkedHashSet<>(wanted.values())) {
      Path shard = Path.of(name);
      if (shard.getNameCount() != 1 || shard.isAbsolute() || name.equals("..")) {
        throw new IllegalArgumentException(
            file + " names '" + name + "': wanted the name of a file beside it.");
      }
      add(file.resolveSibling(name));
    }
    List<String> lost =
        wanted.keySet().stream()
            .filter(
                name ->
                    !places.containsKey(name)
                        || !places
                            .get(name)
                            .shard
                            .file
                            .equals(file.resolveSibling(wanted.get(name))))
            .map(name -> name + " in " + wanted.get(name))
            .toList();
    if (!lost.isEmpty()) {
      throw new IllegalArgumentException(
          file + " names tensors that are not where it says: " + lost + ". Take another copy.");
    }
  }

  private void read(Path shardFile, FileChannel channel) throws IOException {
    long size = channel.size();
    if (size < 8) {
      throw broken(shardFile, "it has " + size + " bytes, fewer than the 8 of the header's length");
    }
    long headerBytes = read(channel, 0, 8).getLong();
    if (headerBytes < 2 || headerBytes > Math.min(MAX_HEADER_BYTES, size - 8)) {
      throw broken(
          shardFile, "it announces a header of " + headerBytes + " bytes in a file of " + size);
    }
    Shard shard = new Shard(shardFile, channel, 8 + headerBytes);
    Map<String, Place> found = new LinkedHashMap<>();
    String json = StandardCharsets.UTF_8.decode(read(channel, 8, (int) headerBytes)).toString();
    // Name by name: as one JsonObject the last of two tensors of one name would win.
    try (JsonReader reader = new JsonReader(new StringReader(json))) {
      reader.beginObject();
      while (reader.hasNext()) {
        String name = reader.nextName();
        JsonObject value = JsonParser.parseReader(reader).getAsJsonObject();
        if (name.equals(METADATA)) {
          value.asMap().forEach((key, text) -> metadata.put(key, text.getAsString()));
        } else if (found.put(name, place(shard, name, value)) != null) {
          throw broken(shardFile, "it has two tensors '" + name + "'");
        }
      }
      reader.endObject();
      reader.peek(); // fails if more than spaces follow
    } catch (JsonParseException
        | MalformedJsonException
        | EOFException
        | IllegalStateException
        | UnsupportedOperationException
        | NumberFormatException
        | NullPointerException e) {
      throw broken(shardFile, "its header is not the JSON of the format (" + e.getMessage() + ")");
    }
    requireContiguous(shardFile, found, size - shard.dataStart);
    for (Map.Entry<String, Place> entry : found.entrySet()) {
      Place other = places.put(entry.getKey(), entry.getValue());
      if (other != null) {
        throw new IllegalArgumentException(
            "Both "
                + other.shard.file
                + " and "
                + shardFile
                + " hold a tensor '"
                + entry.getKey()
                + "'. Take other copies.");
      }
    }
  }

  private static Place place(Shard shard, String name, JsonObject value) {
    TensorType type = type(shard.file, name, value.get("dtype").getAsString());
    long[] shape = numbers(value.get("shape").getAsJsonArray());
    long[] offsets = numbers(value.get("data_offsets").getAsJsonArray());
    if (offsets.length != 2) {
      throw broken(shard.file, "tensor '" + name + "' has " + offsets.length + " offsets, not 2");
    }
    long bytes = type.bytes();
    try {
      for (long dimension : shape) {
        if (dimension < 0) {
          throw broken(shard.file, "tensor '" + name + "' has shape " + Arrays.toString(shape));
        }
        bytes = Math.multiplyExact(bytes, dimension);
      }
      if (offsets[0] < 0 || Math.subtractExact(offsets[1], offsets[0]) != bytes) {
        throw broken(
            shard.file,
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
      throw broken(shard.file, "tensor '" + name + "' has shape " + Arrays.toString(shape));
    }
    return new Place(shard, type, shape, offsets[0], offsets[1]);
  }

  private static TensorType type(Path file, String name, String dtype) {
    return Arrays.stream(TensorType.values())
        .filter(type -> type.name().equals(dtype))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    file
                        + " holds a tensor '"
                        + name
                        + "' of type "
                        + dtype
                        + "; this reader knows "
                        + Arrays.toString(TensorType.values())
                        + "."));
  }

  /** Whole numbers, spelled as such: 1e3 or 2.0 is none. */
  private static long[] numbers(JsonArray array) {
    return array.asList().stream().mapToLong(n -> Long.parseLong(n.getAsString())).toArray();
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

  /** The file or index this is. */
  public Path file() {
    return file;
  }

  /** The dimensions of one tensor. */
  public long[] shape(String name) {
    return placeOf(name).shape.clone();
  }

  /** What the numbers of one tensor are. */
  public TensorType type(String name) {
    return placeOf(name).type;
  }

  /**
   * The values of one tensor, row by row; numbers of other types become the nearest float32.
   *
   * @throws IllegalArgumentException if there are more than an array can hold
   */
  public float[] floats(String name) {
    Place place = placeOf(name);
    float[] values = new float[size(name, place)];
    forEach(
        name,
        place,
        (bytes, at, i) -> values[Math.toIntExact(i)] = (float) place.type.read(bytes, at));
    return values;
  }

  /**
   * The values of one tensor of whole numbers, row by row.
   *
   * @throws IllegalArgumentException if its numbers have fractions, or there are more than an array
   *     can hold
   * @throws ArithmeticException if one is above 2^63 - 1
   */
  public long[] longs(String name) {
    Place place = placeOf(name);
    if (place.type.isFloating()) {
      throw new IllegalArgumentException(
          "Wanted a tensor of whole numbers, '" + name + "' holds " + place.type + ".");
    }
    long[] values = new long[size(name, place)];
    forEach(
        name, place, (bytes, at, i) -> values[Math.toIntExact(i)] = place.type.readLong(bytes, at));
    return values;
  }

  /**
   * The bytes of one tensor as they are in the file, mapped and not copied. Numbers in them are
   * little-endian.
   *
   * @throws IllegalArgumentException if there are 2^31 or more
   */
  public ByteBuffer bytes(String name) {
    Place place = placeOf(name);
    if (place.bytes() > Integer.MAX_VALUE) {
      throw tooLarge(name, place.bytes() + " bytes");
    }
    return map(name, place, 0, place.bytes())
        .bytes()
        .asReadOnlyBuffer()
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Fills a float32 tensor of the engine, piece by piece: beside the target itself this takes a few
   * megabytes.
   *
   * @param transposed whether the file has the columns of the matrix as its rows
   * @throws IllegalArgumentException if the shapes differ; the target is then unchanged
   */
  public void copyTo(String name, NDArray target, boolean transposed) {
    Devices.prepareThread();
    Place place = placeOf(name);
    requireShape(name, place, target, transposed);
    long rows = place.shape.length == 0 ? 1 : place.shape[0];
    if (place.bytes() == 0) {
      return;
    }
    long rowBytes = place.bytes() / rows;
    long step = Math.max(1, PIECE / rowBytes);
    for (long first = 0; first < rows; first += step) {
      long last = Math.min(rows, first + step);
      long[] shape = place.shape.clone();
      if (shape.length > 0) {
        shape[0] = last - first;
      }
      String range = first + ":" + last;
      NDIndex there = new NDIndex(shape.length == 0 ? "..." : transposed ? ":," + range : range);
      try (Mapping mapping = map(name, place, first * rowBytes, last * rowBytes);
          TensorScope scope = TensorScope.open(target.getManager())) {
        NDArray piece = piece(scope.manager(), mapping.bytes(), place.type, new Shape(shape));
        target.set(there, transposed ? piece.transpose() : piece);
      }
    }
  }

  /** Whether two tensors are equal to the bit. */
  boolean isSame(String name, String other) {
    Place a = placeOf(name);
    Place b = placeOf(other);
    if (a.type != b.type || !Arrays.equals(a.shape, b.shape)) {
      return false;
    }
    for (long from = 0; from < a.bytes(); from += PIECE) {
      long to = Math.min(a.bytes(), from + PIECE);
      try (Mapping one = map(name, a, from, to);
          Mapping two = map(other, b, from, to)) {
        if (!one.bytes().equals(two.bytes())) {
          return false;
        }
      }
    }
    return true;
  }

  /** Numbers in a mapping as a tensor of float32; at best it is the mapping itself. */
  private static NDArray piece(NDManager manager, ByteBuffer bytes, TensorType type, Shape shape) {
    Optional<DataType> engineType = type.engineType();
    if (engineType.isPresent() && manager.getEngine().getEngineName().equals("PyTorch")) {
      return manager.create(bytes, shape, engineType.get()).toType(DataType.FLOAT32, false);
    }
    float[] values = new float[Math.toIntExact(shape.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) type.read(bytes, i * type.bytes());
    }
    return manager.create(values, shape);
  }

  private static void requireShape(String name, Place place, NDArray target, boolean transposed) {
    long[] wanted = target.getShape().getShape();
    if (transposed && wanted.length == 2) {
      wanted = new long[] {wanted[1], wanted[0]};
    }
    if (!Arrays.equals(wanted, place.shape) || transposed && wanted.length != 2) {
      throw new IllegalArgumentException(
          "Wanted a tensor '"
              + name
              + "' of shape "
              + Arrays.toString(wanted)
              + ", got "
              + Arrays.toString(place.shape)
              + ".");
    }
  }

  @FunctionalInterface
  private interface Visitor {
    void visit(ByteBuffer bytes, int at, long i);
  }

  private void forEach(String name, Place place, Visitor visitor) {
    int size = place.type.bytes();
    long i = 0;
    for (long from = 0; from < place.bytes(); from += PIECE) {
      long to = Math.min(place.bytes(), from + PIECE);
      try (Mapping mapping = map(name, place, from, to)) {
        ByteBuffer bytes = mapping.bytes();
        for (int at = 0; at < bytes.capacity(); at += size) {
          visitor.visit(bytes, at, i++);
        }
      }
    }
  }

  private static Mapping map(String name, Place place, long from, long to) {
    try {
      return Mapping.of(place.shard.channel, place.start() + from, to - from);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Could not read tensor '" + name + "' of " + place.shard.file + ".", e);
    }
  }

  private int size(String name, Place place) {
    long size = place.bytes() / place.type.bytes();
    if (size > Integer.MAX_VALUE - 8) {
      throw tooLarge(name, size + " values");
    }
    return (int) size;
  }

  private IllegalArgumentException tooLarge(String name, String what) {
    return new IllegalArgumentException(
        "Tensor '"
            + name
            + "' of "
            + file
            + " has "
            + what
            + ", more than Java holds in one piece.");
  }

  private Place placeOf(String name) {
    Place place = places.get(name);
    if (place == null) {
      throw new IllegalArgumentException(
          "Wanted a tensor '" + name + "' in " + file + ", which has " + places.keySet() + ".");
    }
    return place;
  }

  /** Closes the files. Bytes that were handed out stay readable. */
  @Override
  public void close() {
    try {
      for (FileChannel channel : channels) {
        channel.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Could not close " + file + ".", e);
    }
  }
}
