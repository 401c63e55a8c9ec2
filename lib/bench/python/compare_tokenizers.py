"""Runs all tokenizers on the same texts, in turns, and prints tables of medians in Markdown.

    mvn -q -DskipTests package
    python lib/bench/python/compare_tokenizers.py tinyshakespeare.txt [--megabytes 100] [--rounds 3]

Needs tiktoken and tokenizers in the Python that runs it; SentencePiece's spm_train is left out, and
the table says so, where it is not installed. The first table of encoding is by the clock, the second
by processor time of the whole process, which others on the machine disturb less.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from compare import class_path
from multilingual_text import EMOJI, Writer

PEER = str(Path(__file__).with_name("tokenizer_bench.py"))
OURS = "grounds"
ENCODERS = [OURS, "jtokkit", "huggingface", "tiktoken (Python)", "huggingface (Python)"]
TRAINERS = [OURS, "huggingface (Python)", "spm (Python)"]
JVM = ["-Xmx6g"]
# Training is measured for memory too: the compiler that needs least, nothing mapped that is not
# used, and about the smallest heap that does; the mixed text's distinct words grow with its size.
TRAINING_JVM = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:off"]
TRAINING_HEAP = {"english": lambda megabytes: 12, "mixed": lambda megabytes: 64 + 3.4 * megabytes}
WORST = ["letter", "random", "spaces", "emoji"]
# One thread for Rust's pool. DJL: the processor's library, and no message to its makers.
ONE_THREAD = {"RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
DJL = {"RUST_FLAVOR": "cpu", "OPT_OUT_TRACKING": "true"}


class Bench:
    def __init__(self, a, folder):
        self.a, self.folder = a, folder

    def run(self, candidate, work, texts, jvm=(), **options):
        options.setdefault("repetitions", self.a.repetitions)
        words = ["--work", work, "--folder", str(self.folder)]
        words += ["--texts", os.pathsep.join(map(str, texts))]
        for name, value in options.items():
            words += ["--" + name, str(value)]
        name = candidate.removesuffix(" (Python)")
        if name != candidate:
            command = [sys.executable, PEER, "--candidate", name, *words]
        else:
            main = ["-cp", class_path(), "grounds.bench.TokenizerBench"]
            command = ["java", *(jvm or JVM), *main, "--candidate", name, *words]
        env = {**os.environ, **DJL, **(ONE_THREAD if work == "encode" else {})}
        done = subprocess.run(command, capture_output=True, text=True, env=env)
        if done.returncode:
            sys.exit(f"{candidate}, {work}, failed:\n{done.stderr}")
        results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        for result in results:
            print(json.dumps(result), file=sys.stderr, flush=True)
        return results

    def turns(self, candidates, work, texts, jvm=(), **options):
        """Results by candidate and text, one of each round; who begins changes by round."""
        found = {}
        for round in range(self.a.rounds):
            shift = round % len(candidates)
            for candidate in candidates[shift:] + candidates[:shift]:
                if round and any("over" in r for t in texts for r in found[candidate, t.name]):
                    continue
                for result in self.run(candidate, work, texts, jvm, **options):
                    found.setdefault((candidate, result["text"]), []).append(result)
        return found


def median(results, key="seconds"):
    return statistics.median(s for result in results for s in result[key])


def rows(header, lines):
    return "\n".join(["| " + " | ".join(cells) + " |" for cells in [header, ["---"] * len(header), *lines]])


def check_equal(found):
    """Ids and their number are the same, whoever encoded and whenever."""
    by_text = {}
    for (_, text), results in found.items():
        for result in results:
            if "hash" in result:
                by_text.setdefault(text, set()).add((result["hash"], result["tokens"]))
    for text, seen in by_text.items():
        if len(seen) != 1:
            sys.exit(f"The candidates do not agree on {text}: {seen}")


def met(yes):
    return "yes" if yes else "no"


def encoding(bench, texts):
    measured = []
    for work, bar in (("encode", 2.0), ("encodeAll", 1.5)):
        for text in texts:
            measured.append((work, bar, text, bench.turns(ENCODERS, work, [text])))
            check_equal(measured[-1][-1])
    tables = []
    for clock, key in (("by the clock", "seconds"), ("processor time", "cpuSeconds")):
        lines = []
        for work, bar, text, found in measured:
            size = text.stat().st_size / 1e6
            times = {c: median(found[c, text.name], key) for c in ENCODERS}
            ratio = min(t for c, t in times.items() if c != OURS) / times[OURS]
            threads = "one thread" if work == "encode" else f"{os.cpu_count()} cores"
            cells = [f"{times[c]:.3f} s, {size / times[c]:.1f} MB/s" for c in ENCODERS]
            ends = [f"{ratio:.2f}", f"{bar}", met(ratio >= bar)]
            lines.append([f"encode, {threads}", f"{text.stem}, {size:.0f} MB", *cells, *ends])
        header = [clock, "text", *ENCODERS, "fastest peer / grounds", "to reach", "reached"]
        tables.append(rows(header, lines))
    tables.append("jtokkit has no call for many texts: a parallel stream over its encode.")
    return "\n\n".join(tables)


def training(bench, texts):
    trainers = [c for c in TRAINERS if not c.startswith("spm") or shutil.which("spm_train")]
    lines = []
    for text in texts:
        size = text.stat().st_size / 1e6
        heap = f"-Xmx{round(TRAINING_HEAP[text.stem](size))}m"
        jvm = [*TRAINING_JVM, heap]
        # One training in each process, as whoever trains a vocabulary does: cold, that is.
        found = bench.turns(trainers, "train", [text], jvm, warm=0, repetitions=0)
        times, cpu = (
            {c: statistics.median(r[key] for r in found[c, text.name]) for c in trainers}
            for key in ("firstSeconds", "firstCpuSeconds")
        )
        peaks = {c: max(r["peakMegabytes"] for r in found[c, text.name]) for c in trainers}
        idle = {c: bench.run(c, "idle", [], jvm)[0]["peakMegabytes"] for c in trainers}
        warm = bench.turns([OURS], "train", [text], jvm, warm=5)
        peers = [c for c in trainers if c != OURS]
        fastest = min(peers, key=times.get)
        for c in trainers:
            again = f"; warm {median(warm[c, text.name]):.2f}" if c == OURS else ""
            fast, small = times[c] <= times[fastest], peaks[c] <= 0.5 * peaks[fastest]
            growth = {each: peaks[each] - idle[each] for each in (c, fastest)}
            lines.append(
                [
                    f"{text.stem}, {size:.0f} MB",
                    f"{c}, {heap}" if c == OURS else c,
                    f"{times[c]:.2f} s{again}",
                    f"{cpu[c]:.2f} s",
                    f"{peaks[c]:.0f} MB",
                    f"{growth[c]:.0f} MB over {idle[c]:.0f}",
                    f"{times[fastest] / times[c]:.2f}",
                    f"{peaks[c] / peaks[fastest]:.2f}",
                    f"{growth[c] / growth[fastest]:.2f}",
                    f"{met(fast)}, {met(small)}" if c == OURS else "",
                ]
            )
    header = ["train 10,000", "candidate", "first time in a process", "processor", "peak memory", "growth"]
    header += ["speed / fastest peer's", "peak / its", "growth / its", "reached 1.0, 0.5"]
    missing = "" if len(trainers) == len(TRAINERS) else " spm_train is not installed: left out."
    return rows(header, lines) + f"\n\nJava's options: {' '.join(TRAINING_JVM)}.{missing}"


def worst_case_text(kind, size):
    random_ = random.Random(1)
    if kind == "letter":
        return b"a" * size
    if kind == "spaces":
        return b" " * size
    if kind == "random":
        return bytes(97 + int(26 * random_.random()) for _ in range(size))
    one = [e for e in EMOJI if len(e) == 1 and len(e.encode()) == 4]
    return "".join(one[int(len(one) * random_.random())] for _ in range(size // 4)).encode()


def worst_cases(bench):
    lines = []
    for kind in WORST:
        texts = []
        for megabytes in (1, 2):
            texts.append(bench.folder / f"{kind}-{megabytes}MB.txt")
            texts[-1].write_bytes(worst_case_text(kind, round(megabytes * bench.a.worst_megabytes * 1e6)))
        options = {"chunk": 0, "warm": 3, "repetitions": 3, "limit": bench.a.limit}
        found = bench.turns(ENCODERS, "encode", texts, **options)
        check_equal(found)
        cells, ratio = [], 0
        for c in ENCODERS:
            one, two = (found[c, t.name] for t in texts)
            over = next((r for r in one + two if "over" in r or "failed" in r), None)
            if over is None:
                a, b = median(one), median(two)
                cells.append(f"{a:.3f} s, {b:.3f} s: {b / a:.2f}")
                ratio = ratio or b / a
            elif "over" in over:
                which = "1" if over in one else "2"
                cells.append(f"{which} MB: over {over['over']:g} s")
            else:
                cells.append(over["failed"].split(":")[0])
        lines.append([kind, *cells, "2.2", met(0 < ratio <= 2.2)])
    header = ["encode 1 MB, 2 MB of", *ENCODERS, "at most", "reached"]
    return rows(header, lines)


def prepare(a, folder):
    """The vocabulary for all, and the texts."""
    with zipfile.ZipFile(next(p for p in class_path().split(os.pathsep) if "jtokkit" in p)) as jar:
        ranks = jar.read("com/knuddels/jtokkit/r50k_base.tiktoken")
    (folder / "r50k_base.tiktoken").write_bytes(ranks)
    english, mixed = folder / "english.txt", folder / "mixed.txt"
    text = Path(a.english).read_bytes()
    english.write_bytes(text * max(1, round(a.megabytes * 1e6 / len(text))))
    mixed.write_bytes(Writer(1).text(a.megabytes * 1e6))
    return [english, mixed]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("english", help="a text that is repeated up to the size, tiny Shakespeare say")
    p.add_argument("--megabytes", type=float, default=100, help="of each text")
    p.add_argument("--worst-megabytes", type=float, default=1, help="of the smaller worst case")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--repetitions", type=int, default=1, help="timed, of each process")
    p.add_argument("--limit", type=float, default=20, help="seconds for a worst case")
    p.add_argument("--works", default="encode,train,worst")
    p.add_argument("--output", help="a file for the tables")
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench = Bench(a, folder)
        texts = prepare(a, folder)
        bench.run(OURS, "save", [])
        parts = []
        for work in a.works.split(","):
            if work == "encode":
                parts.append(encoding(bench, texts))
            elif work == "train":
                parts.append(training(bench, texts))
            else:
                parts.append(worst_cases(bench))
            print(parts[-1] + "\n", flush=True)
    if a.output:
        Path(a.output).write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
