"""Writes the reference of BERT's tokenizer, as Hugging Face has it. See README.md."""

import json
import re
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import tokenizers
import transformers
from tokenizers import normalizers, pre_tokenizers

OUT = Path(__file__).resolve().parent.parent / "resources" / "reference" / "wordpiece.json"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

TEXTS = [
    "Hello, world! The hugs of the unhappy pugs weren't understood.",
    "HELLO World hElLo",
    "  leading and trailing \t\n\r\n white   space  ",
    "caf\u00e9 CAF\u00c9 cafe\u0301 na\u00efve \u00c5ngstr\u00f6m \u212b \u1e9e \u00df stra\u00dfe",
    "\u0130stanbul I\u0307 \u0131 \u01c5 \u01c6 \ufb01ne \u2126 \u212a",
    "\u039f\u0394\u039f\u03a3 \u03bf\u03b4\u03cc\u03c2 \u03a3\u03a3 \u1f08\u03b8\u03ae\u03bd\u03b7 \u1fb3",
    "\u041c\u043e\u0441\u043a\u0432\u0430 \u0439 \u0451 \u0419\u041e",
    "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22 \u0939\u093f\u0928\u094d\u0926\u0940 \u05e9\u05b8\u05dc\u05d5\u05b9\u05dd \u0645\u064e\u0631\u0652\u062d\u064e\u0628\u0627",
    "\u4e2d\u6587\u5b57\u7b26abc\u6df7\u5408 \u65e5\u672c\u8a9e\u3068\u304b\u306a\u30ab\u30ca\u304c\u3000\u3002\uff0c\uff01",
    "\ud55c\uad6d\uc5b4 \uac01 \u1112\u1161\u11ab",
    "\U00020000\U0002a6df \uf900\ufa0e \U0002f800 \u3400x\u4dbf \u3041\u3105",
    "\U0001f600 a\U0001f44d\U0001f3fdb \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f \U0001f1e9\U0001f1ea",
    "".join(f"a{chr(c)}b " for c in [*range(0x20), *range(0x7F, 0xA1), 0xAD]),
    "".join(f"a{chr(c)}b" for c in [0x20, 0xA0, 0x1680, *range(0x2000, 0x2010), 0x2028, 0x2029,
                                     *range(0x202A, 0x2030), 0x205F, 0x2060, 0x3000, 0xFEFF]),
    "".join(f"a{chr(c)}b" for c in range(0x21, 0x7F) if not chr(c).isalnum()),
    "a\u2013b\u2014c\u2026d\u201ce\u201df\u2018g\u2019h\u00abi\u00bbj\u00a1k\u00bfl\u00b7m\u00a7n\u00b6",
    "a\u20acb \u00a3c \u00a9d \u00aee \u2122f \u00b0g \u00b1h \u00d7i \u2192j \u2260k \u037el \u1fefm",
    "\ue000private \uf8ff \U000f0000 \ufffd non\ufffdcharacter \uffff x\ufdd0y",
    "half \ud83d and \ude00 and a\ud800b",
    "\ude00\ud83d",
    "a" * 100,
    "a" * 101,
    "b " + "a" * 5000 + " b",
    "\u00e9" * 100,
    "e\u0301" * 51,
    "\U0001f600" * 100 + " " + "\U0001f600" * 101,
    "a" * 99 + "\u0000b" + " " + "a" * 100 + "\u00adb",
    "##a ##hug a##b # ## ###",
    "12345 3.14159 1,000,000 x2 2x \u00bd \u00b2 \u0663\u0664",
    "http://example.org/a_b?c=d&e=f%20g#h user@example.org snake_case kebab-case",
    "def f(x):\n\treturn x**2 + 1  # square",
    "\u0301 \u0301a a\u0301\u0301\u0327b \u0300\u0301",
    "...!!! ?!? --",
    "\t \n",
    "",
]

CORPUS = """the hug of a pug and the hugs of the pugs are not understood by the unhappy
hello world caf\u00e9 cafe naive Hello World HELLO white space leading and trailing return square def
stra\u00dfe \u00dcber \u03bf\u03b4\u03bf\u03c3 \u03bf\u03b4\u03cc\u03c2 \u041c\u043e\u0441\u043a\u0432\u0430 \u043c\u043e\u0441\u043a\u0432\u0430
private character half example org user snake case 12345 1000 000 314
"""

