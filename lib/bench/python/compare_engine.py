"""Sets our training step and generation beside their peers and prints a table in Markdown.

    mvn -q -DskipTests package
    python lib/bench/python/compare_engine.py [--rows tiny,small] [--rounds 20] [--output table.md]

Needs PyTorch in the Python that runs it, and transformers for the row of generation. Each side is a
process that lives as long as its row and sleeps on its standard input while it is not its turn. After
a warm-up they take turns of a second or two, and who begins changes from round to round. A ratio is
the median of the rounds' ratios, each of two turns one after the other; a speed is the median of the
turns' median steps. On a machine that others use trust the ratios, and look at their quartiles below.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from compare import MALLOC, class_path
from workload import parse

HERE = Path(__file__).parent
# As in the lab; OPT_OUT_TRACKING: no message to DJL's makers.
JVM = ["java", "-XX:+UseSerialGC", "-Xmx1g", "-Djava.awt.headless=true"]
JAVA_ENV = {**MALLOC, "OPT_OUT_TRACKING": "true"}
GPT2 = "C768 L12 H12 V50257 tied"
PLAIN, FAST = ["--kernels", "default"], ["--kernels", "onednn"]
TRAINING = {  # row: workload, to reach, what else we are told
    "tiny": ("T16 C32 L2 H2 B32", 1.3, PLAIN),
    "small": ("T64 C192 L4 H3 B32", 1.02, PLAIN),
    "small-fast": ("T64 C192 L4 H3 B32", 1.7, FAST),
    "medium": ("T256 C384 L6 H6 B8", 1.02, PLAIN),
    "medium-fast": ("T256 C384 L6 H6 B8", 1.8, FAST),
    "gpt2": (f"T512 B4 {GPT2}", 1.0, []),
}
GENERATION = {"generation": ("float32", 1.0), "generation-bfloat16": ("bfloat16", 2.5)}
ROWS = [*TRAINING, *GENERATION, "cache", "readable", "long", "start", "llm.c"]
HEADER = ["configuration", "against", "ours", "theirs", "ratio", "to reach", "reached"]
REST = 0.2  # seconds in which threads of the last turn fall asleep
TRIAL = 3  # rounds, after which...
CLEARLY_SLOWER = 1.3  # ...the thread count of a peer that takes so much longer than the other leaves
NEW_TOKENS = 64
LONG_TEXT = 512  # new tokens, to see what kept keys and values are worth


class Peer:
    """A process that takes steps on demand."""

    def __init__(self, name, command, env):
        self.name = name
        started = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**os.environ, **env},
        )
        self.about = self.answer()
        self.start_seconds = time.perf_counter() - started
        self.turns = []
        log(name, round(self.start_seconds, 2), self.about["computation"])

    def answer(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        sys.exit(f"{self.name} ended with {self.process.wait()}; its error is above.")

    def take(self, count):
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return self.answer()["seconds"]

    def memory(self, which):
        """In MB: VmHWM, the most that was resident so far, or VmRSS, what is now."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return float("nan")  # not Linux
        return int(re.search(rf"{which}:\s+(\d+) kB", status)[1]) / 1024

    def stop(self):
        """Also of one that has left already."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Llmc:
    """llm.c's CPU program; it cannot wait, so its turn is a whole run of its own 40 steps."""

    def __init__(self, folder, threads):
        self.folder, self.threads = Path(folder), threads
        self.name = f"llm.c, {threads} thread(s)"
        self.about = {"computation": self.name}
        self.turns = []

    def take(self, count):
        done = subprocess.run(
            ["./train_gpt2"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": str(self.threads)},
        )
        took = [float(t) / 1e3 for t in re.findall(r"^step .*\(took ([\d.]+) ms\)", done.stdout, re.M)]
        if done.returncode or len(took) < 2:
            sys.exit(f"{self.folder}/train_gpt2 printed no steps:\n{done.stdout}{done.stderr}")
        return took[1:]  # the first one fetches its memory

    def stop(self):
        pass


def log(*words):
    print(*words, file=sys.stderr, flush=True)


def java(words, name="ours"):
    main = [*JVM, "-cp", class_path(), "grounds.bench.StepServer"]
    return Peer(name, [*main, *map(str, words)], JAVA_ENV)


def python(script, threads, *words):
    name = f"{script}, {threads} threads"
    command = [sys.executable, str(HERE / f"{script}.py"), "--threads", str(threads), *words]
    return Peer(name, command, MALLOC if OPTIONS.same_malloc else {})


def our_threads():
    return [] if OPTIONS.threads == "auto" else ["--threads", OPTIONS.threads]


def thread_counts():
    return [1, 2] if (os.cpu_count() or 1) > 1 else [1]


def turns(sides, fixed=0):
    """Warms up, then lets the processes of both sides take turns: ours and theirs.

    Gives the fastest of each side, the ratio of the second to the first, and a line about it.

    fixed: the number to ask for; 0: as many steps as fill a turn
    """
    step = {}
    for peer in sum(sides, []):
        end = time.perf_counter() + OPTIONS.warm
        seconds = peer.take(fixed or 1)
        while time.perf_counter() < end:
            seconds = peer.take(fixed or max(1, round(0.5 / statistics.median(seconds))))
        step[peer] = statistics.median(seconds)
    for round_ in range(OPTIONS.rounds):
        peers = sum(sides, [])
        shift = round_ % len(peers)
        for peer in peers[shift:] + peers[:shift]:
            time.sleep(REST)
            count = fixed or max(1, round(OPTIONS.burst / step[peer]))
            peer.turns.append(statistics.median(peer.take(count)))
        log(*(f"{peer.name}: {peer.turns[-1] * 1e3:.2f} ms" for peer in peers))
        if round_ + 1 == TRIAL:
            sides = [without_the_clearly_slower(side) for side in sides]
    ours, theirs = (min(side, key=median) for side in sides)
    ratios = sorted(b / a for a, b in zip(ours.turns, theirs.turns))
    low, high = ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]
    note = (
        f"{ours.about['computation']} / {theirs.about['computation']}: {len(ratios)} rounds, "
        f"middle half of the ratios {low:.3f} to {high:.3f}"
    )
    return ours, theirs, statistics.median(ratios), note


