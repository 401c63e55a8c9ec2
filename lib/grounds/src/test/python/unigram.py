"""Writes what the tests of UnigramTokenizer compare with. See README.md."""

import json
import random
import re
import sys
import tempfile
from pathlib import Path

import sentencepiece
import tokenizers
from tokenizers import models

OUT = Path(__file__).resolve().parent.parent / "resources" / "reference"
BYTES = [f"<0x{value:02X}>" for value in range(256)]
VOCABULARY_SIZE = 2000


def write(name: str, values: dict) -> None:
    text = json.dumps(values, indent=1)  # ASCII only: no editor can change it
    text = re.sub(r"\[[^]\[{]*\]", lambda row: " ".join(row[0].split()), text)  # a row a line
    (OUT / f"{name}.json").write_text(text + "\n")


def viterbi() -> None:
    """Given pieces: scores are quarters, so that sums are exact and ties are many."""
    rng = random.Random(1)
    letters = "ab\u00e9\u4e2d\U0001d518\u0301"  # one, two, three and four bytes, and a mark
    others = "!-\U0001f642\U0001f680\u2764\ufe0f\u200d"  # emoji, variation selector, joiner
    unknown = {letters: "z\u0436\U00010437", others: "#\u00a7\U0001f9e0"}
    pieces = {}
    for alphabet in (letters, others):
        for character in alphabet[:-2]:  # the last two are in pieces, but are none
            pieces[character] = -rng.randint(8, 24) / 4
        for _ in range(60):
            text = "".join(rng.choices(alphabet, k=rng.randint(2, 5)))
            text = rng.choice(["", " "]) + text
            pieces[text] = -rng.randint(8, 40) / 4
    pieces[" "] = -3.0
    words = ["a" * 300, "z" * 100, "\U0001d518" * 100, " " + "ab" * 150]
    for alphabet in (letters, others):
        for _ in range(80):
            known = rng.choices(alphabet, k=rng.randint(1, 25))
            word = [rng.choice(unknown[alphabet]) if rng.random() < 0.1 else c for c in known]
            word[0] = alphabet[0]  # a mark stands on something
            words.append(rng.choice(["", " "]) + "".join(word))
    vocabulary = [("<unk>", 0.0)] + [(byte, 0.0) for byte in BYTES] + list(pieces.items())
    model = models.Unigram(vocabulary, unk_id=0, byte_fallback=True)
    tokenizer = tokenizers.Tokenizer(model)
    ids = [[id - 1 for id in tokenizer.encode(word).ids] for word in words]
    write(
        "unigram-viterbi",
        {
            "tokenizers": tokenizers.__version__,
            "pieces": list(pieces),
            "logProbabilities": list(pieces.values()),
            "words": words,
            "ids": ids,  # bytes first, then pieces; no special tokens
        },
    )


def trained(text: Path) -> None:
    """SentencePiece's own training, and what it makes of words."""
    with tempfile.TemporaryDirectory() as folder:
        sentencepiece.SentencePieceTrainer.train(
            input=str(text),
            model_prefix=f"{folder}/m",
            model_type="unigram",
            vocab_size=VOCABULARY_SIZE,
            byte_fallback=True,
            normalization_rule_name="identity",
            minloglevel=2,
        )
        vocabulary = Path(f"{folder}/m.vocab").read_text()
        model = sentencepiece.SentencePieceProcessor(model_file=f"{folder}/m.model")
    (OUT / "unigram-sentencepiece.vocab").write_text(vocabulary)
    rng = random.Random(2)
    words = rng.sample(sorted(set(re.findall("[A-Za-z]+", text.read_text()))), 200)
    words += ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=12)) for _ in range(50)]
    words += ["supercalifragilisticexpialidocious", "na\u00efve", "\u4e2d\u6587", "\U0001d518x"]
    words += ["\U0001f642", "!!!", "--", "1990", "\u00e9t\u00e9", "X"]
    write(
        "unigram-sentencepiece",
        {
            "sentencepiece": sentencepiece.__version__,
            "words": words,  # SentencePiece puts a space before each
            "ids": [model.encode(word) for word in words],
        },
    )


if __name__ == "__main__":
    viterbi()
    trained(Path(sys.argv[1]))
