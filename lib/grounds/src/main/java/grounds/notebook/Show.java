package grounds.notebook;

import grounds.plot.Chart;
import grounds.plot.Labels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tech.tablesaw.api.NumericColumn;
import tech.tablesaw.api.Table;
import tech.tablesaw.columns.Column;

/** Shows values below a cell, or as text on standard output where no kernel is running. */
public final class Show {

  /** Rows of a table shown at most, unless the caller asks for more. */
  private static final int ROWS = 40;

  /** Characters across which texts stand side by side as plain text. */
  private static final int TEXT_WIDTH = 100;

  private static final String BORDER = "1px solid rgba(128,128,128,0.4)";

  private Show() {}

  /** Shows an output as it is. */
  public static void output(Output output) {
    Page.show(output);
  }

  /** Shows something that knows how. */
  public static void value(Showable showable) {
    Page.show(showable.output());
  }

  /** Shows plain text, with its line ends and spaces. */
  public static void text(String text) {
    Page.show(
        Output.html("<pre style=\"white-space:pre-wrap\">" + Text.escape(text) + "</pre>", text));
  }

  /**
   * Shows a fragment of HTML.
   *
   * @param html without scripts; texts from elsewhere must be escaped by the caller
   * @param text what is shown where HTML cannot be
   */
  public static void html(String html, String text) {
    Page.show(Output.html(html, text));
  }

  /** Shows a chart as a picture. */
  public static void chart(Chart chart) {
    Page.show(picture(chart));
  }

  static Output picture(Chart chart) {
    return Output.picture(chart.png(), chart.width(), chart.height(), chart.description());
  }

  /** Shows the first 40 rows of a table. */
  public static void table(Table table) {
    table(table, ROWS);
  }

  /** Shows the first rows of a table; numbers to five significant digits. */
  public static void table(Table table, int rows) {
    if (rows < 1) {
      throw new IllegalArgumentException("A table shows 1 row or more, but got " + rows);
    }
    Page.show(of(table, rows));
  }

  static Output of(Table table, int rows) {
    int shown = Math.min(rows, table.rowCount());
    List<Column<?>> columns = table.columns();
    List<List<String>> cells = columns.stream().map(c -> cells(c, shown)).toList();
    String title = table.name() == null ? "" : table.name();
    String note =
        shown < table.rowCount() ? Text.format("%,d of %,d rows", shown, table.rowCount()) : "";

    StringBuilder html = new StringBuilder("<div style=\"overflow-x:auto\"><table style=\"");
    html.append("border-collapse:collapse;margin:0.5em 0;color:inherit;font-size:inherit\">");
    if (!title.isBlank()) {
      html.append("<caption style=\"text-align:left;font-weight:bold;padding:0 0 0.4em;");
      html.append("color:inherit\">").append(Text.escape(title)).append("</caption>");
    }
    html.append("<thead><tr>");
    columns.forEach(c -> html.append(cell("th", c, c.name())));
    html.append("</tr></thead><tbody>");
    for (int r = 0; r < shown; r++) {
      html.append("<tr>");
      for (int c = 0; c < columns.size(); c++) {
        html.append(cell("td", columns.get(c), cells.get(c).get(r)));
      }
      html.append("</tr>");
    }
    html.append("</tbody></table>");
    html.append(note.isEmpty() ? "" : "<div style=\"opacity:0.7\">" + note + "</div>");
    html.append("</div>");

    StringBuilder text = new StringBuilder(title.isBlank() ? "" : title + "\n");
    for (int r = -1; r < shown; r++) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < columns.size(); c++) {
        Column<?> column = columns.get(c);
        int width = column.name().length();
        for (String cell : cells.get(c)) {
          width = Math.max(width, cell.length());
        }
        String cell = r < 0 ? column.name() : cells.get(c).get(r);
        boolean right = column instanceof NumericColumn<?>;
        line.append(right ? Text.padLeft(cell, width) : Text.pad(cell, width)).append("  ");
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return Output.html(html.toString(), text.append(note).toString().stripTrailing());
  }

  private static String cell(String tag, Column<?> column, String text) {
    String align = column instanceof NumericColumn<?> ? "right" : "left";
    String weight = tag.equals("th") ? ";font-weight:600" : ";font-variant-numeric:tabular-nums";
    return "<"
        + tag
        + " style=\"text-align:"
        + align
        + ";padding:0.25em 0.9em;border:0;border-bottom:"
        + BORDER
        + weight
        + "\">"
        + Text.escape(text)
        + "</"
        + tag
        + ">";
  }

