package grounds.tokenizer;

import java.util.ArrayList;
import java.util.List;

/** Lines that hold what real text holds, in every part of Unicode; always the same ones. */
final class GeneratedCorpus {
  private static final List<String> WRITTEN =
      List.of(
          "It's 5 o'clock; they'll say we've won, won't they? I'D SAY WE'LL, THEY'RE LATE.",
          "\"Quoted\" text -- with dashes, ellipses... and (parentheses) [brackets] {braces}!?",
          "Tel. +1 (555) 010-9999, 3.14159, 1,000,000, 0x1F, 1e-9, 2026-11-25T12:34:56Z, 100%",
          "https://example.org/path?query=1&other=two#part  user.name+tag@example.org",
          "\tpublic static void main(String[] args) { System.out.println(\"x\" + 1); } // done",
          "    def f(x: int = 3) -> str:\n        return f'{x!r:>10}'  # comment\n\n\n",
          "#include <stdio.h>\r\nint main(void) {\r\n\treturn 0;\r\n}\r\n\r\n",
          "SELECT * FROM t WHERE a <> 'b' AND c IS NOT NULL;\n\n   \n  x",
          "fn main() { let v: Vec<&'static str> = vec![]; println!(\"{:?}\", v); }",
          "\u00DCber die gro\u00DFe Stra\u00DFe l\u00E4uft ein \u00F6sterreichischer J\u00E4ger.",
          "Voil\u00E0 l'\u0153uvre d'un ma\u00EEtre : \u00AB c'est \u00E9tonnant \u00BB, dit-il.",
          "\u0421\u044A\u0435\u0448\u044C \u0435\u0449\u0451 \u044D\u0442\u0438\u0445 \u0431\u0443\u043B\u043E\u043A, \u0434\u0430 \u0432\u044B\u043F\u0435\u0439 \u0447\u0430\u044E.",
          "\u039E\u03B5\u03C3\u03BA\u03B5\u03C0\u03AC\u03B6\u03C9 \u03C4\u03B7\u03BD \u03C8\u03C5\u03C7\u03AE.",
          "\u0646\u0635 \u062D\u0643\u064A\u0645 \u0644\u0647 \u0633\u0631 \u0642\u0627\u0637\u0639 \u0661\u0662\u0663",
          "\u05D3\u05D2 \u05E1\u05E7\u05E8\u05DF \u05E9\u05D8 \u05D1\u05D9\u05DD",
          "\u0928\u092E\u0938\u094D\u0924\u0947 \u0926\u0941\u0928\u093F\u092F\u093E \u096F\u0967",
          "\u6211\u80FD\u541E\u4E0B\u73BB\u7483\u800C\u4E0D\u4F24\u8EAB\u4F53\u3002",
          "\u79C1\u306F\u30AC\u30E9\u30B9\u3092\u98DF\u3079\u3089\u308C\u307E\u3059\u3002",
          "\uB098\uB294 \uC720\uB9AC\uB97C \uBA39\uC744 \uC218 \uC788\uC5B4\uC694.",
          "\u0E09\u0E31\u0E19\u0E01\u0E34\u0E19\u0E01\u0E23\u0E30\u0E08\u0E01\u0E44\u0E14\u0E49",
          "\uD83D\uDC68\u200D\uD83D\uDC69\u200D\uD83D\uDC67 \uD83C\uDDE9\uD83C\uDDEA \uD83D\uDC4D\uD83C\uDFFD \u2603\uFE0F",
          "a\u0300\u0301\u0302\u0303 Z\u0351\u036B\u0343 e\u0301 \u0041\u030A \u212B \u00C5",
          "\u2160\u2161 \u00B2\u00B3 \u00BD \u2460 \u3007 \u16EE \u0BF0",
          "<|endoftext|> <|fim_prefix|>x<|fim_suffix|>");

  private GeneratedCorpus() {}

  static List<String> lines() {
    List<String> lines = new ArrayList<>(WRITTEN);
    // Every block of 64 characters of every plane, assigned or not, surrogates alone included;
    // beyond the third plane almost nothing is assigned, so fewer of them.
    for (int start = 0; start <= Character.MAX_CODE_POINT; start += start < 0x40000 ? 64 : 8192) {
      StringBuilder line = new StringBuilder();
      for (int c = start; c < start + 64 && c <= Character.MAX_CODE_POINT; c++) {
        line.appendCodePoint(c);
        line.append(c % 7 == 0 ? " " : c % 11 == 0 ? "a" : c % 13 == 0 ? "1" : "");
      }
      lines.add(line.toString());
    }
    // Every white space beside letters, signs, digits and itself.
    for (int c = 0; c < 0x3001; c++) {
      if (Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85) {
        String s = Character.toString(c);
        lines.add(
            "a" + s + "b" + s + s + "1" + s + s + s + "!" + s + "\n" + s + " " + s + "x " + s);
      }
    }
    return lines;
  }
}
