"""Runs our training script in Python's PyTorch, on any device, beside the same model in plain PyTorch.

    java -cp ... grounds.bench.ScriptFile --folder here --workload "T64 C192 L4 H3 B32"
    python run_script.py here [--device cuda] [--profile] [--steps 100]

First it checks: loss, gradients and the weights after a step are those of autograd and torch.optim.
Then it times the script against eager PyTorch and torch.compile, in turns on the same device, at the
same precision (bfloat16: eager runs under autocast). --profile names the kernels that ran: whether
attention was fused, and whether products ran on tensor cores. Ends with an error where a check fails.
"""

import argparse
import copy
import json
import re
import statistics
import sys
import time
from pathlib import Path

import torch
from torch import nn

from train_char_gpt import Gpt, adamw, loss_of
from workload import parse

RATE = 1e-3
# Float32 on both sides, added up in another order; relative to the largest value of a tensor.
FLOAT32_TOLERANCE = 2e-4
# An error of bfloat16 may be so many times that of autocast, which rounds at other places.
BFLOAT16_FACTOR = 1.5
OUR_NAMES = {  # of the peer's parameters
    "tokens": "tokenEmbedding",
    "positions": "positionEmbedding",
    "norm1": "attentionNorm",
    "qkv": "attention.queryKeyValue",
    "output": "attention.output",
    "norm2": "feedForwardNorm",
    "expand": "feedForward.expand",
    "contract": "feedForward.contract",
    "norm": "finalNorm",
}
FUSED_ATTENTION = r"flash|fmha|cudnn.*(sdpa|attention)|mem_eff|efficient_attention"
# A product of float32 numbers in float32 (ffma) is called xmma as well.
TENSOR_CORES = r"tensorop|hmma|gmma|s1688|s16816|nvjet|xmma(?!.*ffma)|_tc_|flash|cudnn.*sdpa"


class Script:
    """The loaded text, and the tensors that it shares with us."""

    def __init__(self, folder, about, model, device):
        # As the library sets it: on a text this flat the optimizer of graphs gains nothing.
        torch._C._set_graph_executor_optimize(False)
        self.module = torch.jit.load(str(folder / "script.pt"), map_location=device).train()
        given = {ours(name): p.detach().clone() for name, p in model.named_parameters()}
        wanted = about["parameters"]
        shapes = {name: list(p.shape) for name, p in given.items()}
        if shapes != wanted:
            sys.exit(f"The script wants {wanted}, the model has {shapes}.")
        self.weights = {name: given[name] for name in wanted}
        trained = about["decayed"] + about["plain"]
        self.gradients = {name: torch.zeros_like(self.weights[name]) for name in trained}
        loss = torch.zeros((), device=device)
        self.module.setup(list(self.weights.values()), list(self.gradients.values()), [loss])
        for group in ("decayed", "plain"):
            weights = [self.weights[name] for name in about[group]]
            if weights:
                getattr(self.module, group + "Optimizer")(
                    weights,
                    [self.gradients[name] for name in about[group]],
                    [torch.zeros_like(w) for w in weights],
                    [torch.zeros_like(w) for w in weights],
                    [torch.zeros((), device=device)] * len(weights),
                )
        self.rate = torch.tensor(RATE, device=device)

    def inputs(self, ids, targets):
        share = torch.full((1, 1), 1 / targets.numel(), device=ids.device)
        return ids, targets, share, torch.tensor([0, 0])

    def accumulate(self, ids, targets):
        with torch.enable_grad():  # so that what the text sets is set back
            return self.module.accumulate(*self.inputs(ids, targets)).item()

    def step(self, ids, targets):
        with torch.enable_grad():
            return self.module.step(*self.inputs(ids, targets), self.rate)[0]


def ours(name):
    """Our name of a parameter of the peer."""
    return ".".join(OUR_NAMES.get(word, word) for word in name.split("."))


