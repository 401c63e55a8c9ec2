"""Runs the Java and the Python training step in turns and compares their medians.

    mvn -q -DskipTests package
    python lib/bench/python/compare.py tinyshakespeare.txt [--rounds 3] [-- --width 128 ...]

What follows the two dashes goes to both sides. Needs PyTorch in the Python that runs it, and an
otherwise idle machine.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FLAGS = {"full", "tied"}  # without a value in Python, with true in Java
# As in the lab: freed memory is kept for the next step, not handed back to the system (nor, for
# which the padding is, by threads other than the first), and memory comes in large pages.
MALLOC = {
    "MALLOC_TRIM_THRESHOLD_": "17179869184",
    "MALLOC_MMAP_THRESHOLD_": "17179869184",
    "MALLOC_TOP_PAD_": "134217728",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


def java_arguments(shared):
    result = []
    for word in shared:
        name = word.removeprefix("--")
        if name in FLAGS:
            result += [word, "true"]
        elif name == "no-bias":
            result += ["--bias", "false"]
        else:
            result.append(word)
    return result


def class_path():
    listed = ROOT / "lib/bench/target/dependencies.classpath"
    if not listed.exists():
        sys.exit("Build first: mvn -q -DskipTests package")
    classes = [ROOT / "lib/bench/target/classes", ROOT / "lib/grounds/target/classes"]
    return os.pathsep.join([*map(str, classes), listed.read_text().strip()])


def measure(side, command):
    env = {**os.environ, **(MALLOC if side == "java" else {})}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode:
        sys.exit(f"{' '.join(command[:3])} ... failed:\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("corpus")
    p.add_argument("--rounds", type=int, default=3)
    a = p.parse_args(words[:cut])
    shared = ["--corpus", a.corpus, *words[cut + 1 :]]
    script = str(Path(__file__).with_name("train_char_gpt.py"))
    java = ["java", "-Xmx1g", "-cp", class_path(), "grounds.bench.TrainCharGpt"]
    sides = {"java": [*java, *java_arguments(shared)], "python": [sys.executable, script, *shared]}
    results = {side: [] for side in sides}
    for _ in range(a.rounds):
        for side, command in sides.items():
            results[side].append(measure(side, command))
            print(side, json.dumps(results[side][-1]), flush=True)
    keys = [key for key in ("tokensPerSecond", "wallSeconds") if key in results["java"][0]]
    for key in keys:
        java, python = (statistics.median(r[key] for r in results[s]) for s in ("java", "python"))
        print(f"{key}: Java {java:,.0f}, Python {python:,.0f}, Java / Python {java / python:.3f}")


if __name__ == "__main__":
    main()
