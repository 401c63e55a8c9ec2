"""Steps of PyTorch on demand: the peer of grounds.bench.StepServer.

Reads how many from a line, takes them, prints a line of JSON with the seconds of each, and sleeps
until the next line. The step is what PyTorch's users write: the model of train_char_gpt.py, eager,
AdamW in one call, clipping, the loss read after each step.
"""

import argparse
import json
import sys
import time

import torch
from torch import nn

from train_char_gpt import Gpt, adamw, loss_of, windows
from workload import parse

TOKENS = 1_000_000  # of a text to cut batches out of
RATE = 1e-3
CLIP = 1.0


def serve(run, about):
    """Does one, says what computes, then answers each line until the first empty one."""
    print(json.dumps({"firstSeconds": run(1), **about()}), flush=True)
    for line in sys.stdin:
        if not line.strip():
            break
        print(json.dumps({"seconds": run(int(line)), **about()}), flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--workload", default="T64 C192 L4 H3 B32")
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    w = parse(a.workload)
    data = torch.randint(w.vocabulary, (TOKENS,))
    model = Gpt(w, w.vocabulary)
    parameters = list(model.parameters())
    optimizer = adamw(model)
    last = [0.0]

    def run(count):
        seconds = []
        for _ in range(count):
            before = time.perf_counter()
            for group in optimizer.param_groups:
                group["lr"] = RATE
            starts = torch.randint(len(data) - w.context, (w.batch,))
            loss = loss_of(model, *windows(data, starts, w.context))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, CLIP)
            optimizer.step()
            last[0] = loss.item()
            seconds.append(time.perf_counter() - before)
        return seconds

    threads = "1 thread" if a.threads == 1 else f"{a.threads} threads"
    computation = f"PyTorch {torch.__version__}, {threads}"
    size = sum(p.numel() for p in parameters)
    serve(run, lambda: {"parameters": size, "computation": computation, "loss": last[0]})


if __name__ == "__main__":
    main()
