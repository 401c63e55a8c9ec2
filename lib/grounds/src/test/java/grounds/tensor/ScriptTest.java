package grounds.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ScriptTest {

  @Test
  void isWrittenLineByLine() {
    Script script = new Script().attribute("weights", "List[Tensor]");
    Script.Method method = script.method("product", "x: Tensor, times: int", "Tensor");
    String y = method.let("y", "torch.mm(x, self.weights[0])");
    List<String> parts = method.let(List.of("mean", "y"), "torch.var_mean(" + y + ")");
    method
        .nested(
            "for i in range(times):",
            () ->
                method
                    .line("_ = torch.add_(" + y + ", i)")
                    .nested("if i == 3:", () -> method.line("_ = torch.neg_(" + y + ")"))
                    .line("_ = torch.add_(" + y + ", " + parts.get(1) + ")"))
        .result(y);
    script.method("nothing", "", "None").result("None");
    assertEquals(
        """
        class Script(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          weights : List[Tensor]
          def product(self: __torch__.Script, x: Tensor, times: int) -> Tensor:
            y_0 = torch.mm(x, self.weights[0])
            mean_1, y_2 = torch.var_mean(y_0)
            for i in range(times):
              _ = torch.add_(y_0, i)
              if i == 3:
                _ = torch.neg_(y_0)
              _ = torch.add_(y_0, y_2)
            return y_0
          def nothing(self: __torch__.Script) -> None:
            return None
        """,
        script.text());
    assertEquals("Script with methods [product, nothing] and attributes [weights]", "" + script);
    assertTrue(method.toString().startsWith("def product(self: __torch__.Script, x: Tensor"));
  }

  @Test
  void letGivesANameThatWasNotThere() {
    Script.Method method = new Script().method("run", "x: Tensor", "Tensor");
    assertEquals("y_0", method.let("y", "x"));
    assertEquals("y_1", method.let("y", "x"));
    assertEquals(List.of("y_2", "y_3"), method.let(List.of("y", "y"), "x, x"));
  }

  @Test
  void remembersWhichPartWroteALine() {
    Script script = new Script();
    Script.Method method = script.method("run", "x: Tensor", "Tensor");
    method.line("a = x");
    String inner =
        method.by(
            "block",
            () -> {
              method.line("b = x");
              String made = method.by("norm", () -> method.let("c", "x"));
              method.nested("if True:", () -> method.line("d = x"));
              return made;
            });
    assertThrows(
        IllegalStateException.class,
        () ->
            method.by(
                "broken",
                () -> {
                  throw new IllegalStateException();
                }));
    method.result(inner);
    List<String> lines = script.text().lines().toList();
    assertEquals(Optional.empty(), originOf(script, lines, "a = x"));
    assertEquals(Optional.of("block"), originOf(script, lines, "b = x"));
    assertEquals(Optional.of("norm"), originOf(script, lines, "c_0 = x"));
    assertEquals(Optional.of("block"), originOf(script, lines, "if True:"));
    assertEquals(Optional.of("block"), originOf(script, lines, "d = x"));
    assertEquals(Optional.empty(), originOf(script, lines, "return c_0"));
    assertEquals(Optional.empty(), script.origin(1));
    assertEquals(Optional.empty(), script.origin(0));
    assertEquals(Optional.empty(), script.origin(lines.size() + 1));
  }

  private static Optional<String> originOf(Script script, List<String> lines, String statement) {
    List<String> stripped = lines.stream().map(String::strip).toList();
    int index = stripped.indexOf(statement);
    assertTrue(index >= 0, () -> statement + " is not in " + lines);
    return script.origin(index + 1);
  }

  @Test
  void aNameThatIsNoneIsRefused() {
    Script script = new Script();
    Script.Method method = script.method("run", "x: Tensor", "Tensor");
    for (String bad : List.of("", "2nd", "two words", "a.b", "größe", "a\n")) {
      for (Runnable use :
          List.<Runnable>of(
              () -> script.attribute(bad, "int"),
              () -> script.method(bad, "", "int"),
              () -> method.let(bad, "x"),
              () -> method.let(List.of("good", bad), "x, x"))) {
        String message = assertThrows(IllegalArgumentException.class, use::run).getMessage();
        assertTrue(message.contains("letters, digits and underscores, got '" + bad), message);
      }
    }
    assertTrue(method.let("_ok2", "x").matches("_ok2_\\d"));
    long lines = script.text().lines().count();
    assertEquals(6, lines, "what was refused was not written");
  }

  @Test
  void aNameThatIsTakenIsRefused() {
    Script script = new Script().attribute("weights", "List[Tensor]");
    script.method("run", "", "None");
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> script.method("run", "x: Tensor", "Tensor"))
            .getMessage();
    assertTrue(message.contains("a method 'run' already"), message);
    message =
        assertThrows(IllegalArgumentException.class, () -> script.attribute("weights", "int"))
            .getMessage();
    assertTrue(message.contains("an attribute 'weights' already"), message);
    assertTrue(script.text().contains("weights : List[Tensor]"), "the first one stays");
    assertTrue(script.text().contains("def run(self: __torch__.Script) -> None"), script.text());
  }
}
