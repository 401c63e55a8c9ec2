"""Builds the book: the lessons with their stored outputs as a static site; called by notebooks/lab.

Every page is a file that needs nothing but the files beside it: no network, no server, no Java. The
pages are read back before the book is handed over: a link that leads nowhere, a picture without
words or a formula that cannot be set ends the build, and the book that was there before stays.
"""

import argparse
import base64
import html
import json
import os
import pathlib
import posixpath
import re
import shutil
import signal
import sys
import tempfile
import time
import urllib.parse
from dataclasses import dataclass, field
from html.parser import HTMLParser

from formula import FormulaError, mathml

HERE = pathlib.Path(__file__).resolve().parent
NOTEBOOKS = HERE.parent
ASSETS = ("book.css", "book.js", "search.js")
MARKER = "made-by-notebooks-lab-book"
NOTE = (
    '<p class="note">This is the course as a book: the lessons with the outputs of a whole run. To'
    " run their cells, change them and do the exercises, get the project and start"
    " <code>notebooks/lab</code>; what follows speaks to those who did.</p>"
)


class Problem(Exception):
    """What was wanted, what came, and what to do."""


@dataclass
class Page:
    source: str  # below notebooks/, with forward slashes as links have them
    file: str  # below the book
    title: str = ""
    body: str = ""
    sections: list = field(default_factory=list)

    @property
    def up(self):
        return "../" * self.file.count("/")


@dataclass
class Section:
    id: str
    title: str


@dataclass
class Group:
    title: str
    pages: list


# ---------------------------------------------------------------- what the book is made of


def contents(solutions):
    """The pages in the order of reading, in groups."""
    lessons = sorted(path.name for path in NOTEBOOKS.glob("[0-9][0-9]-*.ipynb"))
    if not lessons:
        raise Problem(f"wanted lessons (NN-name.ipynb) in {NOTEBOOKS}, but there is none")
    groups = [
        Group("", [Page("README.md", "index.html")]),
        Group("Lessons", [page(name) for name in lessons]),
    ]
    if solutions:
        found = sorted(path.name for path in NOTEBOOKS.glob("solutions/*.ipynb"))
        if not found:
            raise Problem(
                f"wanted solutions in {NOTEBOOKS / 'solutions'}, but there is none;"
                " leave out --solutions"
            )
        groups.append(Group("Solutions", [page(f"solutions/{name}") for name in found]))
    groups.append(Group("Reference", [page("glossary.md")]))
    return groups


def page(source):
    return Page(source, posixpath.splitext(source)[0] + ".html")


def read(source):
    try:
        return (NOTEBOOKS / source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"notebooks/{source} cannot be read: {error}") from error


def cells(source):
    """The cells of a notebook."""
    text = read(source)
    try:
        found = json.loads(text)["cells"]
        if not isinstance(found, list):
            raise TypeError("its cells are no list")
        return found
    except (ValueError, TypeError, KeyError) as error:
        raise Problem(
            f"wanted a Jupyter notebook (JSON with cells) in notebooks/{source}, but got"
            f" {text[:40]!r} ({error}). Open it in the lab, or take it from the project again"
        ) from error


def joined(text):
    """A text of the notebook format: one string, or a list of lines that keep their ends."""
    return "".join(text or "")


# ---------------------------------------------------------------- a page