# Some texts hold characters that the vocabulary should not have, so that [UNK] occurs.
NOT_IN_VOCABULARY = set("\u20ac\u5b57\u0e29\U0001f44d")


def sound(text: str) -> str:
    """Halves of surrogate pairs, which Rust does not have, as the replacement character."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def vocabulary(lower_case: bool) -> list[str]:
    """The words of the corpus, all characters, and the pieces of two to four characters that come often."""
    known, pieces = set(), Counter()
    for text in [*TEXTS, CORPUS]:
        for word in words(sound(text), lower_case):
            word = "".join(c for c in word if c not in NOT_IN_VOCABULARY)
            if text == CORPUS:
                known.add(word)
            for start in range(len(word)):
                prefix = "##" if start else ""
                known.add(prefix + word[start])
                pieces.update(prefix + word[start:start + size] for size in (2, 3, 4))
    known.update(piece for piece, count in pieces.items() if count > 3)
    return SPECIAL + sorted(known - {""})


def encodings(lower_case: bool) -> dict:
    tokens = vocabulary(lower_case)
    bert = transformers.BertTokenizer(
        vocab={token: id for id, token in enumerate(tokens)}, do_lower_case=lower_case)
    backend = bert.backend_tokenizer
    ids = [bert(sound(text), add_special_tokens=False)["input_ids"] for text in TEXTS]
    special = "[CLS]Hug the [MASK].[SEP][sep] [UNK]x[PAD]"
    with_special = bert(special, add_special_tokens=False)["input_ids"]
    backend.encode_special_tokens = True
    plain = backend.encode(special, add_special_tokens=False).ids
    backend.encode_special_tokens = False
    decoder = tokenizers.decoders.WordPiece(cleanup=False)
    decoded = [decoder.decode([tokens[id] for id in row]) for row in ids]
    return {"vocabulary": " ".join(tokens), "ids": ids, "decoded": decoded,
            "specialText": special, "specialAllowed": with_special, "specialPlain": plain}


def words(text: str, lower_case: bool) -> list[str]:
    normal = normalizers.BertNormalizer(lowercase=lower_case).normalize_str(text)
    return [word for word, _ in pre_tokenizers.BertPreTokenizer().pre_tokenize_str(normal)]


def characters() -> dict:
    """What becomes of a character between two letters, in runs: [first, last, what].

    Those that Unicode 3.2 had, in a category that they still have: so that it does not matter which
    version of Unicode each side knows.
    """
    runs, changed = [], {}
    old = unicodedata.ucd_3_2_0
    for c in range(sys.maxunicode + 1):
        character = chr(c)
        category = old.category(character)
        if category in ("Cn", "Cs") or category != unicodedata.category(character):
            continue
        cased = words(f"a{character}b", False)
        kinds = {
            ("ab",): "dropped",
            ("a", "b"): "space",
            ("a" + character + "b",): "letter",
            ("a", character, "b"): "alone",
        }
        kind = kinds[tuple(cased)]
        if runs and runs[-1][2] == kind and runs[-1][1] == c - 1:
            runs[-1][1] = c
        else:
            runs.append([c, c, kind])
        uncased = words(f"a{character}b", True)
        if uncased != cased and c < 0x2100:
            changed[character] = " ".join(uncased)
    return {"runs": runs, "lowerCaseBelow": 0x2100, "lowerCase": changed}


def main() -> None:
    values = {
        "transformers": transformers.__version__,
        "tokenizers": tokenizers.__version__,
        "texts": TEXTS,
        "cased": encodings(False),
        "uncased": encodings(True),
        "characters": characters(),
    }
    text = json.dumps(values, indent=1)
    text = re.sub(r"\[[^]\[{\"]*\]", lambda row: " ".join(row[0].split()), text)  # a row a line
    text = re.sub(r"\[\s+(\d+),\s+(\d+),\s+(\"\w+\")\s+\]", r"[\1, \2, \3]", text)
    OUT.write_text(text + "\n")
    print(f"{OUT.name}: {len(text):,} characters, {len(values['characters']['runs'])} runs")


main()
