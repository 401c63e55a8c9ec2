package grounds.kernel;

import grounds.kernel.CellErrors.CellError;
import grounds.kernel.CellErrors.Place;
import grounds.notebook.Output;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.jshell.DeclarationSnippet;
import jdk.jshell.Diag;
import jdk.jshell.EvalException;
import jdk.jshell.JShell;
import jdk.jshell.JShellException;
import jdk.jshell.Snippet;
import jdk.jshell.Snippet.Status;
import jdk.jshell.Snippet.SubKind;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;
import jdk.jshell.SourceCodeAnalysis.Documentation;
import jdk.jshell.SourceCodeAnalysis.Suggestion;
import jdk.jshell.UnresolvedReferenceException;
import jdk.jshell.VarSnippet;

/** The Java of one notebook: everything its cells have declared, and what can be asked about it. */
final class JavaSession implements AutoCloseable {

  /**
   * How a cell ended.
   *
   * @param value the value of its last snippet, if that was an expression, as it is shown
   * @param error why the cell stopped, if it did
   */
  record Outcome(Optional<Output> value, Optional<CellError> error) {
    private static final Outcome NOTHING = new Outcome(Optional.empty(), Optional.empty());

    private static Outcome failed(CellError error) {
      return new Outcome(Optional.empty(), Optional.of(error));
    }
  }

  /**
   * Ways to go on at a place in the code.
   *
   * @param texts what could stand there
   * @param start where the text to replace begins
   */
  record Completions(List<String> texts, int start) {}

  /** Whether code could be run as it stands. */
  record Completeness(String status, String indent) {}

  /** One statement, expression or declaration of a cell, and where it begins. */
  private record Piece(String source, int offset, SourceCodeAnalysis.Completeness completeness) {}

  private static final String INDENT = "    ";

  private static final List<String> START =
      List.of(
          "import java.io.*;",
          "import java.math.*;",
          "import java.nio.file.*;",
          "import java.util.*;",
          "import java.util.concurrent.*;",
          "import java.util.function.*;",
          "import java.util.stream.*;",
          "import static grounds.kernel.Cell.clearOutput;",
          "import static grounds.kernel.Cell.display;");

  private final CellExecution execution = new CellExecution();
  private final JShell shell;
  private final SourceCodeAnalysis analysis;
  private final Consumer<String> notes;
  private final Map<String, Place> places = new HashMap<>();

  /**
   * @param notes takes what the reader of a cell should know though nothing failed
   */
  JavaSession(Consumer<String> notes) {
    this.notes = notes;
    shell =
        JShell.builder()
            .executionEngine(execution.provider(), Map.of())
            .compilerOptions("-classpath", System.getProperty("java.class.path"))
            .build();
    analysis = shell.sourceCodeAnalysis();
  }

  /** Declares what every cell has, and compiles a little, so that the first cell need not wait. */
  synchronized void warmUp() {
    START.forEach(shell::eval);
    for (String source : List.of("var warm = List.of(1, 2);", "warm.stream().map(i -> i + 1)")) {
      pieces(source).forEach(p -> shell.eval(p.source()));
    }
    shell.snippets().filter(s -> !(s.kind() == Snippet.Kind.IMPORT)).toList().forEach(shell::drop);
  }