class Writer:
    """Turns the cells of a page into HTML, and puts the pictures into files beside it."""

    CODE_OR_FORMULA = re.compile(
        r"^```.*?^```|(`+)(?!`).*?(?<!`)\1(?!`)|\$\$(.+?)\$\$|\$([^\s$](?:[^$]*[^\s$])?)\$",
        re.S | re.M,
    )
    SENTINEL = re.compile("\ue000(\\d+)\ue001")
    # A page of the book runs nothing and loads nothing on behalf of an output.
    ACTIVE = re.compile(
        r"<(?:script|iframe|object|embed|link|form|meta|base)\b"
        r"|<[^>]*\s(?:on\w+\s*=|src(?:set)?\s*=\s*[\"']?\s*(?!data:))"
        r"|javascript:|@import|\burl\(",
        re.I,
    )

    def __init__(self, page, targets, folder):
        from nbconvert.filters import Highlight2HTML, ansi2html, markdown2html

        self.page = page
        self.targets = targets  # from source to page
        self.folder = folder
        self.markdown2html, self.ansi2html = markdown2html, ansi2html
        self.highlight = Highlight2HTML(pygments_lexer="java")
        self.ids = {"text", "contents", "words"}  # of page.html
        self.pictures = 0
        self.parts = []

    def write(self):
        if self.page.source.endswith(".md"):
            self.markdown(read(self.page.source))
        else:
            for cell in cells(self.page.source):
                source = joined(cell.get("source"))
                if cell.get("cell_type") == "markdown":
                    self.markdown(source)
                elif cell.get("cell_type") == "code" and (source.strip() or cell.get("outputs")):
                    self.parts.append(self.highlight(source.strip("\n"), language="java"))
                    for output in cell.get("outputs", ()):
                        self.output(output)
        self.page.body = "\n".join(self.parts)

    def problem(self, what):
        return Problem(f"notebooks/{self.page.source}: {what}")

    # Markdown

    def markdown(self, source):
        formulas = []

        def keep(match):
            display, inline = match[2], match[3]
            if not display and not inline:
                return match[0]  # code
            try:
                formulas.append(mathml(display or inline, bool(display)))
            except FormulaError as error:
                raise self.problem(error) from error
            return f"\ue000{len(formulas) - 1}\ue001"

        text = str(self.markdown2html(self.CODE_OR_FORMULA.sub(keep, source)))
        text = re.sub(r"<h([1-6])[^>]*>(.*?)</h\1>", self.heading, text, flags=re.S)
        text = re.sub(r'<a href="([^"]*)"([^>]*)>(.*?)</a>', self.link, text, flags=re.S)
        text = re.sub(r"<img [^>]*>", self.image, text)
        text = re.sub(r"<table>.*?</table>", r'<div class="scroll">\g<0></div>', text, flags=re.S)
        self.parts.append(self.SENTINEL.sub(lambda match: formulas[int(match[1])], text))

    def heading(self, match):
        level, inner = match[1], re.sub(r'<a class="anchor-link".*?</a>', "", match[2])
        title = html.unescape(re.sub(r"<[^>]*>", "", self.SENTINEL.sub("", inner))).strip()
        if level == "1" and not self.page.title:
            self.page.title = title
        # As JupyterLab names them, so that a link to a section works in both.
        name = re.sub(r"\s+", "-", title)
        number = 2
        id = name
        while id in self.ids:
            id, number = f"{name}-{number}", number + 1
        self.ids.add(id)
        if level == "2":
            self.page.sections.append(Section(id, title))
        return f'<h{level} id="{html.escape(id)}">{inner}</h{level}>'

    def link(self, match):
        address, rest, inner = html.unescape(match[1]), match[2], match[3]
        if re.match(r"(?:https?|mailto):", address) or address.startswith("#"):
            return match[0]
        path, _, anchor = address.partition("#")
        path = posixpath.normpath(
            posixpath.join(posixpath.dirname(self.page.source), urllib.parse.unquote(path))
        )
        target = self.targets.get(path)
        if target is None:
            if not (NOTEBOOKS / path).exists():
                raise self.problem(f"a link leads to {address}, but there is no such file")
            return inner  # a file of the project that is not in the book
        address = posixpath.relpath(target.file, posixpath.dirname(self.page.file) or ".")
        return (
            f'<a href="{html.escape(address + ("#" + anchor if anchor else ""))}"{rest}>{inner}</a>'
        )

    def image(self, match):
        source = re.search(r'src="([^"]*)"', match[0])
        path = html.unescape(source[1]) if source else ""
        if path.startswith("data:"):
            return match[0]
        file = (NOTEBOOKS / self.page.source).parent / urllib.parse.unquote(path)
        if not path or not file.is_file():
            raise self.problem(f"wanted a picture that lies beside the lesson, but got {match[0]}")
        name = self.keep_picture(file.read_bytes(), file.suffix)
        return match[0].replace(source[0], f'src="{name}"')

    # Outputs

    def output(self, output):
        kind = output.get("output_type")
        if kind == "stream":
            content = f"<pre>{self.ansi2html(joined(output.get('text')).rstrip())}</pre>"
        elif kind == "error":
            trace = self.ansi2html("\n".join(output.get("traceback", ())))
            content = f'<pre class="error">{trace}</pre>'
        else:
            content = self.data(output.get("data", {}), output.get("metadata", {}))
        if content:
            self.parts.append(f'<div class="output">\n{content}\n</div>')

    def data(self, data, metadata):
        text = joined(data.get("text/plain")).strip()
        for mime, suffix in (
            ("image/svg+xml", ".svg"),
            ("image/png", ".png"),
            ("image/jpeg", ".jpg"),
        ):
            if mime in data:
                content = joined(data[mime])
                content = content.encode() if suffix == ".svg" else base64.b64decode(content)
                return self.picture(content, suffix, text, metadata.get(mime, {}))
        page = joined(data.get("text/html"))
        if page and not self.ACTIVE.search(page):
            return page
        return f"<pre>{self.ansi2html(text)}</pre>" if text else ""

    def picture(self, content, suffix, text, size):
        if not text:
            raise self.problem(
                f"picture {self.pictures + 1} has no words. Wanted a text/plain beside it, which"
                " says what it shows: show it by Show.chart, run the lesson and store it again"
            )
        name = self.keep_picture(content, suffix)
        words = html.escape(re.sub(r"\s+", " ", text))
        title = html.escape(re.split(r"(?<=[.?!])\s", text)[0])
        shape = "".join(
            f' {side}="{int(size[side])}"' for side in ("width", "height") if side in size
        )
        wide = ' class="wide"' if size.get("width", 0) > 860 else ""
        return (
            f'<figure{wide}><img src="{name}" alt="{words}"{shape} loading="lazy">'
            f'<figcaption><a href="{name}" aria-label="Full size: {title}">Full size</a>'
            "</figcaption></figure>"
        )

    def keep_picture(self, content, suffix):
        self.pictures += 1
        stem = posixpath.splitext(self.page.file)[0].replace("/", "-")
        name = f"pictures/{stem}-{self.pictures:02}{suffix}"
        target = self.folder / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content)
        return self.page.up + name


