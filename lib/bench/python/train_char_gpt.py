"""A character GPT trained by PyTorch: the peer that our training speed is compared with.

Idiomatic and as fast as plain PyTorch gets: fused attention, AdamW in one call, no reading back of
values that the loop does not need. Same model, batches of the same shape, same optimizer as ours.
Prints one line of JSON.

    python train_char_gpt.py --corpus tinyshakespeare.txt                 # speed of 60 steps
    python train_char_gpt.py --corpus tinyshakespeare.txt --full          # the whole run
"""

import argparse
import json
import math
import statistics
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, a):
        super().__init__()
        self.heads = a.heads
        self.drop = nn.Dropout(a.dropout)
        self.norm1 = nn.LayerNorm(a.width, bias=a.bias)
        self.qkv = nn.Linear(a.width, 3 * a.width, bias=a.bias)
        self.output = nn.Linear(a.width, a.width, bias=a.bias)
        self.norm2 = nn.LayerNorm(a.width, bias=a.bias)
        self.expand = nn.Linear(a.width, 4 * a.width, bias=a.bias)
        self.contract = nn.Linear(4 * a.width, a.width, bias=a.bias)

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = (
            part.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
            for part in self.qkv(self.norm1(x)).split(width, dim=2)
        )
        # No dropout on the attention weights: it would leave the fast kernel of a CPU.
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.drop(self.output(mixed.transpose(1, 2).reshape(x.shape)))
        return x + self.drop(self.contract(F.gelu(self.expand(self.norm2(x)))))


class Gpt(nn.Module):
    def __init__(self, a, vocabulary):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, a.width)
        self.positions = nn.Embedding(a.context, a.width)
        self.drop = nn.Dropout(a.dropout)
        self.blocks = nn.ModuleList(Block(a) for _ in range(a.layers))
        self.norm = nn.LayerNorm(a.width, bias=a.bias)
        self.head = nn.Linear(a.width, vocabulary, bias=False)
        if a.tied:
            self.head.weight = self.tokens.weight
        for name, p in self.named_parameters():
            if p.dim() >= 2:
                residual = name.endswith(("output.weight", "contract.weight"))
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * a.layers) if residual else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, ids):
        x = self.drop(self.tokens(ids) + self.positions.weight[: ids.shape[1]])
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def loss_of(model, ids, targets):
    return F.cross_entropy(model(ids).flatten(0, 1), targets.flatten())


@torch.no_grad()
def validation_loss(model, data, context):
    """The mean over all positions of windows side by side."""
    model.eval()
    total = count = 0
    for starts in torch.arange(0, len(data) - context, context).split(64):
        ids, targets = windows(data, starts, context)
        total += loss_of(model, ids, targets).item() * len(starts)
        count += len(starts)
    model.train()
    return total / count


def windows(data, starts, context):
    places = starts[:, None] + torch.arange(context)
    return data[places], data[places + 1]


def learning_rate(step, a):
    if step < a.warmup:
        return a.rate * (step + 1) / (a.warmup + 1)
    progress = (step - a.warmup) / max(1, a.steps - a.warmup)
    return a.minimum + 0.5 * (1 + math.cos(math.pi * progress)) * (a.rate - a.minimum)


def adamw(model, decay=0.1, optimizer="fused"):
    """Our optimizer: matrices decay, biases and norms do not."""
    parameters = list(model.parameters())
    return torch.optim.AdamW(
        [
            {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": decay},
            {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
        ],
        betas=(0.9, 0.99),
        **{optimizer: True},
    )


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--corpus", type=Path, required=True, help="a text file")
    p.add_argument("--full", action="store_true", help="train all steps, then evaluate")
    p.add_argument("--measure", type=int, default=60, help="steps timed without --full")
    p.add_argument("--skip", type=int, default=60, help="first steps that are not timed")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--optimizer", choices=["fused", "foreach"], default="fused")
    p.add_argument("--context", type=int, default=64)
    p.add_argument("--width", type=int, default=192)
    p.add_argument("--layers", type=int, default=4)
    p.add_argument("--heads", type=int, default=3)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--steps", type=int, default=4000)
    p.add_argument("--dropout", type=float, default=0.0, help="after embeddings and sublayers")
    p.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    p.add_argument("--minimum", type=float, default=1e-4, help="last learning rate")
    p.add_argument("--warmup", type=int, default=100)
    p.add_argument("--decay", type=float, default=0.1)
    p.add_argument("--clip", type=float, default=1.0)
    p.add_argument("--bias", action=argparse.BooleanOptionalAction, default=True)
    p.add_argument("--tied", action="store_true", help="head and token table are one matrix")
    p.add_argument("--seed", type=int, default=1)
    return p.parse_args()


def main():
    a = arguments()
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    started = time.perf_counter()
    text = a.corpus.read_text(encoding="utf-8")
    id_of = {character: i for i, character in enumerate(sorted(set(text)))}
    data = torch.tensor([id_of[character] for character in text])
    training, validation = data[: int(0.9 * len(data))], data[int(0.9 * len(data)) :]
    model = Gpt(a, len(id_of))
    parameters = list(model.parameters())
    optimizer = adamw(model, a.decay, a.optimizer)
    seconds = []
    for step in range(a.steps if a.full else a.skip + a.measure):
        before = time.perf_counter()
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, a)
        starts = torch.randint(len(training) - a.context, (a.batch,))
        loss = loss_of(model, *windows(training, starts, a.context))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, a.clip)
        optimizer.step()
        last = loss.item()
        seconds.append(time.perf_counter() - before)
    result = {
        "peer": f"PyTorch {torch.__version__}",
        "threads": a.threads,
        "parameters": sum(p.numel() for p in parameters),
        "tokensPerSecond": round(
            a.batch * a.context / statistics.median(seconds[a.skip :] or seconds)
        ),
        "lastTrainingLoss": round(last, 4),
    }
    if a.full:
        result["trainingSeconds"] = round(sum(seconds), 1)
        value = validation_loss(model, validation, a.context)
        result["validationLoss"] = round(value, 4)
        result["validationPerplexity"] = round(math.exp(value), 3)
        result["wallSeconds"] = round(time.perf_counter() - started, 1)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
