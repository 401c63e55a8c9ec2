package grounds.course;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code notebooks/lab book}: the book of this checkout's lessons, read as text and, where there is
 * a Chromium, as a phone shows it. And what the command says when something is wrong, on small
 * projects made here.
 */
class BookIT {

  private static final Pattern IMAGE = Pattern.compile("<img\\b[^>]*>");
  private static final Pattern WORDS = Pattern.compile("\\balt=\"([^\"]*)\"");
  private static final Pattern LINK = Pattern.compile("<a\\b[^>]*?\\bhref=\"([^\"]*)\"");
  private static final Pattern ID = Pattern.compile("\\bid=\"([^\"]*)\"");
  private static final Pattern LOADED =
      Pattern.compile("<(?:link|script|img|iframe|source)\\b[^>]*?\\b(?:href|src)=\"([^\"]*)\"");

  /** A picture of one pixel. */
  private static final String PIXEL =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

  @TempDir static Path common;
  @TempDir Path folder;

  private static Path book;
  private static TreeMap<String, String> pages;

  @BeforeAll
  static void build() throws Exception {
    book = common.resolve("the book");
    Lab.Run run = lab(Lab.NOTEBOOKS, common, "--output", book.toString());
    assertEquals(0, run.exitCode(), run.log());
    assertTrue(run.log().contains(book.resolve("index.html").toString()), run.log());
    System.out.println(run.log().strip());
    pages = new TreeMap<>();
    for (Path file : files(book, ".html")) {
      pages.put(file.getFileName().toString(), Files.readString(file));
    }
  }

  // ---------------------------------------------------------------------------------- the pages

  @Test
  void hasAPageForEachLessonAndLeadsFromOneToTheNext() throws IOException {
    List<String> expected = new ArrayList<>(List.of("index.html"));
    for (Path lesson : files(Lab.NOTEBOOKS, ".ipynb")) {
      expected.add(lesson.getFileName().toString().replace(".ipynb", ".html"));
    }
    expected.add("glossary.html");

    List<String> read = new ArrayList<>();
    Optional<String> next = Optional.of("index.html");
    while (next.isPresent() && read.size() <= expected.size()) {
      read.add(next.get());
      next = first(Pattern.compile("rel=\"next\" href=\"([^\"]*)\""), pages.get(next.get()));
    }
    assertEquals(expected, read);

    pages.forEach(
        (name, text) -> {
          String contents = text.substring(text.indexOf("<nav"), text.indexOf("</nav>"));
          List<String> links = all(LINK, contents);
          links.removeIf(link -> link.startsWith("#"));
          assertEquals(expected, links, () -> "the contents beside " + name);
          if (!name.equals("search.html")) {
            assertTrue(contents.contains("href=\"" + name + "\" aria-current=\"page\""), name);
          }
          assertTrue(text.contains("<html lang=\"en\">"), name);
          assertTrue(text.contains("name=\"viewport\""), name);
          assertEquals(1, text.split("<h1\\b").length - 1, () -> "first headings of " + name);
        });
  }

  @Test
  void linksLeadSomewhereAndAllThatIsLoadedLiesInTheBook() {
    pages.forEach(
        (name, text) -> {
          for (String loaded : all(LOADED, text)) {
            assertTrue(
                loaded.startsWith("data:") || Files.isRegularFile(book.resolve(loaded)),
                () -> name + " loads " + loaded);
          }
          for (String link : all(LINK, text)) {
            if (link.startsWith("https://") || link.startsWith("http://")) {
              continue;
            }
            String[] parts = (link + " ").split("#");
            String page = parts[0].isBlank() ? name : parts[0].strip();
            assertTrue(
                Files.isRegularFile(book.resolve(page)), () -> name + " has a link to " + link);
            if (parts.length == 2) {
              String id = URLDecoder.decode(parts[1].strip(), StandardCharsets.UTF_8);
              List<String> ids = all(ID, pages.get(page));
              ids.replaceAll(
                  escaped ->
                      escaped.replace("&#x27;", "'").replace("&quot;", "\"").replace("&amp;", "&"));
              assertTrue(ids.contains(id), () -> name + ": " + link);
            }
          }
        });
  }