  /** The rows of a column as text, numbers all with the decimals that one of them needs. */
  private static List<String> cells(Column<?> column, int rows) {
    int decimals =
        IntStream.range(0, rows)
            .filter(r -> isPlain(column, r))
            .map(r -> Text.decimals(((Number) column.get(r)).doubleValue()))
            .max()
            .orElse(0);
    return IntStream.range(0, rows)
        .mapToObj(
            r ->
                column.isMissing(r)
                    ? ""
                    : isPlain(column, r)
                        ? Text.number(((Number) column.get(r)).doubleValue(), decimals)
                        : column.getString(r))
        .toList();
  }

  /**
   * Whether it is a number in Java's own long form, or a whole one as Tablesaw writes it: a format
   * chosen by the table's maker stays.
   */
  private static boolean isPlain(Column<?> column, int row) {
    if (column.isMissing(row) || !(column.get(row) instanceof Number number)) {
      return false;
    }
    String text = column.getString(row);
    return text.equals(number.toString())
        || number.doubleValue() == number.longValue()
            && text.equals(Long.toString(number.longValue()));
  }

  /** Shows texts beside each other: a title, its text, the next title, its text, and so on. */
  public static void sideBySide(String... titlesAndTexts) {
    if (titlesAndTexts.length % 2 != 0) {
      throw new IllegalArgumentException(
          "Side by side needs a title before each text, but got "
              + titlesAndTexts.length
              + " strings, an odd number");
    }
    Map<String, String> columns = new LinkedHashMap<>();
    for (int i = 0; i < titlesAndTexts.length; i += 2) {
      if (columns.putIfAbsent(titlesAndTexts[i], titlesAndTexts[i + 1]) != null) {
        throw new IllegalArgumentException(
            "Two texts have the title \"" + titlesAndTexts[i] + "\"; give each its own");
      }
    }
    sideBySide(columns);
  }

  /** Shows texts beside each other, under their titles, in the map's order. */
  public static void sideBySide(Map<String, String> texts) {
    if (texts.isEmpty()) {
      throw new IllegalArgumentException("Side by side needs 1 text or more, but got none");
    }
    String share = Text.format("width:%.1f%%", 100.0 / texts.size());
    StringBuilder html = new StringBuilder("<table style=\"width:100%;table-layout:fixed;");
    html.append("border-collapse:collapse;color:inherit;font-size:inherit\">");
    html.append("<tr style=\"background:none\">");
    texts.forEach(
        (title, text) -> {
          html.append("<td style=\"").append(share).append(";vertical-align:top;text-align:left;");
          html.append("padding:0.3em 0.9em;border:0;border-left:").append(BORDER).append("\">");
          html.append("<div style=\"font-weight:600\">")
              .append(Text.escape(title))
              .append("</div>");
          // JupyterLab breaks the lines of a pre in the middle of a word; this keeps words whole.
          html.append("<pre style=\"white-space:pre-wrap;overflow-wrap:anywhere;");
          html.append("word-break:normal;margin:0.3em 0;");
          html.append("background:none;color:inherit\">").append(Text.escape(text));
          html.append("</pre></td>");
        });
    html.append("</tr></table>");

    int width = Math.max(16, TEXT_WIDTH / texts.size() - 3);
    List<List<String>> columns = new ArrayList<>();
    texts.forEach(
        (title, text) -> {
          List<String> lines = new ArrayList<>(Text.wrap(title, width));
          lines.add("-".repeat(width));
          lines.addAll(Text.wrap(text, width));
          columns.add(lines);
        });
    int tallest = columns.stream().mapToInt(List::size).max().orElseThrow();
    String text =
        IntStream.range(0, tallest)
            .mapToObj(
                i ->
                    columns.stream()
                        .map(c -> Text.pad(i < c.size() ? c.get(i) : "", width))
                        .collect(Collectors.joining(" | "))
                        .stripTrailing())
            .collect(Collectors.joining("\n"));
    Page.show(Output.html(html.toString(), text));
  }

  /** Shows each character of the text the darker, the larger its weight is. */
  public static void shaded(String text, double[] weights) {
    shaded(text.codePoints().mapToObj(Character::toString).toArray(String[]::new), weights);
  }