# ---------------------------------------------------------------- reading it back


class Reader(HTMLParser):
    """What a finished page holds: its links, its anchors, its words by section, and its faults."""

    LOADED = {"link": "href", "script": "src", "img": "src", "source": "src", "iframe": "src"}
    LEFT_OUT = {"output", "formula", "turn"}  # of the search
    HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
    BLOCKS = {"p", "li", "td", "th", "pre", "br", "div", "summary", "details"}
    VOID = {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
    }

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.links, self.anchors, self.faults = [], set(), []
        self.sections = [["", "", []]]  # anchor, heading, words
        self.pictures = self.first_headings = 0
        self.open = []  # the elements we are in, of (tag, what they make of the words in them)
        self.inside = {"main": 0, "heading": 0, "left out": 0}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, pairs):
        attributes = dict(pairs)
        if "id" in attributes:
            # An output may well be shown twice.
            if attributes["id"] in self.anchors and not self.inside["left out"]:
                self.faults.append(f"two elements have the id '{attributes['id']}'")
            self.anchors.add(attributes["id"])
        address = attributes.get("href" if tag == "a" else self.LOADED.get(tag))
        if address is not None:
            if tag != "a" and re.match(r"\w+:|//", address) and not address.startswith("data:"):
                self.faults.append(
                    f"<{tag}> loads {address}; a page loads only what lies beside it"
                )
            self.links.append(address)
        if tag == "img":
            self.pictures += 1
            if not (attributes.get("alt") or "").strip():
                self.faults.append(
                    f"the picture {attributes.get('src', '')[:80]} has no alternative text"
                )
        if tag == "svg":
            self.pictures += 1
            if attributes.get("role") != "img" or not (attributes.get("aria-label") or "").strip():
                self.faults.append('a drawing (svg) has no role="img" with an aria-label')
        if tag == "h1":
            self.first_headings += 1
        if tag in self.HEADINGS and self.inside["main"]:
            self.sections.append([attributes.get("id", ""), "", []])
        if tag not in self.VOID:
            classes = (attributes.get("class") or "").split()
            left_out = tag in ("script", "noscript") or not self.LEFT_OUT.isdisjoint(classes)
            role = "main" if tag == "main" else "heading" if tag in self.HEADINGS else ""
            role = "left out" if left_out else role
            self.open.append((tag, role))
            if role:
                self.inside[role] += 1
        if tag in self.BLOCKS:
            self.sections[-1][2].append(" ")

    def handle_endtag(self, tag):
        if any(name == tag for name, _ in self.open):
            name = ""
            while name != tag:  # with what was left open in it, as a p in a li
                name, role = self.open.pop()
                if role:
                    self.inside[role] -= 1

    def handle_data(self, data):
        if self.inside["main"] and not self.inside["left out"]:
            if self.inside["heading"]:
                self.sections[-1][1] += data
            else:
                self.sections[-1][2].append(data)


