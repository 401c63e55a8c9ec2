package grounds.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProductProbeTest {

  private static final String PROPERTY = "grounds.products";

  private String before;
  private NDManager manager;

  @BeforeEach
  void open() {
    before = System.getProperty(PROPERTY);
    manager = Engine.getEngine("PyTorch").newBaseManager(Device.cpu());
  }

  @AfterEach
  void close() {
    manager.close();
    if (before == null) {
      System.clearProperty(PROPERTY);
    } else {
      System.setProperty(PROPERTY, before);
    }
  }

  private static float[] random(int seed, int rows, int columns) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** The product of matrices, as a matrix product is defined, in doubles. */
  private static float[] product(float[] a, float[] b, int rows, int inner, int columns) {
    float[] result = new float[rows * columns];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        double sum = 0;
        for (int k = 0; k < inner; k++) {
          sum += (double) a[i * inner + k] * b[k * columns + j];
        }
        result[i * columns + j] = (float) sum;
      }
    }
    return result;
  }

  private static float[] transposed(float[] a, int rows, int columns) {
    float[] result = new float[a.length];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        result[j * rows + i] = a[i * columns + j];
      }
    }
    return result;
  }

  @Test
  void everyKernelGivesTheProductsOfALinearLayer() {
    int rows = 33;
    int inputs = 20;
    int outputs = 47;
    float[] x = random(1, rows, inputs);
    float[] w = random(2, outputs, inputs);
    float[] dy = random(3, rows, outputs);
    NDArray[] tensors = {
      manager.create(x, new Shape(rows, inputs)),
      manager.create(w, new Shape(outputs, inputs)),
      manager.create(dy, new Shape(rows, outputs))
    };
    float[] y = product(x, transposed(w, outputs, inputs), rows, inputs, outputs);
    float[] dx = product(dy, w, rows, outputs, inputs);
    float[] dw = product(transposed(dy, rows, outputs), x, outputs, rows, inputs);
    try (ScriptModule module = ScriptModule.load(manager, ProductProbe.script())) {
      for (String kernel : List.of("default", "onednn")) {
        // Sums of up to 47 products of numbers below 10, in float32.
        assertArrayEquals(y, module.call("forward_" + kernel, tensors).toFloatArray(), 5e-5f);
        assertArrayEquals(
            dx, module.call("input_gradient_" + kernel, tensors).toFloatArray(), 5e-5f);
        assertArrayEquals(
            dw, module.call("weight_gradient_" + kernel, tensors).toFloatArray(), 5e-5f);
      }
    } catch (ScriptException e) {
      // A build of PyTorch without oneDNN.
      assertEquals(ProductKernel.DEFAULT, ProductProbe.run(manager, 8, 8, 8).kernel());
    }
  }

  @Test
  void isQuickAndLeavesNothingBehind() {
    int arrays = manager.getManagedArrays().size();
    double seconds = Double.POSITIVE_INFINITY;
    for (int i = 0; i < 3; i++) {
      ProductProbe probe = ProductProbe.run(manager, 512, 256, 1024);
      assertTrue(probe.gain() >= 1, probe.toString());
      assertEquals(
          probe.kernel().equals(ProductKernel.DEFAULT), probe.gain() == 1, probe.toString());
      seconds = Math.min(seconds, probe.seconds());
    }
    assertTrue(seconds < 0.7, "the quickest of three took " + seconds + " s");
    assertEquals(arrays, manager.getManagedArrays().size());
  }

  @Test
  void aPropertyNamesTheKernels() {
    System.setProperty(PROPERTY, "default");
    assertEquals(ProductKernel.DEFAULT, ProductKernel.fastest(manager, 192));
    System.setProperty(PROPERTY, " onednn ");
    assertEquals(ProductKernel.ONEDNN, ProductKernel.fastest(manager, 192));
    for (String bad : List.of("mkl", "ONEDNN", "fastest")) {
      System.setProperty(PROPERTY, bad);
      String message =
          assertThrows(IllegalArgumentException.class, () -> ProductKernel.fastest(manager, 192))
              .getMessage();
      assertTrue(message.contains("'default' or 'onednn', got '" + bad + "'"), message);
      assertTrue(message.contains("GROUNDS_PRODUCTS"), message);
    }
  }

  @Test
  void otherwiseOneTrialDecidesForTheProcessAndTheWidth() {
    System.setProperty(PROPERTY, "");
    ProductProbe once = ProductProbe.once(manager, 192);
    assertEquals(once, ProductProbe.once(manager, 192), "its seconds too: it is the same trial");
    assertEquals(once.kernel(), ProductKernel.fastest(manager, 192));
    assertNotEquals(once, ProductProbe.once(manager, 128), "another width, another trial");
  }

  @Test
  void kernelsSayWhichTheyAre() {
    assertEquals("default products", ProductKernel.DEFAULT.toString());
    assertEquals("oneDNN's products", ProductKernel.ONEDNN.toString());
  }
}
