"""Formulas: from the TeX that JupyterLab shows to the MathML that every browser shows.

A book that is read without a network has no MathJax. The lessons use a small part of TeX; this is
that part. What is not known here is an error, not a gap on the page: add it to a table below.
"""

import re
from html import escape

# Symbols that are read as names.
NAMES = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε",
    "zeta": "ζ", "eta": "η", "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν",
    "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "chi": "χ",
    "psi": "ψ", "omega": "ω", "ell": "ℓ", "infty": "∞", "top": "⊤", "nabla": "∇", "partial": "∂",
}  # fmt: skip
UPRIGHT = {
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ",
    "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
FUNCTIONS = {"ln", "log", "exp", "sin", "cos", "tan", "tanh", "max", "min", "arg", "det"}
# Between two things; a long formula may be broken after one of them.
INFIX = {
    "+": "+", "-": "−", "=": "=", "<": "<", ">": ">", "/": "/", ":": ":", "cdot": "⋅",
    "times": "×", "pm": "±", "approx": "≈", "sim": "∼", "propto": "∝", "le": "≤", "leq": "≤",
    "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "ll": "≪", "gg": "≫", "in": "∈", "to": "→",
    "leftarrow": "←", "rightarrow": "→", "Rightarrow": "⇒", "Longleftrightarrow": "⟺", "succ": "≻",
    "prec": "≺", "odot": "⊙", "circ": "∘", "mid": "∣",
}  # fmt: skip
LARGE = {"sum": "∑", "prod": "∏"}
MARKS = {",": ",", ";": ";", ".": ".", "!": "!", "dots": "…", "ldots": "…", "cdots": "⋯"}
FENCES = {"(", ")", "[", "]", "|", "{", "}"}
SPACES = {
    ",": "0.17em",
    ":": "0.22em",
    ";": "0.28em",
    " ": "0.25em",
    "!": "",
    "quad": "1em",
    "qquad": "2em",
}
SIZES = {"big": "1.2em", "Big": "1.8em", "bigg": "2.4em", "Bigg": "3em"}

TOKEN = re.compile(r"\\([a-zA-Z]+|.)|(\d+(?:\.\d+)?)|(\s+)|(.)", re.S)
# An inline formula with more signs than this may be broken, as TeX does: it has to fit a phone.
LONG = 24


class FormulaError(Exception):
    pass


def mathml(tex, display=False):
    """The formula as HTML: one `math` element, or several where it may be broken."""
    parser = Parser(tex)
    pieces = parser.row()
    if parser.at < len(parser.tokens):
        raise parser.error(f"'{parser.peek()[1]}' closes nothing")
    if display:  # what stands side by side on a wide page stands one below the other on a phone
        parts = split(pieces, lambda piece: piece.quad)
        lines = "".join(math(part, ' displaystyle="true"') for part in parts)
        return f'<span class="formula">{lines}</span>'
    length = len(re.sub(r"<[^>]*>|&\w+;", "", join(pieces)))
    parts = split(pieces, lambda piece: piece.breaks) if length > LONG else [pieces]
    return "<wbr>".join(math(part) for part in parts)


def math(pieces, attributes=""):
    return f"<math{attributes}><mrow>{join(pieces)}</mrow></math>"


def split(pieces, after):
    parts = [[]]
    for piece in pieces:
        parts[-1].append(piece)
        if after(piece):
            parts.append([])
    return [part for part in parts if part]


class Piece(str):
    """MathML, and what its neighbours have to know of it."""

    function = breaks = opens = limits = quad = False

    @staticmethod
    def of(text, **properties):
        piece = Piece(text)
        piece.__dict__.update(properties)
        return piece


def join(pieces):
    return "".join(pieces)


def grouped(pieces):
    return pieces[0] if len(pieces) == 1 else f"<mrow>{join(pieces)}</mrow>"


class Parser:
    def __init__(self, tex):
        self.tex = tex
        self.at = 0
        self.tokens = []  # of (kind, text)
        for command, number, space, sign in TOKEN.findall(tex):
            if command:
                self.tokens.append(("command", command))
            elif number:
                self.tokens.append(("number", number))
            elif sign:
                self.tokens.append(("sign", sign))
            else:
                self.tokens.append(("space", space))

    def error(self, what):
        return FormulaError(
            f"the formula ${self.tex.strip()}$ cannot be set: {what}. Write it otherwise, or"
            " teach it to notebooks/book/formula.py"
        )

    def peek(self, spaces=False):
        while not spaces and self.at < len(self.tokens) and self.tokens[self.at][0] == "space":
            self.at += 1
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "the end")

    def next(self):
        token = self.peek()
        self.at += 1
        return token

    def row(self):
        """Pieces up to a closing brace, a `\\right` or the end, none of which is taken."""
        pieces = []
        while True:
            kind, text = self.peek()
            if kind == "end" or (kind, text) in (("sign", "}"), ("command", "right")):
                return pieces
            piece = self.scripted(self.atom(not pieces or pieces[-1].breaks or pieces[-1].opens))
            # Names of functions keep a distance from what they are multiplied by and applied to.
            if piece.function and pieces and not pieces[-1].startswith(("<mo", "<mspace")):
                pieces.append(Piece('<mspace width="0.17em"/>'))
            pieces.append(piece)
            if piece.function and self.needs_space():
                pieces.append(Piece('<mspace width="0.17em"/>'))

    def needs_space(self):
        kind, text = self.peek()
        opens = kind == "command" and text in {"left", *SIZES, *SPACES} or text in "([,.)"
        return kind != "end" and not opens

    def scripted(self, base):
        scripts = {}
        while self.peek() in (("sign", "_"), ("sign", "^"), ("sign", "'")):
            sign = self.next()[1]
            where, script = ("^", "<mo>′</mo>") if sign == "'" else (sign, self.argument())
            if where in scripts:
                raise self.error(f"two scripts '{where}' on one base")
            scripts[where] = script
        if not scripts:
            return base
        below, above = ("under", "over") if base.limits else ("sub", "sup")
        tag = "m" + (below if "_" in scripts else "") + (above if "^" in scripts else "")
        inner = scripts.get("_", "") + scripts.get("^", "")
        return Piece.of(f"<{tag}>{base}{inner}</{tag}>", function=base.function)

    def argument(self):
        """What a command or script applies to: a group in braces, or a single sign."""
        kind, text = self.peek()
        if (kind, text) == ("sign", "{"):
            return grouped(self.group())
        if kind == "number" and len(text) > 1:  # \frac12 is a half
            self.tokens[self.at : self.at + 1] = [("number", sign) for sign in text]
        if kind == "end":
            raise self.error("something is missing at its end")
        return self.atom(True)

    def group(self):
        self.next()
        pieces = self.row()
        if self.next() != ("sign", "}"):
            raise self.error("a brace is not closed")
        return pieces or [Piece("<mrow></mrow>")]

    def words(self):
        """The text of a group, taken as it is, spaces too."""
        if self.next() != ("sign", "{"):
            raise self.error("a text needs braces")
        text = ""
        while self.peek(spaces=True) != ("sign", "}"):
            kind, part = self.peek(spaces=True)
            if kind in ("end", "command") and part != " ":
                raise self.error("its text is not closed, or holds a command")
            text += part
            self.at += 1
        self.at += 1
        return text

    def fence(self):
        kind, text = self.next()
        if text not in FENCES | {"."}:
            raise self.error(f"'{text}' is no bracket")
        return "" if text == "." else text

    def atom(self, first):
        kind, text = self.next()
        if kind == "number":
            return Piece(f"<mn>{text}</mn>")
        if kind == "sign" and text.isalpha():
            return Piece(f"<mi>{text}</mi>")
        if (kind, text) == ("sign", "{"):
            self.at -= 1
            return Piece(grouped(self.group()))
        if kind == "command" and text in SPACES:
            width = SPACES[text]
            return Piece.of(
                f'<mspace width="{width}"/>' if width else "",
                breaks="quad" in text,
                quad="quad" in text,
            )
        if text in FENCES:
            side = ' lspace="0" rspace="0"' if text == "|" else ""
            return Piece.of(f'<mo stretchy="false"{side}>{text}</mo>', opens=text in "([")
        if text in INFIX and (kind == "command") == text.isalpha():
            if first and text in "+-":  # a sign, not an operation
                return Piece(f'<mo form="prefix">{INFIX[text]}</mo>')
            side = ' lspace="0.1em" rspace="0.1em"' if text == "/" else ""
            return Piece.of(
                f'<mo form="infix"{side}>{escape(INFIX[text])}</mo>', breaks=text != "/"
            )
        if text in MARKS:
            tag = "mo" if text in ",;" else "mtext"
            return Piece.of(f"<{tag}>{MARKS[text]}</{tag}>", opens=tag == "mo")
        if kind == "command":
            return self.command(text)
        raise self.error(f"'{text}' is not known")

    def command(self, name):
        if name in NAMES:
            return Piece(f"<mi>{NAMES[name]}</mi>")
        if name in UPRIGHT:
            return Piece(f'<mi mathvariant="normal">{UPRIGHT[name]}</mi>')
        if name in FUNCTIONS:
            return Piece.of(f"<mi>{name}</mi>", function=True)
        if name in LARGE:
            return Piece.of(f"<mo>{LARGE[name]}</mo>", limits=True)
        if name == "text":
            # Spaces at the ends of an mtext count for nothing unless they are hard ones.
            return Piece(f"<mtext>{escape(self.words())}</mtext>".replace(" ", "\u00a0"))
        if name in ("mathrm", "operatorname"):
            word = self.words()
            upright = ' mathvariant="normal"' if len(word) == 1 else ""
            return Piece.of(f"<mi{upright}>{escape(word)}</mi>", function=len(word) > 1)
        if name in ("frac", "tfrac"):
            fraction = f"<mfrac>{self.argument()}{self.argument()}</mfrac>"
            small = '<mstyle displaystyle="false" scriptlevel="0">'
            return Piece(f"{small}{fraction}</mstyle>" if name == "tfrac" else fraction)
        if name == "sqrt":
            return Piece(f"<msqrt>{self.argument()}</msqrt>")
        if name == "left":
            left, pieces = self.fence(), self.row()
            if self.next() != ("command", "right"):
                raise self.error("a \\left has no \\right")
            right = self.fence()
            return Piece(
                f'<mrow><mo form="prefix" stretchy="true">{left}</mo>{join(pieces)}'
                f'<mo form="postfix" stretchy="true">{right}</mo></mrow>'
            )
        if name.rstrip("lr") in SIZES:
            size = SIZES[name.rstrip("lr")]
            return Piece(
                f'<mo stretchy="true" symmetric="true" minsize="{size}" maxsize="{size}">'
                f"{self.fence()}</mo>"
            )
        raise self.error(f"\\{name} is not known")
