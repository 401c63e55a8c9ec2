package grounds.kernel;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import jdk.jshell.Diag;
import jdk.jshell.JShellException;

/**
 * Says what went wrong in a cell: the exception's own class and message, its causes, and the line
 * of the cell that it came from, without the frames of the kernel and of JShell.
 */
final class CellErrors {

  /**
   * An error as Jupyter's messages carry it.
   *
   * @param name class of the exception
   * @param message its message, "" if it has none
   * @param lines what the page shows, with ANSI colours
   */
  record CellError(String name, String message, List<String> lines) {
    CellError {
      lines = List.copyOf(lines);
    }
  }

  /**
   * Where a snippet stands.
   *
   * @param cell number of the cell
   * @param source the whole text of the cell
   * @param offset where in it the snippet begins
   */
  record Place(int cell, String source, int offset) {

    /** Line of the cell, from 1, in which a line of the snippet (from 1) stands. */
    int line(int snippetLine) {
      return lineAt(source, offset) + snippetLine - 1;
    }
  }

  private static final String RED = "\u001b[1;31m";
  private static final String BOLD = "\u001b[1m";
  private static final String PLAIN = "\u001b[0m";
  private static final int CONTEXT_LINES = 2;
  private static final int MAX_FRAMES = 12;

  private CellErrors() {}

  /** The exception and its causes; a cycle ends it. */
  static List<Throwable> chain(Throwable thrown) {
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    List<Throwable> chain = new ArrayList<>();
    for (Throwable t = thrown; t != null && seen.add(t); t = t.getCause()) {
      chain.add(t);
    }
    return chain;
  }

  /**
   * An exception that a snippet threw.
   *
   * @param thrown the exception itself
   * @param translated the same with frames in terms of snippets, as JShell gives it
   * @param places where the snippet with a given id stands
   */
  static CellError thrown(
      Throwable thrown, JShellException translated, Function<String, Optional<Place>> places) {
    List<String> lines = new ArrayList<>();
    Throwable frames = translated;
    for (Throwable t : chain(thrown)) {
      if (t != thrown) {
        lines.add("");
      }
      lines.add(
          (t == thrown ? "" : "Caused by: ") + RED + t.getClass().getName() + PLAIN + colon(t));
      addFrames(lines, frames == null ? t : frames, places, t == thrown);
      frames = frames == null ? null : frames.getCause();
    }
    return new CellError(thrown.getClass().getName(), message(thrown), lines);
  }

  /** A cell that was interrupted, whatever exception that made it throw. */
  static CellError interrupted(
      Optional<Throwable> thrown,
      Optional<JShellException> translated,
      Function<String, Optional<Place>> places) {
    String message = "the cell was stopped; variables keep the values they had";
    List<String> lines = new ArrayList<>();
    lines.add(RED + "Interrupted" + PLAIN + ": " + message);
    translated.ifPresent(t -> addFrames(lines, t, places, true));
    thrown
        .filter(t -> !(t instanceof StopSwitch.CellStopped || t instanceof InterruptedException))
        .ifPresent(t -> lines.add("It ended with " + t.getClass().getName() + colon(t)));
    return new CellError("Interrupted", message, lines);
  }

  /** A snippet that does not compile. */
  static CellError rejected(List<Diag> diagnostics, Place place) {
    List<String> lines = new ArrayList<>();
    lines.add(RED + "Compile error" + PLAIN);
    lines.addAll(diagnostics(diagnostics, place));
    String message =
        diagnostics.stream().map(CellErrors::text).findFirst().orElse("this is not Java");
    return new CellError("CompileError", message, lines);
  }

