package grounds.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class TensorTest {

  @Test
  void aScopeClosesWhatWasMadeInItWhoeverOwnsIt() {
    try (NDManager manager = Devices.newManager()) {
      NDArray weight = manager.create(new float[] {1, 2});
      int before = manager.getManagedArrays().size();
      NDArray leaked;
      NDArray kept;
      try (TensorScope scope = TensorScope.open(manager)) {
        NDArray input = scope.manager().create(new float[] {3, 4});
        leaked = weight.add(input);
        kept = scope.keep(input.add(weight));
        try (TensorScope inner = TensorScope.open(scope.manager())) {
          assertArrayEquals(new float[] {5, 8}, inner.keep(leaked.add(weight)).toFloatArray());
        }
      }
      assertTrue(leaked.isReleased());
      assertFalse(kept.isReleased());
      assertFalse(weight.isReleased());
      assertEquals(before + 1, manager.getManagedArrays().size());
      assertArrayEquals(new float[] {4, 6}, kept.toFloatArray());
    }
  }

  @Test
  void aScopeBelongsToItsThread() {
    try (NDManager manager = Devices.newManager();
        TensorScope scope = TensorScope.open(manager)) {
      Throwable error =
          assertThrows(
                  CompletionException.class, () -> CompletableFuture.runAsync(scope::close).join())
              .getCause();
      assertEquals(IllegalStateException.class, error.getClass());
      assertTrue(error.getMessage().contains("one scope on each thread"), error.getMessage());
    }
  }

  @Test
  void parametersHaveNamesShapesAndStreamsOfTheirOwn() {
    try (Parameters parameters = new Parameters(1);
        Parameters more = new Parameters(1)) {
      parameters.in("head").normal("weight", 0.02, 3, 4);
      parameters.in("head").zeros("bias", 3);
      more.in("other").normal("weight", 0.02, 5, 5);
      more.in("head").normal("weight", 0.02, 3, 4);
      assertEquals(15, parameters.count());
      assertEquals(Set.of("head.weight", "head.bias"), parameters.byName().keySet());
      assertTrue(parameters.get("head.weight").isMatrix());
      assertFalse(parameters.in("head").get("bias").isMatrix());
      // A layer added elsewhere leaves this one's first weights as they were.
      assertArrayEquals(parameters.get("head.weight").values(), more.get("head.weight").values());
      assertThrows(IllegalArgumentException.class, () -> parameters.in("head").zeros("bias", 3));
      assertThrows(IllegalArgumentException.class, () -> parameters.get("tail"));
      assertThrows(IllegalArgumentException.class, () -> parameters.zeros("empty", 0));
      assertThrows(
          IllegalArgumentException.class, () -> parameters.get("head.bias").load(new float[2]));
    }
  }

  @Test
  void normalIsNormal() {
    try (Parameters parameters = new Parameters(3)) {
      float[] values = parameters.normal("weight", 2, 100, 100).toFloatArray();
      double mean = 0;
      double square = 0;
      for (float value : values) {
        mean += value / values.length;
        square += value * value / values.length;
      }
      assertEquals(0, mean, 0.06); // three deviations of the mean of 10,000
      assertEquals(4, square, 0.17);
    }
  }

  @Test
  void zeroedGradientsLoseNotANumber() {
    try (Parameters parameters = new Parameters(3);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      NDArray weight = parameters.ones("weight", 2);
      NDArray infinite = scope.manager().create(new float[] {Float.NaN, 1});
      try (var collector = Devices.engine().newGradientCollector()) {
        collector.backward(infinite.mul(weight).sum());
      }
      Parameter parameter = parameters.get("weight");
      assertTrue(Float.isNaN(parameter.gradient().toFloatArray()[0]));
      parameter.zeroGradient();
      assertArrayEquals(new float[] {0, 0}, parameter.gradient().toFloatArray());
    }
  }

  /**
   * Why zeroGradients exists: a new collector does not start from zero, whatever DJL's page says.
   */
  @Test
  void gradientsAddUpOverCollectors() {
    try (Parameters parameters = new Parameters(3);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      NDArray weight = parameters.ones("weight", 2);
      NDArray three = scope.manager().create(new float[] {3, 3});
      for (int i = 1; i <= 2; i++) {
        try (var collector = Devices.engine().newGradientCollector()) {
          collector.backward(three.mul(weight).sum());
        }
        float[] gradient = parameters.get("weight").gradient().toFloatArray();
        assertArrayEquals(new float[] {3 * i, 3 * i}, gradient);
      }
    }
  }

  @Test
  void seedsDifferByPurposeAndNumber() {
    Set<Long> seeds = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      seeds.add(Seeds.derive(1, i));
      seeds.add(Seeds.derive(2, i));
      seeds.add(Seeds.derive(1, "layer" + i));
    }
    assertEquals(3000, seeds.size());
    assertEquals(Seeds.derive(1, "a"), Seeds.derive(1, "a"));
    assertNotEquals(Seeds.derive(1, "ab"), Seeds.derive(1, "ba"));
    assertEquals(
        Arrays.toString(Seeds.random(5).ints(3).toArray()),
        Arrays.toString(Seeds.random(5).ints(3).toArray()));
  }

  @Test
  void aGpuThatIsNotThereIsAnErrorNeverAFallback() {
    assertEquals(Device.cpu(), Devices.select("cpu"));
    String message =
        assertThrows(IllegalStateException.class, () -> Devices.select("gpu:99")).getMessage();
    assertTrue(message.contains("gpu:99") && message.contains("GROUNDS_DEVICE"), message);
    assertThrows(IllegalArgumentException.class, () -> Devices.select("tpu"));
    System.setProperty("grounds.device", "gpu:99");
    try {
      assertThrows(IllegalStateException.class, () -> new Parameters(1));
    } finally {
      System.clearProperty("grounds.device");
    }
  }

  @Test
  void anEngineThatIsNotThereIsNamed() {
    System.setProperty("ai.djl.default_engine", "Abacus");
    try {
      String message = assertThrows(IllegalStateException.class, Devices::engine).getMessage();
      assertTrue(message.contains("Abacus") && message.contains("PyTorch"), message);
    } finally {
      System.clearProperty("ai.djl.default_engine");
    }
    assertTrue(Devices.describe().startsWith("PyTorch 2.7.1 on cpu()"), Devices.describe());
  }

  @Test
  void frozenParametersStopAndLaterOnesAreTrained() {
    try (Parameters parameters = new Parameters(1)) {
      parameters.ones("old", 2, 3);
      parameters.freeze();
      parameters.in("adapter").ones("new", 4);
      assertFalse(parameters.get("old").isTrained());
      assertTrue(parameters.get("adapter.new").isTrained());
      assertEquals(List.of("adapter.new"), parameters.trained().map(Parameter::name).toList());
      assertEquals(10, parameters.count());
      assertEquals(4, parameters.trainedCount());
      String message =
          assertThrows(IllegalStateException.class, parameters.get("old")::zeroGradient)
              .getMessage();
      assertTrue(message.contains("old, which is frozen"), message);
      assertThrows(IllegalStateException.class, parameters.get("old")::gradient);
      parameters.get("old").load(new float[] {1, 2, 3, 4, 5, 6});
      assertFalse(parameters.get("old").isTrained());
    }
  }

  @Test
  void weightsToFillAreZeroAndThoseMadeLaterAreDrawn() {
    try (Parameters parameters = Parameters.toFill()) {
      Parameters layer = parameters.in("layer");
      assertArrayEquals(new float[6], layer.normal("weight", 1, 2, 3).toFloatArray());
      parameters.filled();
      float[] drawn = layer.normal("adapter", 1, 2, 3).toFloatArray();
      for (float value : drawn) {
        assertTrue(value != 0, Arrays.toString(drawn));
      }
      assertArrayEquals(new float[6], parameters.get("layer.weight").values());
    }
  }

  @Test
  void aNameSpaceHasAName() {
    try (Parameters parameters = new Parameters(1)) {
      assertEquals("", parameters.name());
      assertEquals("blocks.0.attention", parameters.in("blocks.0").in("attention").name());
    }
  }
}
