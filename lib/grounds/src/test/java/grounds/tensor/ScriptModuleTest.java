package grounds.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class ScriptModuleTest {

  private NDManager manager;

  @BeforeEach
  void open() {
    manager = Engine.getEngine("PyTorch").newBaseManager(Device.cpu());
  }

  @AfterEach
  void close() {
    manager.close();
  }

  /** Keeps two lists; multiplies by the first matrix, and doubles it. */
  private static Script products() {
    Script script = new Script().attribute("weights", "List[Tensor]");
    script.attribute("biases", "List[Tensor]");
    script
        .method("keep", "weights: List[Tensor], biases: List[Tensor]", "Tensor")
        .line("self.weights = weights")
        .line("self.biases = biases")
        .result("weights[0]");
    Script.Method product = script.method("product", "x: Tensor", "Tensor");
    String y = product.let("y", "torch.mm(x, self.weights[0])");
    product.nested(
        "for bias in self.biases:", () -> product.line("_ = torch.add_(" + y + ", bias)"));
    product.result(y);
    script
        .method("double", "x: Tensor", "Tensor")
        .line("_ = torch.mul_(self.weights[0], 2)")
        .result("self.weights[0]");
    return script;
  }

  private NDArray matrix(float... values) {
    return manager.create(values, new Shape(2, 2));
  }

  private NDArray row(float... values) {
    return manager.create(values, new Shape(1, values.length));
  }

  @Test
  void computesWithWhatItKeeps() {
    try (ScriptModule module = ScriptModule.load(manager, products())) {
      NDArray weight = matrix(1, 2, 3, 4);
      module.set("keep", List.of(List.of(weight), List.of(row(10, 20), row(100, 200))));
      // (1, 1) W = (4, 6), and both biases.
      assertArrayEquals(new float[] {114, 226}, module.call("product", row(1, 1)).toFloatArray());
      assertArrayEquals(new float[] {2, 4, 6, 8}, module.call("double", row(0, 0)).toFloatArray());
      assertArrayEquals(new float[] {118, 232}, module.call("product", row(1, 1)).toFloatArray());
    }
  }

  @Test
  void sharesItsTensorsWithJava() {
    try (ScriptModule module = ScriptModule.load(manager, products())) {
      NDArray weight = matrix(1, 2, 3, 4);
      NDArray bias = row(0, 0);
      module.set("keep", List.of(List.of(weight), List.of(bias)));
      module.call("double", row(0, 0));
      assertArrayEquals(new float[] {2, 4, 6, 8}, weight.toFloatArray());
      row(1, 2).copyTo(bias);
      assertArrayEquals(new float[] {9, 14}, module.call("product", row(1, 1)).toFloatArray());
    }
  }

  @Test
  void aTensorStaysOpenWhenTheModuleIsClosed() {
    NDArray weight = matrix(1, 2, 3, 4);
    try (ScriptModule module = ScriptModule.load(manager, products())) {
      module.set("keep", List.of(List.of(weight), List.of(row(0, 0))));
    }
    assertArrayEquals(new float[] {1, 2, 3, 4}, weight.toFloatArray());
  }

  @Test
  void namesStayAsTheyWereAlsoAfterAnError() {
    NDArray weight = matrix(1, 2, 3, 4);
    weight.setName("token.table");
    NDArray bias = row(1, 1);
    try (ScriptModule module = ScriptModule.load(manager, products())) {
      module.set("keep", List.of(List.of(weight), List.of(bias)));
      assertEquals("token.table", weight.getName());
      assertEquals(null, bias.getName());
      assertThrows(
          ScriptException.class,
          () -> module.set("product", List.of(List.of(weight), List.of(bias))));
      assertEquals("token.table", weight.getName());
      assertEquals(null, bias.getName());
    }
  }

  @Test
  void listsThatCannotBeToldApartAreRefused() {
    NDArray weight = matrix(1, 2, 3, 4);
    try (ScriptModule module = ScriptModule.load(manager, products())) {
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> module.set("keep", List.of(List.of(weight), List.of())))
              .getMessage();
      assertTrue(message.contains("a tensor in list 1, got none"), message);
      message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> module.set("keep", List.of(List.of(weight), List.of(weight))))
              .getMessage();
      assertTrue(message.contains("in lists 0 and 1"), message);
      // As often as wanted in one list: the optimizer's kernel wants a counter for each weight.
      module.set("keep", List.of(List.of(weight, weight), List.of(row(0, 0))));
    }
  }

  /** A script with one method in which a part of the model wrote one line. */
  private static Script written(String part, String line) {
    Script script = new Script();
    Script.Method method = script.method("run", "x: Tensor", "Tensor");
    method.line("y = torch.neg(x)");
    method.by(part, () -> method.line(line));
    method.result("y");
    return script;
  }

  @Test
  void anErrorInTheTextNamesWhoWroteTheLine() {
    Script script = written("blocks.7.norm", "z = torch.nosuchthing(y)");
    int before = manager.getManagedArrays().size();
    String message =
        assertThrows(ScriptException.class, () -> ScriptModule.load(manager, script)).getMessage();
    assertTrue(
        message.startsWith(
            "The script failed in what blocks.7.norm wrote, line 7: z = torch.nosuchthing(y)"),
        message);
    assertTrue(message.contains("Unknown builtin op: aten::nosuchthing"), message);
    assertEquals(before, manager.getManagedArrays().size());
  }

  @Test
  void anErrorInACallNamesWhoWroteTheLine() {
    Script script = written("blocks.7.norm", "y = torch.mm(y, y)");
    try (ScriptModule module = ScriptModule.load(manager, script)) {
      NDArray oblong = manager.create(new float[6], new Shape(2, 3));
      String message =
          assertThrows(ScriptException.class, () -> module.call("run", oblong)).getMessage();
      assertTrue(
          message.startsWith(
              "The script failed in what blocks.7.norm wrote, line 7: y = torch.mm(y, y)"),
          message);
      assertTrue(message.contains("2x3 and 2x3"), message);
      // The next call finds the module as it was.
      assertArrayEquals(
          new float[] {2, 2, 2, 2}, module.call("run", matrix(1, 1, 1, 1)).toFloatArray());
    }
  }

  @Test
  void anErrorInAMethodThatAPartCalledNamesThePart() {
    Script script = new Script();
    script.method("square", "x: Tensor", "Tensor").line("return torch.mm(x, x)");
    Script.Method method = script.method("run", "x: Tensor", "Tensor");
    method.by("head", () -> method.line("y = self.square(x)"));
    method.result("y");
    try (ScriptModule module = ScriptModule.load(manager, script)) {
      NDArray oblong = manager.create(new float[6], new Shape(2, 3));
      String message =
          assertThrows(ScriptException.class, () -> module.call("run", oblong)).getMessage();
      assertTrue(
          message.startsWith("The script failed in what head wrote, line 6: return torch.mm(x, x)"),
          message);
    }
  }

  @Test
  void aMethodThatIsNotThereIsAnError() {
    try (ScriptModule module = ScriptModule.load(manager, products())) {
      String message =
          assertThrows(ScriptException.class, () -> module.call("divide", row(1, 1))).getMessage();
      assertTrue(message.contains("divide"), message);
    }
  }

  @Test
  void aCallLeavesGradientsOnOrOffAsTheyWere() {
    Script script = new Script();
    Script.Method method = script.method("run", "x: Tensor", "Tensor");
    method.line("torch.set_grad_enabled(False)").result("torch.mm(x, x)");
    Script.Method on = script.method("on", "x: Tensor", "Tensor");
    on.line("torch.set_grad_enabled(True)").result("torch.mm(x, x)");
    NDArray oblong = manager.create(new float[6], new Shape(2, 3));
    boolean before = JniUtils.isGradMode();
    try (ScriptModule module = ScriptModule.load(manager, script)) {
      for (boolean gradients : new boolean[] {true, false}) {
        JniUtils.setGradMode(gradients);
        for (String name : List.of("run", "on")) {
          module.call(name, matrix(1, 1, 1, 1));
          assertEquals(gradients, JniUtils.isGradMode(), name);
          assertThrows(ScriptException.class, () -> module.call(name, oblong));
          assertEquals(gradients, JniUtils.isGradMode(), name + " that failed");
        }
      }
    } finally {
      JniUtils.setGradMode(before);
    }
  }

  @Test
  void memoryThatCannotBeIsOutOfMemory() {
    Script script = written("head", "y = torch.empty([1125899906842624], dtype=6)");
    try (ScriptModule module = ScriptModule.load(manager, script)) {
      OutOfMemory error =
          assertThrows(OutOfMemory.class, () -> module.call("run", matrix(1, 1, 1, 1)));
      assertTrue(error.getMessage().contains("4503599627370496"), error.getMessage());
      OutOfMemory advised = new OutOfMemory("Take a smaller batch.", error);
      assertTrue(advised.getMessage().startsWith("Take a smaller batch.\n"), advised.getMessage());
      assertEquals(error, advised.getCause());
    }
  }

  /** Multiplies as often as it is told, so that a call can take long. */
  private static Script slow() {
    Script script = new Script();
    Script.Method method = script.method("run", "x: Tensor, times: Tensor", "Tensor");
    method.line("y = torch.mm(x, x)");
    method.nested(
        "for i in range(int(torch.item(times))):", () -> method.line("y = torch.mm(y, x)"));
    method.result("y");
    return script;
  }

  @Test
  void aSecondThreadIsRefusedWhileOneIsInside() throws InterruptedException {
    try (ScriptModule module = ScriptModule.load(manager, slow())) {
      NDArray x = manager.eye(200);
      NDArray many = manager.create(100L);
      NDArray none = manager.create(0L);
      CompletableFuture<Void> other =
          CompletableFuture.runAsync(
              () -> {
                Thread.currentThread().setName("other reader");
                while (true) {
                  try {
                    module.call("run", x, many).close();
                    return;
                  } catch (IllegalStateException e) {
                    Thread.onSpinWait(); // this thread's short call was inside: again
                  }
                }
              });
      String refusal = "";
      while (refusal.isEmpty() && !other.isDone()) {
        try {
          module.call("run", x, none).close();
          Thread.sleep(1); // lets the other one in
        } catch (IllegalStateException e) {
          refusal = e.getMessage();
        }
      }
      String message = refusal;
      assertTrue(message.contains("'" + Thread.currentThread().getName() + "' wanted"), message);
      assertTrue(message.contains("thread 'other reader' is computing with"), message);
      assertTrue(message.contains("Wait for it, or make a second model"), message);
      other.join();
      // Afterwards it is free, also from a third thread.
      assertEquals(1, module.call("run", x, none).getFloat(0, 0));
      CompletableFuture.runAsync(() -> module.call("run", x, none).close()).join();
    }
  }

  @Test
  void aThreadInsideMakesSettingListsWaitItsTurnToo() throws InterruptedException {
    Script script = slow();
    script.attribute("kept", "List[Tensor]");
    script
        .method("keep", "kept: List[Tensor]", "Tensor")
        .line("self.kept = kept")
        .result("kept[0]");
    try (ScriptModule module = ScriptModule.load(manager, script)) {
      NDArray x = manager.eye(200);
      NDArray many = manager.create(100L);
      List<NDArray> list = List.of(row(1, 2));
      CompletableFuture<Void> other =
          CompletableFuture.runAsync(
              () -> {
                while (true) {
                  try {
                    module.call("run", x, many).close();
                    return;
                  } catch (IllegalStateException e) {
                    Thread.onSpinWait();
                  }
                }
              });
      boolean refused = false;
      while (!refused && !other.isDone()) {
        try {
          module.set("keep", List.of(list));
          Thread.sleep(1); // lets the other one in
        } catch (IllegalStateException e) {
          refused = true;
        }
      }
      assertTrue(refused);
      assertEquals(null, list.get(0).getName());
      other.join();
      module.set("keep", List.of(list));
    }
  }

  @Test
  void memoryStaysFlat() {
    try (ScriptModule module = ScriptModule.load(manager, products())) {
      NDArray weight = matrix(1, 2, 3, 4);
      NDArray bias = row(1, 1);
      NDArray x = row(1, 1);
      NDArray oblong = manager.create(new float[6], new Shape(2, 3));
      int before = manager.getManagedArrays().size();
      for (int i = 0; i < 1000; i++) {
        module.set("keep", List.of(List.of(weight), List.of(bias)));
        module.call("product", x).close();
        try (TensorScope scope = TensorScope.open(manager)) {
          NDArray input = scope.manager().create(new float[] {1, 1}, new Shape(1, 2));
          module.call("product", input);
          module.call("product", x); // of the outer manager, yet closed by the scope
        }
        if (i % 10 == 0) {
          assertThrows(ScriptException.class, () -> module.call("product", oblong));
        }
      }
      assertEquals(before, manager.getManagedArrays().size());
    }
  }

  @Test
  @EnabledOnOs(
      value = OS.LINUX,
      architectures = "amd64",
      disabledReason = "MXNet 1.9.1 has native code for Linux on x86-64 only in this build")
  void anotherEngineIsAClearError() {
    try (NDManager mxnet = Engine.getEngine("MXNet").newBaseManager(Device.cpu())) {
      assertFalse(ScriptModule.isSupported(mxnet));
      String message =
          assertThrows(IllegalStateException.class, () -> ScriptModule.load(mxnet, products()))
              .getMessage();
      assertTrue(message.contains("Wanted the engine PyTorch"), message);
      assertTrue(message.contains("got MXNet"), message);
    }
    assertTrue(ScriptModule.isSupported(manager));
  }

  @Test
  void anArchiveIsFourStoredEntries() throws IOException {
    Script script = products();
    List<String> names = new ArrayList<>();
    try (ZipInputStream zip =
        new ZipInputStream(new ByteArrayInputStream(ScriptModule.archive(script)))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        names.add(entry.getName());
        assertEquals(ZipEntry.STORED, entry.getMethod(), entry.getName());
        byte[] content = zip.readAllBytes();
        assertTrue(content.length > 0, entry.getName());
        if (entry.getName().endsWith(".py")) {
          assertEquals(script.text(), new String(content, StandardCharsets.UTF_8));
        }
      }
    }
    assertEquals(
        List.of(
            "script/data.pkl",
            "script/code/__torch__.py",
            "script/constants.pkl",
            "script/version"),
        names);
  }
}
