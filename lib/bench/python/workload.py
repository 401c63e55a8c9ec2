"""A workload such as "T64 C192 L4 H3 B32": context, channels, layers, heads, windows a batch.

More words: V50257 for another vocabulary than 65, "tied" for a head that is the token table. The
Java side reads the same text.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    """The fields have the names that train_char_gpt.Gpt asks for."""

    context: int
    width: int
    layers: int
    heads: int
    batch: int = 1
    vocabulary: int = 65
    tied: bool = False
    bias: bool = True
    dropout: float = 0.0

    @property
    def tokens(self):
        return self.batch * self.context


NAMES = dict(T="context", C="width", L="layers", H="heads", B="batch", V="vocabulary")


def parse(text):
    words = text.split()
    numbers = {NAMES[w[0]]: int(w[1:]) for w in words if w != "tied"}
    return Workload(**numbers, tied="tied" in words)