class Plain:
    """The same model in plain PyTorch."""

    def __init__(self, model, precision, clip, compiled=False):
        self.model = copy.deepcopy(model)
        self.parameters = list(self.model.parameters())
        self.optimizer = adamw(self.model)
        for group in self.optimizer.param_groups:
            group["lr"] = RATE
        self.narrow, self.clip = precision == "bfloat16", clip
        self.loss_of = torch.compile(loss_of) if compiled else loss_of

    def backward(self, ids, targets):
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(ids.device.type, torch.bfloat16, enabled=self.narrow):
            loss = self.loss_of(self.model, ids, targets)
        loss.backward()
        return loss.detach()

    def step(self, ids, targets):
        loss = self.backward(ids, targets)
        nn.utils.clip_grad_norm_(self.parameters, self.clip)
        self.optimizer.step()
        return loss

    def gradients(self):
        return {ours(name): p.grad for name, p in self.model.named_parameters()}

    def weights(self):
        return {ours(name): p.detach() for name, p in self.model.named_parameters()}


def error(found, wanted):
    """The largest difference in any tensor, relative to the largest value of that tensor."""
    return max(
        ((found[n] - wanted[n]).abs().max() / wanted[n].abs().max().clamp_min(1e-12)).item()
        for n in found
    )


def check(folder, about, model, ids, targets, device):
    """Compares with float32 autograd; gives whether all agree."""
    clip = about["update"].get("maxGradientNorm", float("inf"))
    precision = about["precision"]
    exact = Plain(model, "float32", clip)
    script = Script(folder, about, model, device)
    loss = exact.backward(ids, targets).item()
    errors = {
        "loss": abs(script.accumulate(ids, targets) - loss) / loss,
        "gradients": error(script.gradients, exact.gradients()),
    }
    limits = dict.fromkeys(errors, FLOAT32_TOLERANCE)
    if precision == "float32":
        exact.step(ids, targets)
        script.step(ids, targets)
        before = {ours(name): p.detach() for name, p in model.named_parameters()}
        # What the first step adds is about the rate, whatever the weight: compared on its own.
        moved, wanted = ({n: w[n] - before[n] for n in w} for w in (script.weights, exact.weights()))
        agree = [torch.isclose(moved[n], wanted[n], rtol=0.02, atol=0.02 * RATE) for n in moved]
        # Where a gradient is all but 0, its sign is chance, and the first step is its sign.
        share = torch.cat([a.flatten() for a in agree]).float().mean().item()
        errors["weights that moved otherwise"] = 1 - share
        limits["weights that moved otherwise"] = 0.01
    else:
        narrow = Plain(model, precision, clip)
        limits["loss"] = BFLOAT16_FACTOR * abs(narrow.backward(ids, targets).item() - loss) / loss
        limits["gradients"] = BFLOAT16_FACTOR * error(narrow.gradients(), exact.gradients())
        limits = {name: max(limit, 1e-3) for name, limit in limits.items()}
    for name, value in errors.items():
        said = "agrees" if value <= limits[name] else "DIFFERS"
        print(f"{name}: {value:.2e} from float32 autograd, at most {limits[name]:.2e}: {said}")
    return all(value <= limits[name] for name, value in errors.items())


def wait(device):
    if device == "cuda":
        torch.cuda.synchronize()


def timed(side, steps, ids, targets, device):
    wait(device)
    before = time.perf_counter()
    for _ in range(steps):
        loss = side.step(ids, targets)
    loss.item()  # once for all steps: reading it waits for the device
    wait(device)
    return (time.perf_counter() - before) / steps


