package grounds.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JavaSessionTest {

  private final List<String> notes = new ArrayList<>();
  private JavaSession session;
  private int cell;

  @BeforeAll
  void open() {
    session = new JavaSession(notes::add);
    session.warmUp();
  }

  @AfterAll
  void close() {
    session.close();
  }

  private JavaSession.Outcome run(String source) {
    return session.run(++cell, source);
  }

  private String result(String source) {
    JavaSession.Outcome outcome = run(source);
    assertEquals(Optional.empty(), outcome.error());
    return outcome.value().orElseThrow().text();
  }

  /** What the page shows for the error of a cell, without colours. */
  private String error(String source) {
    return String.join("\n", run(source).error().orElseThrow().lines())
        .replaceAll("\u001b\\[[0-9;]*m", "");
  }

  @Test
  void aCellMayHoldSeveralSnippetsAndComments() {
    assertEquals(
        "11",
        result(
            """
            // The first.
            int a = 5; int b = 6;
            /* a block
               comment */
            int sum(int x, int y) {
              return x + y;
            }

            sum(a, b) // the value of the cell
            """));
  }

  @Test
  void theWarmUpLeavesNoNamesBehind() {
    assertTrue(error("warm").contains("symbol:   variable warm"));
  }

  @Test
  void nothingOfACellWithASyntaxErrorRuns() {
    run("int touched = 0;");
    String error = error("touched = 1;\nint broken = ;");
    assertTrue(error.contains("line 2") && error.contains("int broken = ;\n"), error);
    assertEquals("0", result("touched"));
  }

  @Test
  void theCaretStandsUnderWhatIsWrong() {
    assertEquals(
        """
        Compile error
        cell %d, line 3:
          3 | \tint y = missing + 1;
              \t        ^^^^^^^
        cannot find symbol
          symbol:   variable missing"""
            .formatted(cell + 1),
        error("\n\n\tint y = missing + 1;"));
  }

  @Test
  void anExceptionIsFollowedThroughTheCellsThatItCameFrom() {
    run(
        "int half(int n) {\n  if (n % 2 == 1) throw new ArithmeticException(\"odd\");\n  return n / 2;\n}");
    int definition = cell;
    String error = error("\n\nhalf(3)");
    assertEquals(
        """
        java.lang.ArithmeticException: odd
            at cell %d, line 2 in half
            1 | int half(int n) {
        --> 2 |   if (n %% 2 == 1) throw new ArithmeticException("odd");
            3 |   return n / 2;
            4 | }
            at cell %d, line 3"""
            .formatted(definition, cell),
        error);
  }

  @Test
  void causesAreShownToTheLast() {
    String error =
        error(
            "throw new RuntimeException(\"outer\", new Exception(\"middle\", new Error(\"inner\")));");
    assertTrue(error.contains("java.lang.RuntimeException: outer"), error);
    assertTrue(error.contains("Caused by: java.lang.Exception: middle"), error);
    assertTrue(error.contains("Caused by: java.lang.Error: inner"), error);
  }

  @Test
  void anExceptionInALibraryShowsTheLibrarysFramesToo() {
    String error = error("Integer.parseInt(\"x\")");
    assertTrue(error.contains("at java.lang.NumberFormatException.forInputString("), error);
    assertTrue(error.contains("--> 1 | Integer.parseInt(\"x\")"), error);
  }

  @Test
  void displayNeedsAKernel() {
    assertTrue(error("display(1)").contains("no kernel runs in this process"));
  }
}
