package grounds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import grounds.checkpoint.SafeTensors;
import grounds.tensor.Parameters;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What PyTorch computed for a case: scalars from a JSON file, tensors from a safetensors file. The
 * scripts that wrote both lie in {@code src/test/python}.
 */
public final class Reference implements AutoCloseable {

  private static final Path FOLDER = Path.of("src/test/resources/reference");

  private final JsonObject json;
  private final SafeTensors tensors;

  private Reference(JsonObject json, SafeTensors tensors) {
    this.json = json;
    this.tensors = tensors;
  }

  /** The scalars and tensors of that case. */
  public static Reference open(String name) {
    return new Reference(json(name), SafeTensors.open(FOLDER.resolve(name + ".safetensors")));
  }

  /** The scalars alone. */
  public static JsonObject json(String name) {
    Path file = FOLDER.resolve(name + ".json");
    try {
      return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + file.toAbsolutePath() + ".", e);
    }
  }

  public JsonObject json() {
    return json;
  }

  public <T> T get(String name, Class<T> type) {
    return new Gson().fromJson(json.get(name), type);
  }

  /** The largest difference that float32 rounding explains, with a margin of about ten. */
  public float tolerance() {
    return json.get("tolerance").getAsFloat();
  }

  public NDArray tensor(NDManager manager, String name) {
    return manager.create(tensors.floats(name), new Shape(tensors.shape(name)));
  }

  /** Fills every parameter with what is stored under its name, and wants none left over. */
  public void load(Parameters parameters) {
    String prefix = "parameter.";
    Set<String> stored = new TreeSet<>();
    for (String name : tensors.names()) {
      if (name.startsWith(prefix)) {
        stored.add(name.substring(prefix.length()));
      }
    }
    assertEquals(stored, new TreeSet<>(parameters.byName().keySet()), "names of the parameters");
    parameters.stream()
        .forEach(
            p -> {
              assertEquals(shape(prefix + p.name()), boxed(p.shape()), p.name());
              p.load(tensors.floats(prefix + p.name()));
            });
  }

  public void assertClose(String name, NDArray actual) {
    assertClose(name, actual, tolerance());
  }

  public void assertClose(String name, NDArray actual, float tolerance) {
    assertEquals(shape(name), boxed(actual.getShape().getShape()), "shape of " + name);
    float[] want = tensors.floats(name);
    float[] got = actual.toFloatArray();
    for (int i = 0; i < want.length; i++) {
      float difference = Math.abs(want[i] - got[i]);
      assertTrue(
          difference <= tolerance,
          name + "[" + i + "]: PyTorch has " + want[i] + ", we have " + got[i]);
    }
  }

  private List<Long> shape(String name) {
    return boxed(tensors.shape(name));
  }

  private static List<Long> boxed(long[] shape) {
    return Arrays.stream(shape).boxed().toList();
  }

  @Override
  public void close() {
    tensors.close();
  }
}
