"""Writes the token files that the tests read, from the layout in TokenFile's Javadoc alone."""

import hashlib
import struct
from pathlib import Path

import numpy

OUT = Path(__file__).resolve().parent.parent / "resources" / "reference"


def vocabulary_hash(tokens: list[bytes]) -> bytes:
    """Numbers are big-endian here, as in VocabularyHash; no special tokens."""
    parts = [struct.pack(">I", len(tokens))]
    for token in tokens:
        parts += [struct.pack(">I", len(token)), token]
    return hashlib.sha256(b"".join(parts)).digest()


def write(name: str, ids: numpy.ndarray, vocabulary_size: int, vocabulary: bytes, tokenizer: str):
    values = ids.tobytes()
    name_bytes = tokenizer.encode()
    header = b"GRNDTOKS"
    header += struct.pack("<IIQII", 1, ids.itemsize, len(ids), vocabulary_size, len(name_bytes))
    header += vocabulary + hashlib.sha256(values).digest() + name_bytes
    header += bytes(4064 - len(header))
    header += hashlib.sha256(header).digest()
    file = OUT / f"{name}.tokens"
    file.write_bytes(header + values)
    # What the Javadoc promises to those who read it with NumPy:
    mapped = numpy.memmap(file, dtype=ids.dtype.newbyteorder("<"), mode="r", offset=4096)
    assert mapped.tolist() == ids.tolist()
    print(f"{file.name}: {len(ids)} ids of {ids.itemsize} bytes")


characters = "abcdé😀"
text = [characters.index(character) for character in "abcdé😀da😀"]
write(
    "tokens-16",
    numpy.array(text, "<u2"),
    len(characters),
    vocabulary_hash([character.encode() for character in characters]),
    f"CharTokenizer of {len(characters)} tokens",
)
write(
    "tokens-32",
    numpy.array([0, 1, 255, 256, 65535, 65536, 69999], "<u4"),
    70_000,
    hashlib.sha256(b"seventy thousand").digest(),
    "Seventy thousand",
)
