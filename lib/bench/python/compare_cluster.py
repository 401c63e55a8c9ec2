"""How much faster two workers of Spark do a sweep than one, each worker on one core of its own.

    python lib/bench/python/compare_cluster.py [--rounds 3]

Starts a master and workers with notebooks/lab, and runs the same sweep on one worker and on two in
turn. Needs Linux (taskset) and two free cores.
"""

import argparse
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
LAB = ROOT / "notebooks" / "lab"
SWEEP = """
data   = tiny-shakespeare
depth  = 2 3
batch  = 8
budget = 4e11 6e11
seed   = 1 2 3
"""


def start(command, log):
    """A process group of its own, so that all of it can be stopped."""
    with open(log, "w") as out:
        return subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)


def stop(process):
    os.killpg(process.pid, signal.SIGTERM)
    process.wait()


def wait_for(log, text):
    for _ in range(600):
        if text in log.read_text():
            return
        time.sleep(0.1)
    raise SystemExit(f"{log} does not say '{text}':\n{log.read_text()}")


def sweep(folder, workers, port, name):
    master_log = folder / f"{name}-master.log"
    master = start([LAB, "cluster", "master", "--port", str(port)], master_log)
    processes = [master]
    try:
        wait_for(master_log, "I have been elected leader")
        for core in range(workers):
            log = folder / f"{name}-worker-{core}.log"
            processes.append(
                start(
                    ["taskset", "-c", str(core), LAB, "cluster", "worker",
                     f"spark://127.0.0.1:{port}", "--cores", "1", "--memory", "2g"],
                    log,
                )
            )
            wait_for(log, "Successfully registered with master")
        begin = time.monotonic()
        subprocess.run(
            [LAB, "sweep", folder / "cluster.sweep", "--store", folder / name,
             "--master", f"spark://127.0.0.1:{port}"],
            check=True, stdout=subprocess.DEVNULL,
        )
        return time.monotonic() - begin
    finally:
        for process in reversed(processes):
            stop(process)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    folder = pathlib.Path(tempfile.mkdtemp())
    ratios = []
    try:
        (folder / "cluster.sweep").write_text(SWEEP)
        port = 17077
        for i in range(rounds):
            one, two = (sweep(folder, n, port + i, f"{i}-{n}") for n in (1, 2))
            ratios.append(one / two)
            print(f"one worker {one:.1f} s, two workers {two:.1f} s: {one / two:.2f} times", flush=True)
        print(f"median: {statistics.median(ratios):.2f} times")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