def time_all(sides, a, ids, targets):
    for name in list(sides):
        try:
            timed(sides[name], a.warm, ids, targets, a.device)
        except Exception as e:  # torch.compile needs a compiler
            print(f"{name} does not run here: {str(e).strip().splitlines()[0]}")
            del sides[name]
    seconds = {name: [] for name in sides}
    for _ in range(a.rounds):
        for name, side in sides.items():
            seconds[name].append(timed(side, a.steps, ids, targets, a.device))
    print("\n| step by | tokens/s | script / this |\n| --- | --- | --- |")
    for name, times in seconds.items():
        ratio = statistics.median(t / s for s, t in zip(seconds["script"], times))
        speed = ids.numel() / statistics.median(times)
        print(f"| {name} | {speed:,.0f} | {ratio:.3f} |")


def profile(side, ids, targets, device):
    """Prints what took most time in two steps of the script."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    if device == "cuda":
        activities.append(torch.profiler.ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=activities) as found:
        timed(side, 2, ids, targets, device)
    events = found.key_averages()
    if device == "cuda":
        kernels = {e.key: e.self_device_time_total for e in events if e.device_type.name == "CUDA"}
        what = "kernels of the GPU"
    else:
        kernels = {e.key: e.self_cpu_time_total for e in events}
        what = "operations of the CPU"
    total = sum(kernels.values())
    print(f"\n{what}, share of the time:")
    for name, spent in sorted(kernels.items(), key=lambda pair: -pair[1])[:15]:
        print(f"  {spent / total:6.1%}  {name[:110]}")
    for question, pattern in (
        ("fused attention", FUSED_ATTENTION),
        ("tensor cores", TENSOR_CORES),
    ):
        if device != "cuda" and question == "tensor cores":
            print("tensor cores: not on a CPU")
            continue
        yes = {n: t for n, t in kernels.items() if re.search(pattern, n, re.I)}
        share = sum(yes.values()) / total
        names = ", ".join(n[:60] for n in yes)
        print(f"{question}: {f'yes, {share:.1%} of the time: {names}' if yes else 'no'}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("folder", type=Path, help="with script.pt and script.json")
    p.add_argument("--device", choices=["cpu", "cuda"], default=None, help="CUDA where it is there")
    p.add_argument("--threads", type=int, help="on a CPU")
    p.add_argument("--warm", type=int, default=5, help="steps before the first that is timed")
    p.add_argument("--steps", type=int, default=20, help="in a turn; 0: check alone")
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--no-compile", action="store_true", help="leave torch.compile out")
    p.add_argument("--profile", action="store_true")
    a = p.parse_args()
    if a.device == "cuda" and not torch.cuda.is_available():
        sys.exit("Asked for CUDA, but this PyTorch sees no GPU.")
    a.device = a.device or ("cuda" if torch.cuda.is_available() else "cpu")
    if a.threads:
        torch.set_num_threads(a.threads)
    about = json.loads((a.folder / "script.json").read_text())
    torch.backends.cuda.matmul.allow_tf32 = about["precision"] == "tf32"
    w = parse(about["workload"])
    if a.device == "cuda":
        place = torch.cuda.get_device_name()
    else:
        place = f"the CPU, {torch.get_num_threads()} threads (CUDA is not there: nothing ran on a GPU)"
    print(f"{about['workload']} in {about['precision']} on {place}, PyTorch {torch.__version__}")
    torch.manual_seed(1)
    model = Gpt(w, w.vocabulary).to(a.device)
    ids, targets = torch.randint(w.vocabulary, (2, w.batch, w.context), device=a.device)
    agrees = check(a.folder, about, model, ids, targets, a.device)
    clip = about["update"].get("maxGradientNorm", float("inf"))
    script = Script(a.folder, about, model, a.device)
    if a.steps:
        sides = {"script": script, "PyTorch eager": Plain(model, about["precision"], clip)}
        if not a.no_compile:
            sides["torch.compile"] = Plain(model, about["precision"], clip, compiled=True)
        time_all(sides, a, ids, targets)
    if a.profile:
        profile(script, ids, targets, a.device)
    sys.exit(0 if agrees else 1)


if __name__ == "__main__":
    main()
