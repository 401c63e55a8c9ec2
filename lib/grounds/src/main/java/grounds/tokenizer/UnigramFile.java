package grounds.tokenizer;

import grounds.tokenizer.UnigramTokenizer.Piece;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The file of a {@link UnigramTokenizer}: one token a line, as {@code save} describes it. */
final class UnigramFile {
  private static final char SPACE = UnigramVocabulary.VISIBLE_SPACE;
  private static final int BYTES = UnigramVocabulary.BYTES;

  private UnigramFile() {}

  static void write(Path file, List<String> specialTokens, List<Piece> pieces) {
    StringBuilder text = new StringBuilder();
    specialTokens.forEach(token -> text.append(escaped(token)).append("\t0\n"));
    for (int value = 0; value < BYTES; value++) {
      text.append(UnigramVocabulary.byteName(value)).append("\t0\n");
    }
    for (Piece piece : pieces) {
      text.append(escaped(piece.text())).append('\t').append(piece.logProbability()).append('\n');
    }
    WholeFile.write(file, text.toString());
  }

  static UnigramTokenizer read(Path file) {
    String text;
    try {
      text = Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "%s is not UTF-8 text: it is no file of a unigram vocabulary."
              .formatted(file.toAbsolutePath()),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + file.toAbsolutePath(), e);
    }
    return new Reader(file, text).tokenizer();
  }

  private static final class Reader {
    private final Path file;
    private final String[] lines;
    private final int count;
    private int at;

    Reader(Path file, String text) {
      this.file = file;
      lines = text.split("\n", -1);
      at = lines.length - 1;
      if (!lines[at].isEmpty()) {
        throw broken("the last line has no line end, so the file is not whole");
      }
      count = at;
      at = 0;
    }

    UnigramTokenizer tokenizer() {
      Map<String, Integer> specials = new HashMap<>();
      List<String> specialTokens = new ArrayList<>();
      while (at < count && !lines[at].startsWith(UnigramVocabulary.byteName(0) + "\t")) {
        Entry token = entry();
        requireZero(token);
        try {
          UnigramVocabulary.requireSpecial(token.text);
        } catch (IllegalArgumentException e) {
          throw broken(e.getMessage());
        }
        requireNew(specials, token.text);
        specialTokens.add(token.text);
        at++;
      }
      for (int value = 0; value < BYTES; value++) {
        if (at == count) {
          throw broken("the file ends before the byte token " + UnigramVocabulary.byteName(value));
        }
        Entry token = entry();
        if (!token.text.equals(UnigramVocabulary.byteName(value))) {
          throw broken(
              "the byte token %s is due, '%s' came"
                  .formatted(UnigramVocabulary.byteName(value), token.text));
        }
        requireZero(token);
        at++;
      }
      Map<String, Integer> places = new HashMap<>();
      List<Piece> pieces = new ArrayList<>();
      for (; at < count; at++) {
        Entry entry = entry();
        requireNew(places, entry.text);
        try {
          pieces.add(new Piece(entry.text, entry.logProbability));
        } catch (IllegalArgumentException e) {
          throw broken(e.getMessage());
        }
      }
      return UnigramTokenizer.of(pieces, specialTokens.toArray(String[]::new));
    }

    private record Entry(String text, double logProbability) {}

    private Entry entry() {
      String line =
          lines[at].endsWith("\r") ? lines[at].substring(0, lines[at].length() - 1) : lines[at];
      int tab = line.indexOf('\t');
      if (tab < 0 || tab != line.lastIndexOf('\t')) {
        throw broken("a line is a token, one tab and a number; this one is '" + line + "'");
      }
      try {
        return new Entry(
            unescaped(line.substring(0, tab)), Double.parseDouble(line.substring(tab + 1)));
      } catch (NumberFormatException e) {
        throw broken("'" + line.substring(tab + 1) + "' is no number");
      }
    }

    private void requireZero(Entry token) {
      if (token.logProbability != 0) {
        throw broken(
            ("the special tokens and the bytes %s to %s come first, with a 0; '%s' has %s")
                .formatted(
                    UnigramVocabulary.byteName(0),
                    UnigramVocabulary.byteName(255),
                    token.text,
                    token.logProbability));
      }
    }

    private void requireNew(Map<String, Integer> places, String text) {
      Integer before = places.put(text, at + 1);
      if (before != null) {
        throw broken("'%s' is on line %d already".formatted(text, before));
      }
    }

    private String unescaped(String text) {
      StringBuilder plain = new StringBuilder();
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if (c != '\\') {
          plain.append(c == SPACE ? ' ' : c);
          continue;
        }
        char escape = ++i < text.length() ? text.charAt(i) : ' ';
        switch (escape) {
          case '\\' -> plain.append('\\');
          case 'n' -> plain.append('\n');
          case 'r' -> plain.append('\r');
          case 't' -> plain.append('\t');
          case 'u' -> {
            String digits = text.substring(i + 1, Math.min(text.length(), i + 5));
            if (!digits.matches("[0-9A-F]{4}")) {
              throw broken("\\u wants four hexadecimal digits, '" + digits + "' came");
            }
            plain.append((char) Integer.parseInt(digits, 16));
            i += 4;
          }
          default ->
              throw broken("a backslash begins \\\\, \\n, \\r, \\t or \\uXXXX; not so in " + text);
        }
      }
      return plain.toString();
    }

    private IllegalArgumentException broken(String why) {
      return new IllegalArgumentException(
          "%s, line %d: %s. Is it a whole file of a unigram vocabulary?"
              .formatted(file.toAbsolutePath(), at + 1, why));
    }
  }

  private static String escaped(String text) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case ' ' -> line.append(SPACE);
        case '\\' -> line.append("\\\\");
        case '\n' -> line.append("\\n");
        case '\r' -> line.append("\\r");
        case '\t' -> line.append("\\t");
        default -> {
          // What an editor may take for a line end, drop, or not show.
          boolean unsafe = c == SPACE || c == '\uFEFF' || c == '\u2028' || c == '\u2029';
          if (unsafe || Character.isISOControl(c)) {
            line.append("\\u%04X".formatted((int) c));
          } else {
            line.append(c);
          }
        }
      }
    }
    return line.toString();
  }
}