  /** Each error with its line, a caret under the place and what is wrong. */
  static List<String> diagnostics(List<Diag> diagnostics, Place place) {
    List<String> lines = new ArrayList<>();
    for (Diag d : diagnostics) {
      if (d.isError()) {
        int from = (int) Math.max(0, d.getStartPosition());
        int at = Math.min(place.offset() + from, place.source().length());
        int line = lineAt(place.source(), at);
        int lineStart = place.source().lastIndexOf('\n', at - 1) + 1;
        String text = textOfLine(place.source(), line);
        int column = Math.min(at - lineStart, text.length());
        int length = (int) Math.max(1, d.getEndPosition() - from);
        String number = Integer.toString(line);
        lines.add("cell " + place.cell() + ", line " + line + ":");
        lines.add(BOLD + "  " + number + " | " + PLAIN + text);
        lines.add(
            " ".repeat(number.length() + 5)
                // A tab before the caret must be as wide as the one above it.
                + text.substring(0, column).replaceAll("[^\t]", " ")
                + RED
                + "^".repeat(Math.max(1, Math.min(length, text.length() - column)))
                + PLAIN);
        lines.add(text(d));
      }
    }
    return lines;
  }

  private static String text(Diag d) {
    // The location is a class that JShell made up.
    return d.getMessage(Locale.ENGLISH)
        .lines()
        .filter(line -> !line.stripLeading().startsWith("location:"))
        .collect(Collectors.joining("\n"));
  }

  private static void addFrames(
      List<String> lines,
      Throwable frames,
      Function<String, Optional<Place>> places,
      boolean showSource) {
    boolean sourceShown = !showSource;
    String previous = "";
    int count = 0;
    for (StackTraceElement f : frames.getStackTrace()) {
      Optional<Place> place = place(f, places);
      String text = place.map(p -> at(p, f)).orElseGet(() -> at(f));
      // One line for a recursion, and one for a walk through the JDK.
      boolean repeated =
          text.equals(previous) || place.isEmpty() && isOfTheJdk(text) && isOfTheJdk(previous);
      previous = text;
      if (repeated || f.getClassName().startsWith(StopSwitch.class.getName())) {
        continue;
      }
      if (++count > MAX_FRAMES) {
        lines.add("    ...");
        break;
      }
      lines.add(text);
      if (place.isPresent() && !sourceShown) {
        sourceShown = true;
        addSource(lines, place.get().source(), place.get().line(f.getLineNumber()));
      }
    }
  }

  private static String at(Place place, StackTraceElement f) {
    String method = f.getMethodName();
    return "    at cell "
        + place.cell()
        + ", line "
        + place.line(f.getLineNumber())
        + (method.isEmpty() ? "" : method.startsWith("lambda$") ? " in a lambda" : " in " + method);
  }

  private static String at(StackTraceElement f) {
    return "    at " + f.getClassName() + "." + f.getMethodName() + position(f);
  }

  private static String position(StackTraceElement f) {
    return f.getLineNumber() < 0 ? "" : "(" + f.getFileName() + ":" + f.getLineNumber() + ")";
  }

  private static boolean isOfTheJdk(String frame) {
    return frame.matches("    at (java|javax|jdk|sun)\\..*");
  }

  private static Optional<Place> place(
      StackTraceElement f, Function<String, Optional<Place>> places) {
    String file = f.getFileName();
    return file != null && file.startsWith("#")
        ? places.apply(file.substring(1))
        : Optional.empty();
  }

  private static void addSource(List<String> lines, String source, int marked) {
    int last = lineAt(source, source.length());
    int to = Math.min(last, marked + CONTEXT_LINES);
    int width = Integer.toString(to).length();
    for (int i = Math.max(1, marked - CONTEXT_LINES); i <= to; i++) {
      String numbered = String.format("%" + width + "d | %s", i, textOfLine(source, i));
      lines.add(i == marked ? RED + "--> " + PLAIN + BOLD + numbered + PLAIN : "    " + numbered);
    }
  }

  private static int lineAt(String source, int offset) {
    return 1 + (int) source.substring(0, offset).chars().filter(c -> c == '\n').count();
  }

  private static String textOfLine(String source, int line) {
    return source.split("\n", -1)[line - 1];
  }

  private static String colon(Throwable t) {
    String message = message(t);
    return message.isEmpty() ? "" : ": " + message;
  }

  private static String message(Throwable t) {
    try {
      return Optional.ofNullable(t.getLocalizedMessage()).orElse("");
    } catch (RuntimeException e) {
      return "(its message failed with " + e + ")";
    }
  }
}