def median(peer):
    return statistics.median(peer.turns)


def without_the_clearly_slower(side):
    limit = CLEARLY_SLOWER * min(map(median, side))
    for peer in side:
        if median(peer) > limit:
            log(peer.name, "is clearly slower and leaves")
            peer.stop()
    return [peer for peer in side if median(peer) <= limit]


def speed(tokens, peer):
    return f"{tokens / median(peer):,.0f} tokens/s"


def row(configuration, against, ours, theirs, ratio, reach=None):
    ends = [f"{reach}", "yes" if ratio >= reach else "no"] if reach else ["", ""]
    return [configuration, against, ours, theirs, f"{ratio:.3f}", *ends]


def training(name):
    workload, reach, words = TRAINING[name]
    # The large model at one thread is never the better one, and three of them need 15 GB.
    threads = thread_counts()[-1:] if name == "gpt2" else thread_counts()
    sides = [
        [java(["--workload", workload, *words, *our_threads()])],
        [python("step_server", n, "--workload", workload) for n in threads],
    ]
    ours, theirs, ratio, note = turns(sides)
    tokens = parse(workload).tokens
    against = theirs.about["computation"]
    what = workload + (", oneDNN's products" if words == FAST else "")
    lines = [row(what, against, speed(tokens, ours), speed(tokens, theirs), ratio, reach)]
    if name == "gpt2":
        peaks = [peer.memory("VmHWM") for peer in (ours, theirs)]
        megabytes = [f"{peak:,.0f} MB" for peak in peaks]
        lines.append(
            row(workload + ", peak memory", against, *megabytes, peaks[1] / peaks[0], 1.0)
        )
    stop(sides)
    return lines, [note]


def generation(name):
    precision, reach = GENERATION[name]
    words = ["--workload", f"T1024 B1 {GPT2}", "--work", "generate", "--precision", precision]
    # The library leaves the threads to the engine here, so both sides get their better number.
    ours = thread_counts() if OPTIONS.threads == "auto" else [OPTIONS.threads]
    sides = [
        [java([*words, "--threads", n], f"ours, {n} threads") for n in ours],
        [python("generation_server", n) for n in thread_counts()],
    ]
    ours, theirs, ratio, note = turns(sides, fixed=NEW_TOKENS)
    what = f"GPT-2 small writes {NEW_TOKENS} tokens after 16, weights in {precision}"
    speeds = [speed(NEW_TOKENS, peer) for peer in (ours, theirs)]
    stop(sides)
    return [row(what, theirs.about["computation"], *speeds, ratio, reach)], [note]