  @Test
  void everyPictureHasWords() throws IOException {
    for (Path lesson : files(Lab.NOTEBOOKS, ".ipynb")) {
      String name = lesson.getFileName().toString().replace(".ipynb", ".html");
      List<String> images =
          IMAGE.matcher(pages.get(name)).results().map(MatchResult::group).toList();
      long drawn =
          objects(JsonParser.parseString(Files.readString(lesson)).getAsJsonObject(), "cells")
              .filter(cell -> cell.has("outputs"))
              .flatMap(cell -> objects(cell, "outputs"))
              .filter(output -> output.has("data"))
              .filter(output -> output.getAsJsonObject("data").has("image/png"))
              .count();
      assertEquals(drawn, images.size(), name);
      for (String image : images) {
        assertTrue(first(WORDS, image).orElse("").length() > 20, () -> name + ": " + image);
      }
    }
  }

  @Test
  void setsEveryFormula() {
    for (String text : pages.values()) {
      String prose = text.replaceAll("(?s)<(pre|code)\\b.*?</\\1>", "").replaceAll("<[^>]*>", " ");
      assertFalse(prose.contains("\\frac") || prose.contains("$$"), prose);
    }
    assertTrue(pages.get("04-attention.html").contains("<msqrt>"));
  }

  @Test
  void indexesProseCodeAndHeadings() throws IOException {
    String script = Files.readString(book.resolve("search-index.js"));
    JsonArray sections =
        JsonParser.parseString(script.substring(script.indexOf('['), script.lastIndexOf(']') + 1))
            .getAsJsonArray();
    List<List<String>> rows =
        StreamSupport.stream(sections.spliterator(), false)
            .map(
                row ->
                    row.getAsJsonArray().asList().stream().map(JsonElement::getAsString).toList())
            .toList();
    for (String page : pages.keySet()) {
      if (!page.equals("search.html")) {
        assertTrue(
            rows.stream().anyMatch(row -> row.get(1).startsWith(page) && !row.get(3).isEmpty()),
            page);
      }
    }
    assertTrue(rows.stream().anyMatch(row -> row.get(2).contains("causal mask")));
    assertTrue(rows.stream().anyMatch(row -> row.get(3).contains("import grounds.plot.*;")));
    assertTrue(rows.stream().noneMatch(row -> row.get(3).contains("\ue000")));
  }

  // ----------------------------------------------------------------------------- in the browser

  /** Opens each page in a frame as wide as a phone, and measures it. */
  private static final String PROBE =
      """
      <!doctype html><title>probe</title><body><script>
      const pages = PAGES, report = [];
      async function open(page) {
        const frame = document.createElement("iframe");
        frame.style = "width:390px;height:844px;border:0";
        frame.src = page;
        const loaded = new Promise((done) => frame.onload = done);
        document.body.append(frame);
        await loaded;
        return frame;
      }
      async function measure(page) {
        const frame = await open(page), document = frame.contentDocument;
        const wide = document.documentElement.scrollWidth;
        if (wide > 390) report.push(`${page} is ${wide} pixels wide`);
        if (document.getElementById("contents").open) report.push(`${page}: contents cover it`);
        for (const image of document.images) {
          image.loading = "eager";
          await image.decode().catch(() => report.push(`${page}: ${image.src} cannot be shown`));
          if (image.width > 390) report.push(`${page}: ${image.src} is ${image.width} pixels wide`);
        }
        frame.remove();
      }
      async function search() {
        const frame = await open("search.html?q=causal%20mask"), document = frame.contentDocument;
        const links = () => [...document.querySelectorAll("#results a")].map((a) => a.href);
        if (!links().some((link) => link.includes("04-attention.html#")))
          report.push("no 'causal mask' in lesson 04");
        const count = document.querySelector("[role=status]").textContent;
        if (!/^[0-9]+ sections? with/.test(count)) report.push(`said: ${count}`);
        const field = document.getElementById("words");
        field.value = "xyzzyx";
        field.dispatchEvent(new Event("input"));
        await new Promise((done) => setTimeout(done, 400));
        if (links().length) report.push("found what is nowhere");
        frame.remove();
      }
      (async () => {
        for (const page of pages) await measure(page);
        await search();
        report.push("all measured");
      })().catch((error) => report.push(String(error))).finally(() => {
        fetch("report", { method: "POST", body: report.join("\\n") });
      });
      </script>
      """;