  /** Runs the snippets of a cell one after the other; the first that fails is the last to run. */
  synchronized Outcome run(int cell, String source) {
    execution.reset();
    List<Piece> pieces = pieces(source);
    for (Piece p : pieces) {
      if (p.completeness() == SourceCodeAnalysis.Completeness.UNKNOWN
          || p.completeness() == SourceCodeAnalysis.Completeness.DEFINITELY_INCOMPLETE) {
        // Nothing of a cell with a syntax error runs; evaluating the bad piece says what is wrong.
        pieces = List.of(p);
        break;
      }
    }
    Set<DeclarationSnippet> declared = new LinkedHashSet<>();
    boolean hasValue = false;
    Optional<CellError> error = Optional.empty();
    for (Iterator<Piece> i = pieces.iterator(); i.hasNext() && error.isEmpty(); ) {
      Piece p = i.next();
      List<SnippetEvent> events = shell.eval(p.source());
      error = error(events, new Place(cell, source, p.offset()));
      hasValue = events.stream().anyMatch(JavaSession::hasValue);
      events.stream()
          .filter(e -> e.causeSnippet() == null && e.snippet() instanceof DeclarationSnippet)
          .forEach(e -> declared.add((DeclarationSnippet) e.snippet()));
    }
    declared.forEach(this::noteUnresolved);
    if (error.isPresent() || !hasValue) {
      return new Outcome(Optional.empty(), error);
    }
    try {
      // On the thread of the cells, where an engine expects its tensors and an interrupt works.
      return new Outcome(
          Optional.of(execution.call(() -> Renderers.render(execution.value()))), Optional.empty());
    } catch (StopSwitch.CellStopped e) {
      return new Outcome(Optional.empty(), Optional.of(interrupted(Optional.empty())));
    } catch (Exception e) {
      throw new IllegalStateException("a renderer failed", e);
    }
  }

  /** Stops the cell that runs, if one does. Called while {@link #run} is going on. */
  boolean interrupt() {
    return execution.interrupt();
  }

  private Optional<CellError> error(List<SnippetEvent> events, Place place) {
    for (SnippetEvent e : events) {
      if (e.causeSnippet() == null) {
        places.put(e.snippet().id(), place);
      }
    }
    for (SnippetEvent e : events) {
      if (e.causeSnippet() != null) {
        noteReset(e);
      } else if (e.status() == Status.REJECTED) {
        List<Diag> diagnostics = shell.diagnostics(e.snippet()).toList();
        return Optional.of(CellErrors.rejected(diagnostics, place));
      } else if (e.exception() != null) {
        return Optional.of(error(e.exception()));
      }
    }
    return StopSwitch.isOn() ? Optional.of(interrupted(Optional.empty())) : Optional.empty();
  }

  private CellError interrupted(Optional<JShellException> exception) {
    return CellErrors.interrupted(execution.thrown(), exception, this::place);
  }

  private static boolean hasValue(SnippetEvent e) {
    SubKind kind = e.snippet().subKind();
    return e.causeSnippet() == null
        && (kind == SubKind.VAR_VALUE_SUBKIND
            || kind == SubKind.TEMP_VAR_EXPRESSION_SUBKIND
            || kind == SubKind.OTHER_EXPRESSION_SUBKIND);
  }