  /**
   * Shows each token the darker, the larger its weight is, as attention over a sentence. The
   * largest weight is the darkest; pointing at a token shows its number.
   *
   * @param weights one for each token, 0 or more
   */
  public static void shaded(String[] tokens, double[] weights) {
    if (tokens.length != weights.length || tokens.length == 0) {
      throw new IllegalArgumentException(
          "Shading needs one weight for each of 1 token or more, but got "
              + tokens.length
              + " tokens and "
              + weights.length
              + " weights");
    }
    for (double weight : weights) {
      if (!(weight >= 0 && weight < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "Shading needs weights that are numbers of 0 or more, but got " + weight);
      }
    }
    double most = Math.max(Double.MIN_NORMAL, Arrays.stream(weights).max().orElseThrow());
    StringBuilder html = new StringBuilder("<div style=\"font-family:monospace;font-size:1.15em;");
    html.append("line-height:1.9;overflow-wrap:anywhere\">");
    StringBuilder tokenLine = new StringBuilder();
    StringBuilder weightLine = new StringBuilder();
    for (int i = 0; i < tokens.length; i++) {
      String token = Labels.visible(tokens[i]);
      double share = weights[i] / most;
      html.append("<span style=\"padding:0.15em 0.1em;border-radius:0.2em;background-color:");
      html.append(Text.format("rgba(0,114,178,%.2f)\" title=\"%.4f\">", 0.65 * share, weights[i]));
      html.append(Text.escape(token)).append("</span>");
      html.append(tokens[i].endsWith("\n") ? "<br>" : "<wbr>");
      String level =
          share == 0 ? " " : "▁▂▃▄▅▆▇█".substring((int) Math.min(7, share * 8)).substring(0, 1);
      tokenLine.append(token);
      weightLine.append(level.repeat(token.length()));
    }
    html.append("</div>");
    String highest =
        IntStream.range(0, tokens.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -weights[i]))
            .limit(5)
            .map(i -> Text.format("%s %.3f (number %d)", Labels.visible(tokens[i]), weights[i], i))
            .collect(Collectors.joining(", "));
    StringBuilder text = new StringBuilder();
    for (int from = 0; from < tokenLine.length(); from += TEXT_WIDTH) {
      int to = Math.min(from + TEXT_WIDTH, tokenLine.length());
      text.append(tokenLine, from, to).append('\n').append(weightLine, from, to).append('\n');
    }
    html.append("<div style=\"opacity:0.7\">darkest: ")
        .append(Text.escape(highest))
        .append("</div>");
    Page.show(Output.html(html.toString(), text + "highest: " + highest));
  }

  /** Shows the tokens of a text one after the other, in turn on two shades, and their number. */
  public static void tokens(List<String> tokens) {
    tokens(Map.of("", tokens));
  }

  /** Shows several lists of tokens one below the other under their titles, in the map's order. */
  public static void tokens(Map<String, ? extends List<String>> rows) {
    parts("token", rows);
  }

  /** As {@link #tokens(List)}, for the pieces into which a text is cut before it is encoded. */
  public static void pieces(List<String> pieces) {
    pieces(Map.of("", pieces));
  }

  /** As {@link #tokens(Map)}, for the pieces into which a text is cut before it is encoded. */
  public static void pieces(Map<String, ? extends List<String>> rows) {
    parts("piece", rows);
  }

  private static void parts(String noun, Map<String, ? extends List<String>> rows) {
    StringBuilder html = new StringBuilder();
    List<String> text = new ArrayList<>();
    rows.forEach(
        (title, parts) -> {
          String count = Text.format("%,d %s", parts.size(), parts.size() == 1 ? noun : noun + "s");
          String head = title.isEmpty() ? count : title + " (" + count + ")";
          html.append("<div style=\"margin:0.5em 0\"><div style=\"opacity:0.7\">");
          html.append(Text.escape(head)).append("</div><div style=\"font-family:monospace;");
          html.append("font-size:1.1em;line-height:1.8;overflow-wrap:anywhere\">");
          for (int i = 0; i < parts.size(); i++) {
            html.append("<span style=\"padding:0.15em 0.1em;border-radius:0.2em;background-color:");
            html.append(i % 2 == 0 ? "rgba(0,114,178,0.22)" : "rgba(230,159,0,0.32)");
            html.append("\">").append(Text.escape(Labels.visible(parts.get(i)))).append("</span>");
            html.append(parts.get(i).endsWith("\n") ? "<br>" : "<wbr>");
          }
          html.append("</div></div>");
          text.add(head + "\n" + Labels.visible(String.join("|", parts)));
        });
    Page.show(Output.html(html.toString(), String.join("\n", text)));
  }
}