  @Test
  void fitsAPhoneAndFindsWhatIsSearched() throws Exception {
    Path chromium = chromium();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    CompletableFuture<String> report = new CompletableFuture<>();
    server.createContext(
        "/",
        exchange -> {
          String path = exchange.getRequestURI().getPath().substring(1);
          if (path.equals("report")) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            report.complete(new String(body, StandardCharsets.UTF_8));
          }
          answer(exchange, path);
        });
    server.start();
    Process process =
        start(chromium, "http://127.0.0.1:" + server.getAddress().getPort() + "/probe");
    try {
      assertEquals("all measured", report.get(3, TimeUnit.MINUTES));
    } catch (TimeoutException e) {
      fail("Chromium has not measured the pages in three minutes:\n" + log());
    } finally {
      end(process);
      server.stop(0);
    }
  }

  private static void answer(HttpExchange exchange, String path) throws IOException {
    byte[] body = new byte[0];
    if (path.equals("probe")) {
      String names = "[\"" + String.join("\", \"", pages.keySet()) + "\"]";
      body = PROBE.replace("PAGES", names).getBytes(StandardCharsets.UTF_8);
    } else if (Files.isRegularFile(book.resolve(path))) {
      body = Files.readAllBytes(book.resolve(path));
    }
    String type = path.replaceAll(".*\\.", "");
    exchange
        .getResponseHeaders()
        .set(
            "Content-Type",
            switch (type) {
              case "css" -> "text/css";
              case "js" -> "text/javascript";
              case "png" -> "image/png";
              default -> "text/html; charset=utf-8";
            });
    exchange.sendResponseHeaders(body.length == 0 ? 404 : 200, body.length == 0 ? -1 : body.length);
    if (body.length > 0) {
      exchange.getResponseBody().write(body);
    }
    exchange.close();
  }

  @Test
  void searchesWithoutAServer() throws Exception {
    URI address = book.resolve("search.html").toUri();
    String page = show(chromium(), address + "?q=perplexity");
    assertTrue(page.contains("<mark>perplexity</mark>"), page);
    assertTrue(page.contains("href=\"01-predicting-the-next-character.html#"), page);
  }

  private static Path chromium() {
    Optional<Path> found = Browser.chromium().map(File::toPath);
    if (found.isEmpty()) {
      String reason = "The book was not opened in a browser: there is no Chromium on the PATH.";
      System.err.println(reason);
      assumeTrue(false, reason);
    }
    return found.orElseThrow();
  }

  /** The page as it is when its scripts have run. */
  private String show(Path chromium, String address) throws Exception {
    Process process = start(chromium, "--virtual-time-budget=5000", "--dump-dom", address);
    try {
      assertTrue(process.waitFor(3, TimeUnit.MINUTES), this::log);
      assertEquals(0, process.exitValue(), this::log);
    } finally {
      end(process);
    }
    return Files.readString(folder.resolve("page"));
  }

  private Process start(Path chromium, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                chromium.toString(),
                "--headless",
                "--no-sandbox", // a container has none to give; the pages are ours
                "--disable-gpu",
                "--user-data-dir=" + common.resolve("profile"),
                "--window-size=500,844"));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectOutput(folder.resolve("page").toFile())
        .redirectError(folder.resolve("chromium.log").toFile())
        .start();
  }

  private static void end(Process process) throws InterruptedException {
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
    }
  }

  private String log() {
    try {
      return Files.readString(folder.resolve("chromium.log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  // --------------------------------------------------------------------- what the command says

  @Test
  void leavesTheOldBookWhereTheNewOneIsNotRight() throws Exception {
    Path project = project();
    Path out = folder.resolve("out");
    String output = markdown("![A dot](dot.png) [the solution](solutions/01-one.ipynb) $x_1$");
    lesson(project, output);
    Files.write(project.resolve("dot.png"), Base64.getDecoder().decode(PIXEL));
    Lab.Run whole = lab(project, folder, "--solutions", "--output", out.toString());
    assertEquals(0, whole.exitCode(), whole.log());
    String page = Files.readString(out.resolve("01-one.html"));
    assertTrue(page.contains("<a href=\"solutions/01-one.html\">the solution</a>"), page);
    String solution = Files.readString(out.resolve("solutions/01-one.html"));
    assertTrue(solution.contains("<a href=\"../01-one.html\">the lesson</a>"), solution);

    for (List<String> wrong :
        List.of(
            List.of("this is no notebook", "wanted a Jupyter notebook"),
            List.of(notebook(markdown("[there](glossary.md#nowhere)")), "no such section"),
            List.of(notebook(markdown("$\\\\unknown{x}$")), "\\unknown is not known"),
            List.of(notebook(picture("")), "has no words"))) {
      Files.writeString(project.resolve("01-one.ipynb"), wrong.get(0));
      Lab.Run run = lab(project, folder, "--output", out.toString());
      assertEquals(1, run.exitCode(), run.log());
      assertTrue(run.log().contains("01-one") && run.log().contains(wrong.get(1)), run.log());
      assertEquals(page, Files.readString(out.resolve("01-one.html")));
    }

    lesson(project, picture("A dot. Nothing else."));
    Lab.Run again = lab(project, folder, "--output", out.toString());
    assertEquals(0, again.exitCode(), again.log());
    assertTrue(
        Files.readString(out.resolve("01-one.html")).contains("alt=\"A dot. Nothing else.\""));
    assertFalse(Files.exists(out.resolve("solutions")), "the old book is gone as a whole");
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(
          List.of(),
          left.filter(path -> path.getFileName().toString().startsWith(".out")).toList());
    }
  }

  @Test
  void neverDeletesWhatIsNoBook() throws Exception {
    Path mine = Files.createDirectory(folder.resolve("mine"));
    Path letter = Files.writeString(mine.resolve("letter"), "to keep");
    Lab.Run run = lab(Lab.NOTEBOOKS, folder, "--output", mine.toString());
    assertEquals(1, run.exitCode(), run.log());
    assertTrue(run.log().contains("holds other files"), run.log());
    assertTrue(Files.exists(letter));

    Lab.Run file = lab(Lab.NOTEBOOKS, folder, "--output", letter.toString());
    assertEquals(1, file.exitCode(), file.log());
    assertTrue(file.log().contains("is a file"), file.log());
    assertEquals("to keep", Files.readString(letter));

    Lab.Run below = lab(Lab.NOTEBOOKS, folder, "--output", letter.resolve("book").toString());
    assertEquals(1, below.exitCode(), below.log());
    assertTrue(below.log().contains("cannot be written"), below.log());
  }

  // ---------------------------------------------------------------------------------- helpers

  private static Lab.Run lab(Path notebooks, Path folder, String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of("book"));
    all.addAll(List.of(arguments));
    return Lab.command(notebooks, folder.resolve("log"), all.toArray(String[]::new));
  }

  /** A project of one lesson and its solution, with the lab of this checkout. */
  private Path project() throws IOException {
    Path notebooks = folder.resolve("a project/notebooks");
    Files.createDirectories(notebooks.resolve("book"));
    Files.createDirectories(notebooks.resolve("solutions"));
    for (String name : List.of("lab", "lessons.py", "requirements.txt")) {
      Files.copy(Lab.NOTEBOOKS.resolve(name), notebooks.resolve(name));
    }
    assertTrue(notebooks.resolve("lab").toFile().setExecutable(true));
    for (Path file : files(Lab.NOTEBOOKS.resolve("book"), "")) {
      Files.copy(file, notebooks.resolve("book").resolve(file.getFileName()));
    }
    Files.writeString(notebooks.resolve("README.md"), "# A course\n\n[One](01-one.ipynb)\n");
    Files.writeString(notebooks.resolve("glossary.md"), "# Glossary\n");
    Files.writeString(
        notebooks.resolve("solutions/01-one.ipynb"),
        notebook(markdown("[the lesson](../01-one.ipynb)")));
    return notebooks;
  }

  private static void lesson(Path project, String cell) throws IOException {
    Files.writeString(project.resolve("01-one.ipynb"), notebook(cell));
  }

  private static String notebook(String cell) {
    return "{\"cells\": [" + markdown("# 01 One") + ", " + cell + "]}";
  }

  private static String markdown(String source) {
    return "{\"cell_type\": \"markdown\", \"source\": \"" + source + "\"}";
  }

  private static String picture(String words) {
    return """
        {"cell_type": "code", "source": "", "outputs": [{"output_type": "display_data",
         "data": {"image/png": "%s", "text/plain": "%s"}}]}"""
        .formatted(PIXEL, words);
  }

  /** The files right in a folder whose names end so, in order. */
  private static List<Path> files(Path folder, String end) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> Files.isRegularFile(file) && file.toString().endsWith(end))
          .sorted()
          .toList();
    }
  }

  private static Stream<JsonObject> objects(JsonObject parent, String array) {
    return StreamSupport.stream(parent.getAsJsonArray(array).spliterator(), false)
        .map(JsonElement::getAsJsonObject);
  }

  private static List<String> all(Pattern pattern, String text) {
    return new ArrayList<>(pattern.matcher(text).results().map(match -> match.group(1)).toList());
  }

  private static Optional<String> first(Pattern pattern, String text) {
    return all(pattern, text).stream().findFirst();
  }
}