def check(folder, readers):
    """Every fault of the pages, links that lead nowhere among them."""
    faults = []
    for file, reader in readers.items():
        found = list(reader.faults)
        if reader.first_headings != 1:
            found.append(f"wanted one first heading (#), but got {reader.first_headings}")
        for link in reader.links:
            if re.match(r"\w+:", link):
                continue
            path, _, anchor = link.partition("#")
            path = urllib.parse.unquote(path.partition("?")[0])
            target = (
                posixpath.normpath(posixpath.join(posixpath.dirname(file), path)) if path else file
            )
            if not (folder / target).is_file():
                found.append(f"a link leads to {link}, which is not in the book")
            elif (
                anchor
                and target in readers
                and urllib.parse.unquote(anchor) not in readers[target].anchors
            ):
                found.append(f"a link leads to {link}, but {target} has no such section")
        faults += [f"{file}: {fault}" for fault in found]
    if faults:
        raise Problem("the pages are not right:\n  " + "\n  ".join(faults))


# ---------------------------------------------------------------- the book


def build(folder, solutions):
    """Writes the book into an empty folder. Returns how many pages and pictures it has."""
    try:
        import jinja2
        import nbconvert.filters  # noqa: F401
    except ImportError as error:
        raise Problem(
            f"wanted nbconvert, which comes with Jupyter, in {sys.executable}, but got: {error}.\n"
            "  anywhere:        python3 -m pip install nbconvert\n"
            "  Debian, Ubuntu:  sudo apt install python3-nbconvert"
        ) from error

    groups = contents(solutions)
    pages = [page for group in groups for page in group.pages]
    targets = {page.source: page for page in pages}
    for page in pages:
        Writer(page, targets, folder).write()
        if not page.title:
            raise Problem(
                f"notebooks/{page.source}: wanted a first heading (# Title), but there is none"
            )
    start = pages[0]
    start.body = start.body.replace("</h1>", "</h1>\n" + NOTE, 1)

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(HERE)),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("page.html")
    search = Page("", "search.html", "Search", (HERE / "search.html").read_text(encoding="utf-8"))
    readers = {}
    for at, page in enumerate([*pages, search]):
        before = pages[at - 1] if 0 < at < len(pages) else None
        after = pages[at + 1] if at + 1 < len(pages) else None
        text = template.render(page=page, groups=groups, before=before, after=after)
        write(folder / page.file, text)
        readers[page.file] = Reader(text)

    for name in ASSETS:
        shutil.copyfile(HERE / name, folder / name)
    write(folder / "search-index.js", index(pages, readers))
    write(folder / MARKER, "The next `notebooks/lab book` replaces this folder as a whole.\n")
    check(folder, readers)
    return len(readers), sum(reader.pictures for reader in readers.values())