  private CellError error(JShellException e) {
    if (StopSwitch.isOn()) {
      return interrupted(Optional.of(e));
    }
    Throwable thrown = execution.thrown().orElse(e);
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof UnresolvedReferenceException u) {
        thrown = new IllegalStateException(unresolved(u.getSnippet()));
        return CellErrors.thrown(thrown, u, this::place);
      }
    }
    return CellErrors.thrown(thrown, (EvalException) e, this::place);
  }

  private Optional<Place> place(String snippetId) {
    return Optional.ofNullable(places.get(snippetId));
  }

  private void noteUnresolved(DeclarationSnippet declared) {
    Status status = shell.status(declared);
    if (status == Status.RECOVERABLE_DEFINED || status == Status.RECOVERABLE_NOT_DEFINED) {
      notes.accept(unresolved(declared));
      place(declared.id())
          .ifPresent(
              place ->
                  CellErrors.diagnostics(shell.diagnostics(declared).toList(), place)
                      .forEach(notes));
    }
  }

  private String unresolved(DeclarationSnippet declared) {
    String missing = shell.unresolvedDependencies(declared).collect(Collectors.joining(", "));
    return describe(declared)
        + " cannot be used yet"
        + (missing.isEmpty() ? "" : ": not defined so far: " + missing);
  }

  /** A class that is declared again is a new class, so JShell empties the variables of the old. */
  private void noteReset(SnippetEvent e) {
    if (e.snippet() instanceof VarSnippet v
        && e.previousStatus().isDefined()
        && e.isSignatureChange()) {
      notes.accept(
          "Variable "
              + v.name()
              + " is now null: its type "
              + v.typeName()
              + " was declared again. Run the cell that sets it once more.");
    }
  }

  private static String describe(DeclarationSnippet s) {
    return switch (s.kind()) {
      case METHOD -> "Method " + s.name() + "()";
      case TYPE_DECL -> "Type " + s.name();
      default -> "Variable " + s.name();
    };
  }

  private List<Piece> pieces(String source) {
    List<Piece> pieces = new ArrayList<>();
    String rest = source;
    while (!rest.isBlank()) {
      CompletionInfo info = analysis.analyzeCompletion(rest);
      int offset = source.length() - rest.length();
      String next = info.remaining() == null ? "" : info.remaining();
      String piece = info.source() == null ? rest : info.source();
      int blank = piece.length() - piece.stripLeading().length();
      if (info.completeness() != SourceCodeAnalysis.Completeness.EMPTY) {
        pieces.add(new Piece(piece.substring(blank), offset + blank, info.completeness()));
      }
      if (next.length() >= rest.length()) {
        break;
      }
      rest = next;
    }
    return pieces;
  }

  /** What could stand at the cursor. */
  synchronized Completions complete(String code, int cursor) {
    int start = startOfPiece(code, cursor);
    int[] anchor = {cursor - start};
    List<Suggestion> suggestions =
        analysis.completionSuggestions(code.substring(start, cursor), cursor - start, anchor);
    List<String> texts =
        Stream.of(true, false)
            .flatMap(smart -> suggestions.stream().filter(s -> s.matchesType() == smart))
            .map(Suggestion::continuation)
            .distinct()
            .toList();
    return new Completions(texts, start + anchor[0]);
  }

  /** Signature and Javadoc, where there are sources, of what the cursor is on. */
  synchronized Optional<String> inspect(String code, int cursor) {
    int end = cursor;
    while (end < code.length() && Character.isJavaIdentifierPart(code.charAt(end))) {
      end++;
    }
    int start = startOfPiece(code, end);
    // Just behind its opening parenthesis JShell knows that a name is that of a method.
    String name = code.substring(start, end);
    boolean call = end < code.length() && code.charAt(end) == '(';
    List<Documentation> found =
        call ? analysis.documentation(name + "(", name.length() + 1, true) : List.of();
    if (found.isEmpty()) {
      found = analysis.documentation(name, name.length(), true);
    }
    if (found.isEmpty()) {
      found = analysis.documentation(code.substring(start, cursor), cursor - start, true);
    }
    String text =
        found.stream()
            .map(d -> d.javadoc() == null ? d.signature() : d.signature() + "\n" + plain(d))
            .distinct()
            .collect(Collectors.joining("\n\n"));
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  private static String plain(Documentation d) {
    return d.javadoc()
        .replaceAll("\\{@\\w+\\s+([^{}]*)}", "$1")
        .replaceAll("</?[a-zA-Z][^>]*>", "")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
        .strip()
        .indent(INDENT.length())
        .stripTrailing();
  }

  /** Whether the code could be run, as it stands. */
  synchronized Completeness completeness(String code) {
    List<Piece> pieces = pieces(code);
    if (pieces.isEmpty()) {
      return new Completeness("complete", "");
    }
    return switch (pieces.get(pieces.size() - 1).completeness()) {
      case DEFINITELY_INCOMPLETE -> new Completeness("incomplete", indent(code));
      case UNKNOWN -> new Completeness("invalid", "");
      default -> new Completeness("complete", "");
    };
  }

  private static String indent(String code) {
    String last = code.substring(code.lastIndexOf('\n') + 1);
    String same = last.substring(0, last.length() - last.stripLeading().length());
    return last.stripTrailing().matches(".*[{(\\[]") ? same + INDENT : same;
  }

  /** Where the last snippet of the code before the cursor begins. */
  private int startOfPiece(String code, int cursor) {
    String before = code.substring(0, cursor);
    List<Piece> pieces = pieces(before);
    if (pieces.isEmpty()) {
      return cursor;
    }
    Piece last = pieces.get(pieces.size() - 1);
    return last.offset();
  }

  @Override
  public void close() {
    shell.close();
  }
}