def cache():
    """A long text: with kept keys and values, without, and Hugging Face's with them."""
    words = ["--workload", f"T1024 B1 {GPT2}", "--work", "generate", *our_threads()]
    ours, without = java(words), java([*words, "--cache", "false"], "ours without cache")
    theirs = python("generation_server", thread_counts()[-1])
    for peer in (ours, without, theirs):
        peer.take(NEW_TOKENS // 4)
    without.turns += without.take(LONG_TEXT)  # minutes, so it is one turn
    for _ in range(min(5, OPTIONS.rounds)):
        for peer in (ours, theirs):
            time.sleep(REST)
            peer.turns += peer.take(LONG_TEXT)
    log(*(f"{peer.name}: {peer.turns} s" for peer in (ours, without, theirs)))
    lines = []
    for peer, name, reach in ((without, "ourselves without cache", 8.0), (theirs, None, 1.0)):
        what = f"GPT-2 small writes {LONG_TEXT} tokens after 16"
        speeds = [speed(LONG_TEXT, side) for side in (ours, peer)]
        ratio = median(peer) / median(ours)
        lines.append(row(what, name or peer.about["computation"], *speeds, ratio, reach))
    stop([[ours, without, theirs]])
    return lines, [f"A text of {LONG_TEXT}: {ours.about['computation']}"]


def readable():
    lines, notes = [], []
    for name in ("tiny", "small"):
        workload = TRAINING[name][0]
        words = ["--workload", workload, *our_threads()]
        sides = [[java(words)], [java([*words, "--step", "readable"], "readable")]]
        ours, theirs, ratio, note = turns(sides)
        speeds = [speed(parse(workload).tokens, peer) for peer in (ours, theirs)]
        lines.append(row(workload, "our readable step", *speeds, ratio))
        notes.append(note)
        stop(sides)
    return lines, notes


def long():
    """Twenty thousand steps of the tiny model: nothing slows down or grows."""
    workload = TRAINING["tiny"][0]
    peer = java(["--workload", workload, *our_threads()])
    steps, memory = [], []
    for thousand in range(OPTIONS.thousands):
        steps.append(statistics.median(peer.take(1000)))
        memory.append(peer.memory("VmRSS"))
        log(f"{thousand + 1} thousand steps: {steps[-1] * 1e3:.2f} ms, {memory[-1]:,.0f} MB")
    peer.stop()
    tokens = parse(workload).tokens
    name, against = f"{workload}, steps {len(steps) - 1},001 to {len(steps)},000", "steps 1 to 1,000"
    speeds = [f"{tokens / steps[i]:,.0f} tokens/s" for i in (-1, 0)]
    sizes = [f"{memory[i]:,.0f} MB" for i in (-1, 0)]
    return [
        row(name, against, *speeds, steps[0] / steps[-1]),
        row(name + ", resident memory", against, *sizes, memory[0] / memory[-1]),
    ], []


def start():
    """From the start of the process to the end of the first step."""
    workload = TRAINING["tiny"][0]
    words = ["--workload", workload, *our_threads()]
    seconds = {"ours": [], "theirs": []}
    parts = {"writingSeconds": [], "loadingSeconds": []}
    for _ in range(min(5, OPTIONS.rounds)):
        peer = java(words)
        seconds["ours"].append(peer.start_seconds)
        peer.stop()
        peer = python("step_server", thread_counts()[-1], "--workload", workload)
        seconds["theirs"].append(peer.start_seconds)
        against = peer.about["computation"]
        peer.stop()
        peer = java([*words, "--parts", "true"])
        for part, times in parts.items():
            times.append(peer.about[part])
        peer.stop()
    ours, theirs = (statistics.median(times) for times in seconds.values())
    writing, loading = (statistics.median(times) for times in parts.values())
    name = f"{workload}, start to first step done"
    note = f"Of our start, writing the script takes {writing:.2f} s, loading it {loading:.2f} s."
    return [row(name, against, f"{ours:.2f} s", f"{theirs:.2f} s", theirs / ours)], [note]


def llmc():
    workload = f"T64 B4 {GPT2}"  # what its program is written for
    if not OPTIONS.llm_c:
        return [[workload, "llm.c", "", "not given", "", "", ""]], []
    sides = [
        [java(["--workload", workload, *our_threads()])],
        [Llmc(OPTIONS.llm_c, n) for n in thread_counts()],
    ]
    ours, theirs, ratio, note = turns(sides)
    speeds = [speed(parse(workload).tokens, peer) for peer in (ours, theirs)]
    stop(sides)
    return [row(workload, theirs.name, *speeds, ratio)], [note]


def stop(sides):
    for peer in sum(sides, []):
        peer.stop()


def table(lines):
    cells = [HEADER, ["---"] * len(HEADER), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--rows", default=",".join(ROWS), help=f"of {','.join(ROWS)}")
    p.add_argument("--rounds", type=int, default=20)
    p.add_argument("--burst", type=float, default=1.5, help="seconds of a turn")
    p.add_argument("--warm", type=float, default=8, help="seconds of warm-up for each side")
    p.add_argument("--threads", default="auto", help="ours; auto: the library chooses")
    p.add_argument("--thousands", type=int, default=20, help="thousand steps in the row long")
    p.add_argument("--same-malloc", action="store_true", help="the lab's memory settings for both")
    p.add_argument("--llm-c", metavar="FOLDER", help="where llm.c's train_gpt2 and its data are")
    p.add_argument("--output", type=Path, help="a file for the table too")
    global OPTIONS
    OPTIONS = p.parse_args()
    names = OPTIONS.rows.split(",")
    if unknown := set(names) - set(ROWS):
        p.error(f"no rows {unknown}")
    others = {"cache": cache, "readable": readable, "long": long, "start": start, "llm.c": llmc}
    lines, notes = [], []
    for name in names:
        if name in TRAINING:
            more_lines, more_notes = training(name)
        elif name in GENERATION:
            more_lines, more_notes = generation(name)
        else:
            more_lines, more_notes = others[name]()
        lines += more_lines
        notes += more_notes
        text = table(lines) + "\n\n" + "\n".join(f"- {note}" for note in notes) + "\n"
        if OPTIONS.output:  # after each row: a long run that is stopped leaves what it has
            OPTIONS.output.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