def index(pages, readers):
    """The words of the book by section: as a script, which a page that is a file may load."""
    rows = []
    for page in pages:
        for anchor, heading, words in readers[page.file].sections:
            text = re.sub(r"\s+", " ", "".join(words).replace("\u2061", "")).strip()
            if heading or text:
                address = page.file + (f"#{urllib.parse.quote(anchor)}" if anchor else "")
                rows.append([page.title, address, heading.strip() or page.title, text])
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f'"use strict";\nconst book = [\n{lines}\n];\n'


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))  # the same line ends everywhere


# ---------------------------------------------------------------- whole or absent


def check_output(output):
    """Whether a book may stand there: nothing but an older book is ever replaced."""
    if output.exists() and not output.is_dir():
        raise Problem(
            f"wanted a folder for the book, but {output} is a file. Name another one with --output"
        )
    above = next(folder for folder in output.parents if folder.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise Problem(
            f"the book cannot be written to {output}: {above} is no folder that you may write in."
            " Name another one with --output"
        )
    if output.is_dir() and any(output.iterdir()) and not (output / MARKER).is_file():
        raise Problem(
            f"wanted an empty folder or an older book, but {output} holds other files, which a new"
            " book would delete. Name another one with --output, or empty it"
        )


def replace(new, output):
    """Puts the new book where the old one is, or nothing."""
    if not output.exists() or not any(output.iterdir()):
        os.replace(new, output)
        return
    old = new.with_name(new.name + ".old")
    os.replace(output, old)
    try:
        os.replace(new, output)
    except OSError:
        os.replace(old, output)
        raise
    shutil.rmtree(old, ignore_errors=True)


def size(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def make(output, solutions):
    started = time.monotonic()
    check_output(output)
    new = None
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        new = pathlib.Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
        new.chmod(0o755)  # a web server reads it, too
        pages, pictures = build(new, solutions)
        megabytes = size(new) / 1e6
        replace(new, output)
    except OSError as error:
        raise Problem(
            f"the book cannot be written to {output}: {error}. Name another folder with --output"
        ) from error
    finally:
        if new is not None:
            shutil.rmtree(new, ignore_errors=True)
    seconds = time.monotonic() - started
    print(
        f"{pages} pages with {pictures} pictures, each with its words;"
        f" {megabytes:.1f} MB in {seconds:.1f} s."
    )
    print(f"The book: {output / 'index.html'}", flush=True)


def main():
    state = os.environ.get("GROUNDS_STATE") or NOTEBOOKS / ".lab"
    parser = argparse.ArgumentParser(usage="notebooks/lab book [--output FOLDER] [--solutions]")
    parser.add_argument("step", choices=("check", "build"))
    parser.add_argument("--output", default=pathlib.Path(state) / "book")
    parser.add_argument("--solutions", action="store_true")
    options = parser.parse_args()
    output = pathlib.Path(options.output).absolute()
    # What is half done goes away with whatever ends the build.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if options.step == "check":  # only whether these arguments make sense
            check_output(output)
        else:
            make(output, options.solutions)
    except Problem as problem:
        sys.exit(f"notebooks/lab: {problem}.")
    except KeyboardInterrupt:
        sys.exit(130)


main()
