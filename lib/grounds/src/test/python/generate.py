"""Writes the reference files that the tests of the library read. See README.md."""

import json
import math
import re
import sys
from pathlib import Path

import torch
from torch.nn import functional as F

import tensorfile
from models import IGNORED, Attention, LanguageModel, Llama, Model, adapt

OUT = Path(__file__).resolve().parent.parent / "resources" / "reference"


def write(name: str, values: dict, tensors: dict[str, torch.Tensor]) -> None:
    values = {"torch": torch.__version__.split("+")[0], **values}
    OUT.mkdir(parents=True, exist_ok=True)
    text = json.dumps(values, indent=1)
    text = re.sub(r"\[[^]\[{]*\]", lambda row: " ".join(row[0].split()), text)  # a row a line
    (OUT / f"{name}.json").write_text(text + "\n")
    if tensors:
        tensorfile.write(OUT / f"{name}.safetensors", tensors)
    print(f"{name}: {', '.join(values)}; {', '.join(tensors)}")


def random(generator: torch.Generator, *shape: int, mean=0.0, spread=1.0) -> torch.Tensor:
    """Normal values that float32 holds exactly, as float64: files lose nothing."""
    return (mean + spread * torch.randn(shape, generator=generator)).double()


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def deviation(exact: dict[str, torch.Tensor], rounded: dict[str, torch.Tensor]) -> float:
    """How far float32 lies from float64, at most."""
    largest = max((exact[name] - rounded[name].double()).abs().max().item() for name in exact)
    return float(f"{largest:.1e}")


def warmup_cosine(step: int, peak: float, minimum: float, warmupSteps: int, steps: int) -> float:
    """Step counts from 0; up in a straight line, down along half a cosine, then flat."""
    if step < warmupSteps:
        return peak * (step + 1) / (warmupSteps + 1)
    if step >= steps:
        return minimum
    progress = (step - warmupSteps) / (steps - warmupSteps)
    return minimum + 0.5 * (1 + math.cos(math.pi * progress)) * (peak - minimum)


def schedule() -> None:
    cases = []
    for peak, minimum, warmup, steps in [
        (1e-3, 1e-4, 100, 4000),
        (6e-4, 6e-5, 0, 10),
        (3e-3, 0.0, 5, 50),
    ]:
        config = dict(peak=peak, minimum=minimum, warmupSteps=warmup, steps=steps)
        turns = (0, warmup, (warmup + steps) // 2, steps)
        chosen = sorted({max(0, turn + side) for turn in turns for side in (-1, 0, 1)})
        rates = [warmup_cosine(step, **config) for step in chosen]
        cases.append({**config, "at": chosen, "rates": rates})
    write("schedule", {"cases": cases}, {})


STORED = (1, 2, 10, 100, 1000)


def adamw() -> None:
    config = dict(beta1=0.9, beta2=0.99, epsilon=1e-8, weightDecay=0.1, maxGradientNorm=1.0)
    schedule = dict(peak=0.05, minimum=0.005, warmupSteps=10, steps=1000)
    generator = seeded(1)
    shapes = {"matrix": (3, 4), "vector": (5,)}
    problem = {}
    for name, shape in shapes.items():
        size = math.prod(shape)
        problem[f"start.{name}"] = random(generator, *shape)
        # From nearly flat to steep: some values are still on their way after 1,000 steps.
        problem[f"curvature.{name}"] = torch.logspace(-1.5, 0.5, size).reshape(shape).double()
        problem[f"pull.{name}"] = random(generator, *shape)
        problem[f"noise.{name}"] = random(generator, 8, *shape, spread=0.25)

    def run(dtype: torch.dtype) -> tuple[dict[str, torch.Tensor], list[float]]:
        p = {name: tensor.to(dtype) for name, tensor in problem.items()}
        weights = {name: torch.nn.Parameter(p[f"start.{name}"].clone()) for name in shapes}
        optimizer = torch.optim.AdamW(
            [
                {"params": [weights["matrix"]], "weight_decay": config["weightDecay"]},
                {"params": [weights["vector"]], "weight_decay": 0.0},
            ],
            betas=(config["beta1"], config["beta2"]),
            eps=config["epsilon"],
        )
        path, norms = {}, []
        for step in range(schedule["steps"]):
            for name, w in weights.items():
                noise = p[f"noise.{name}"][step % 8]
                w.grad = p[f"curvature.{name}"] * w.detach() - p[f"pull.{name}"] + noise
            for group in optimizer.param_groups:
                group["lr"] = warmup_cosine(step, **schedule)
            norms.append(
                torch.nn.utils.clip_grad_norm_(weights.values(), config["maxGradientNorm"]).item()
            )
            optimizer.step()
            if step + 1 in STORED:
                path |= {
                    f"after.{step + 1}.{name}": w.detach().clone() for name, w in weights.items()
                }
        return path, norms

    at = lambda step, path: {name: path[name] for name in path if name.startswith(f"after.{step}.")}
    exact, norms = run(torch.float64)
    rounded, _ = run(torch.float32)
    clipped = sum(norm > config["maxGradientNorm"] for norm in norms)
    assert 0.2 < clipped / len(norms) < 0.8, f"Both sides of the clip: {clipped}"
    values = {
        **config,
        "schedule": schedule,
        "stepsClipped": clipped,
        "firstGradientNorm": norms[0],
        "float32Deviation": {
            f"{step}": deviation(at(step, exact), at(step, rounded)) for step in STORED
        },
        "tolerance": {"1": 1e-6, "2": 1e-6, "10": 2e-6, "100": 1e-5, "1000": 1e-4},
    }
    write("adamw", values, problem | exact)


def layers() -> None:
    generator = seeded(2)

    def run(dtype: torch.dtype) -> dict[str, torch.Tensor]:
        leaf = lambda tensor: tensor.to(dtype, copy=True).requires_grad_()
        x, weight, bias = leaf(norm_input), leaf(norm_weight), leaf(norm_bias)
        normed = F.layer_norm(x, (6,), weight, bias, eps=1e-5)
        normed.backward(norm_upstream.to(dtype))
        scores = leaf(logits)
        loss = F.cross_entropy(scores.flatten(0, 1), targets.flatten())
        loss.backward()
        return {
            "layerNorm.output": normed.detach(),
            "layerNorm.gradient.input": x.grad,
            "layerNorm.gradient.weight": weight.grad,
            "layerNorm.gradient.bias": bias.grad,
            "gelu.output": F.gelu(gelu_input.to(dtype)),
            "crossEntropy.loss": loss.detach().reshape(1),
            "crossEntropy.gradient.logits": scores.grad,
        }

    norm_input = random(generator, 2, 3, 6, mean=1.0, spread=2.0)
    norm_weight = random(generator, 6, mean=1.0, spread=0.25)
    norm_bias = random(generator, 6, spread=0.25)
    norm_upstream = random(generator, 2, 3, 6)
    gelu_input = torch.linspace(-6, 6, 49).double()
    logits = random(generator, 2, 3, 5, spread=3.0)
    targets = torch.randint(0, 5, (2, 3), generator=generator)
    exact = run(torch.float64)
    inputs = {
        "layerNorm.input": norm_input,
        "layerNorm.weight": norm_weight,
        "layerNorm.bias": norm_bias,
        "layerNorm.gradient.output": norm_upstream,
        "gelu.input": gelu_input,
        "crossEntropy.logits": logits,
    }
    values = {
        "layerNormEpsilon": 1e-5,
        "crossEntropyTargets": targets.tolist(),
        "loss": exact["crossEntropy.loss"].item(),
        "float32Deviation": deviation(exact, run(torch.float32)),
        "tolerance": 1e-5,
    }
    write("layers", values, inputs | exact)


def attention() -> None:
    """One causal attention with two heads: T 4, C 6; every weight worked out by loops."""
    time, channels, heads = 4, 6, 2
    head_dim = channels // heads
    generator = seeded(3)
    layer = Attention(channels, heads, bias=True).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(random(generator, *parameter.shape, spread=0.5))
    x = random(generator, 1, time, channels)
    qkv = x[0] @ layer.queryKeyValue.weight.T + layer.queryKeyValue.bias
    weights = torch.zeros(1, heads, time, time, dtype=torch.float64)
    mixed = torch.zeros(time, channels, dtype=torch.float64)
    for head in range(heads):
        own = slice(head * head_dim, (head + 1) * head_dim)
        query, key, value = (part[:, own] for part in qkv.split(channels, dim=1))
        for t in range(time):
            fits = [
                math.exp((query[t] @ key[s]).item() / math.sqrt(head_dim)) for s in range(t + 1)
            ]
            for s in range(t + 1):
                weights[0, head, t, s] = fits[s] / sum(fits)
                mixed[t, own] += weights[0, head, t, s] * value[s]
    output = (mixed @ layer.output.weight.T + layer.output.bias)[None]
    q, k, v = layer.split(x)
    fast = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(x.shape)
    assert torch.allclose(layer.output(fast), output, atol=1e-12)
    assert torch.allclose(layer.weights(x), weights, atol=1e-12)
    exact = {"weights": weights, "output": output.detach()}
    layer = layer.float()
    rounded = {"weights": layer.weights(x.float()), "output": layer(x.float())}
    values = {
        "time": time,
        "channels": channels,
        "heads": heads,
        "float32Deviation": deviation(exact, rounded),
        "tolerance": 1e-5,
    }
    parameters = {f"parameter.{name}": p for name, p in layer.named_parameters()}
    write("attention", values, parameters | {"input": x} | exact)


def llama_layers() -> None:
    """Root mean square norm and gated network with gradients; grouped attention by loops."""
    import transformers
    from transformers.models.llama import modeling_llama

    generator = seeded(9)
    time, heads, head_dim, hidden, epsilon, base = 5, 4, 4, 7, 1e-3, 500.0
    channels, half = heads * head_dim, head_dim // 2
    norm = {
        "rmsNorm.input": random(generator, 2, 3, 6, mean=0.5, spread=0.1),
        "rmsNorm.weight": random(generator, 6, mean=1.0, spread=0.25),
        "rmsNorm.gradient.output": random(generator, 2, 3, 6),
    }
    network = {
        "gated.input": random(generator, 2, 3, 6),
        "gated.gate.weight": random(generator, hidden, 6, spread=0.5),
        "gated.expand.weight": random(generator, hidden, 6, spread=0.5),
        "gated.contract.weight": random(generator, 6, hidden, spread=0.5),
        "gated.gradient.output": random(generator, 2, 3, 6),
    }

    def run(dtype: torch.dtype) -> dict[str, torch.Tensor]:
        leaf = lambda tensor: tensor.to(dtype, copy=True).requires_grad_()
        x, weight, upstream = (leaf(tensor) for tensor in norm.values())
        normed = F.rms_norm(x, (6,), weight, eps=epsilon)
        normed.backward(upstream)
        result = {
            "rmsNorm.output": normed.detach(),
            "rmsNorm.gradient.input": x.grad,
            "rmsNorm.gradient.weight": weight.grad,
        }
        y, gate, expand, contract, upstream = (leaf(tensor) for tensor in network.values())
        thought = F.linear(F.silu(F.linear(y, gate)) * F.linear(y, expand), contract)
        thought.backward(upstream)
        return result | {
            "gated.output": thought.detach(),
            "gated.gradient.input": y.grad,
            "gated.gradient.gate.weight": gate.grad,
            "gated.gradient.expand.weight": expand.grad,
            "gated.gradient.contract.weight": contract.grad,
        }

    exact = run(torch.float64)
    largest = deviation(exact, run(torch.float32))
    # Transformers' own layers say the same.
    theirs = modeling_llama.LlamaRMSNorm(6, eps=epsilon).double()
    theirs.weight.data = norm["rmsNorm.weight"]
    assert torch.allclose(theirs(norm["rmsNorm.input"]), exact["rmsNorm.output"], atol=1e-6)
    config = modeling_llama.LlamaConfig(
        hidden_size=6, intermediate_size=hidden, num_attention_heads=1
    )
    theirs = modeling_llama.LlamaMLP(config).double()
    theirs.gate_proj.weight.data = network["gated.gate.weight"]
    theirs.up_proj.weight.data = network["gated.expand.weight"]
    theirs.down_proj.weight.data = network["gated.contract.weight"]
    assert torch.allclose(theirs(network["gated.input"]), exact["gated.output"], atol=1e-12)

    stored = {"attention.input": random(generator, 2, time, channels)}
    for answers in (1, 2, heads):  # how many key/value heads
        shapes = {
            "query": (channels, channels),
            "key": (answers * head_dim, channels),
            "value": (answers * head_dim, channels),
            "output": (channels, channels),
        }
        p = {name: random(generator, *shape, spread=0.3) for name, shape in shapes.items()}
        x = stored["attention.input"]

        def turned(vector: torch.Tensor, place: int) -> torch.Tensor:
            """Number i of both halves is a point of the plane, and place times an angle is i's."""
            point = torch.complex(vector[:half], vector[half:])
            angles = torch.tensor([place * base ** (-2 * i / head_dim) for i in range(half)])
            point = point * torch.exp(1j * angles.double())
            return torch.cat([point.real, point.imag])

        weights = torch.zeros(2, heads, time, time, dtype=torch.float64)
        mixed = torch.zeros(2, time, channels, dtype=torch.float64)
        for text in range(2):
            for head in range(heads):
                shared = head // (heads // answers)
                own = slice(head * head_dim, (head + 1) * head_dim)
                theirs = slice(shared * head_dim, (shared + 1) * head_dim)
                for t in range(time):
                    question = turned(p["query"][own] @ x[text, t], t)
                    fits = [
                        math.exp(
                            (question @ turned(p["key"][theirs] @ x[text, s], s)).item()
                            / math.sqrt(head_dim)
                        )
                        for s in range(t + 1)
                    ]
                    for s in range(t + 1):
                        weights[text, head, t, s] = fits[s] / sum(fits)
                        mixed[text, t, own] += (
                            weights[text, head, t, s] * p["value"][theirs] @ x[text, s]
                        )
        output = mixed @ p["output"].T
        rounded = grouped_attention(x.float(), p, heads, answers, base)
        case = {"weights": weights, "output": output}
        largest = max(largest, deviation(case, rounded))
        assert deviation(case, rounded) < 1e-5, "Transformers' attention differs"
        exact |= {f"attention.{answers}.{key}": tensor for key, tensor in case.items()}
        stored |= {f"attention.{answers}.{key}.weight": tensor for key, tensor in p.items()}
    values = {
        "transformers": transformers.__version__,
        "epsilon": epsilon,
        "hidden": hidden,
        "time": time,
        "channels": channels,
        "heads": heads,
        "rotaryBase": base,
        "float32Deviation": largest,
        "tolerance": 1e-5,
    }
    write("llama-layers", values, norm | network | stored | exact)


def grouped_attention(
    x: torch.Tensor, weights: dict[str, torch.Tensor], heads: int, answers: int, base: float
) -> dict[str, torch.Tensor]:
    """The attention of transformers' Llama, in float32."""
    from transformers.models.llama import modeling_llama

    batch, time, channels = x.shape
    config = modeling_llama.LlamaConfig(
        hidden_size=channels,
        num_attention_heads=heads,
        num_key_value_heads=answers,
        max_position_embeddings=time,
        rope_parameters={"rope_type": "default", "rope_theta": base},
        attn_implementation="eager",
    )
    layer = modeling_llama.LlamaAttention(config, 0)
    layer.q_proj.weight.data = weights["query"].float()
    layer.k_proj.weight.data = weights["key"].float()
    layer.v_proj.weight.data = weights["value"].float()
    layer.o_proj.weight.data = weights["output"].float()
    places = modeling_llama.LlamaRotaryEmbedding(config)(x, torch.arange(time)[None])
    later = torch.full((1, 1, time, time), -math.inf).triu(1)
    output, shown = layer(x, position_embeddings=places, attention_mask=later)
    return {"weights": shown.detach(), "output": output.detach()}


def model(
    name: str,
    seed: int,
    config: dict,
    family: type[LanguageModel] = Model,
    adapter: dict = {},
    masked: bool = False,
) -> None:
    """Logits, loss and gradients of a model with random weights, then five optimizer steps.

    With an adapter only its matrices are trained; masked, about half of the targets count.
    """
    generator = seeded(seed)
    start = {}

    def make() -> LanguageModel:
        m = family(**config)
        if adapter:
            adapt(m, **adapter)
        return m

    for key, parameter in make().named_parameters():
        # Ten times GPT-2's spread, so that every part of the model counts in the result.
        mean = 1.0 if key.endswith("orm.weight") else 0.0
        start[key] = random(generator, *parameter.shape, mean=mean, spread=0.2)
    time, vocabulary = config["contextLength"], config["vocabularySize"]
    text = torch.randint(0, vocabulary, (3, time + 1), generator=generator)
    ids, targets = text[:, :-1], text[:, 1:]
    extra = {"adapter": adapter} if adapter else {}
    if masked:
        counts = torch.rand(targets.shape, generator=generator) < 0.5
        extra |= {"targets": targets.tolist(), "mask": counts.tolist()}
        targets = targets.where(counts, IGNORED)

    def run(dtype: torch.dtype):
        m = make().to(dtype)
        with torch.no_grad():
            for key, parameter in m.named_parameters():
                parameter.copy_(start[key])
        logits = m(ids)
        loss = m.loss(ids, targets)
        loss.backward()
        tensors = {"logits": logits.detach()}
        trained = {key: p for key, p in m.named_parameters() if p.requires_grad}
        tensors |= {f"gradient.{key}": p.grad.clone() for key, p in trained.items()}
        tensors["short.logits"] = m(ids[:, :3]).detach()
        if masked:
            tensors["sequenceLogProbabilities"] = m.log_probabilities(ids, targets).detach()
        decayed = [p for p in trained.values() if p.dim() >= 2]
        others = [p for p in trained.values() if p.dim() < 2]
        groups = [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=1e-2, betas=(0.9, 0.99), eps=1e-8)
        losses, norms = [], []
        for _ in range(5):
            optimizer.zero_grad()
            step_loss = m.loss(ids, targets)
            step_loss.backward()
            norms.append(torch.nn.utils.clip_grad_norm_(m.parameters(), 1.0).item())
            optimizer.step()
            losses.append(step_loss.item())
        if adapter:
            tensors |= {f"after.{key}": p.detach().clone() for key, p in trained.items()}
        return tensors, losses + [m.loss(ids, targets).item()], norms

    exact, losses, norms = run(torch.float64)
    rounded, rounded_losses, rounded_norms = run(torch.float32)
    pairs = zip(losses + norms, rounded_losses + rounded_norms)
    values = {
        "config": config,
        "ids": ids.tolist(),
        "targets": targets.tolist(),
        **extra,
        "loss": losses[0],
        "optimizer": dict(
            learningRate=1e-2,
            beta1=0.9,
            beta2=0.99,
            epsilon=1e-8,
            weightDecay=0.1,
            maxGradientNorm=1.0,
        ),
        "losses": losses,
        "gradientNorms": norms,
        "float32Deviation": deviation(exact, rounded),
        "float32DeviationOfLossesAndNorms": float(f"{max(abs(a - b) for a, b in pairs):.1e}"),
        "tolerance": 1e-5,
    }
    parameters = {f"parameter.{key}": tensor for key, tensor in start.items()}
    write(name, values, parameters | exact)


def positions() -> None:
    """Sinusoidal table and rotated queries and keys, as Hugging Face's transformers has them."""
    import transformers
    from transformers.models.distilbert.modeling_distilbert import create_sinusoidal_embeddings
    from transformers.models.llama import modeling_llama

    time, channels = 24, 10
    table = torch.empty(time, channels)
    create_sinusoidal_embeddings(time, channels, table)

    generator = seeded(8)
    batch, heads, head_dim = 2, 3, 8
    query = random(generator, batch, heads, time, head_dim)
    key = random(generator, batch, heads, time, head_dim)
    upstream = random(generator, batch, heads, time, head_dim)
    tensors = {"sinusoidal": table, "query": query, "key": key, "gradient.rotatedQuery": upstream}
    deviations, bases = [], [10_000.0, 500.0]
    for base in bases:
        config = modeling_llama.LlamaConfig(
            hidden_size=heads * head_dim,
            num_attention_heads=heads,
            num_key_value_heads=heads,
            head_dim=head_dim,
            max_position_embeddings=time,
            rope_parameters={"rope_type": "default", "rope_theta": base},
        )
        angles = modeling_llama.LlamaRotaryEmbedding(config)
        cos, sin = angles(query, torch.arange(time)[None])  # float32 inside

        def run(dtype: torch.dtype) -> dict[str, torch.Tensor]:
            q = query.to(dtype, copy=True).requires_grad_()
            rotated = modeling_llama.apply_rotary_pos_emb(
                q, key.to(dtype), cos.to(dtype), sin.to(dtype)
            )
            rotated[0].backward(upstream.to(dtype))
            return {
                f"rotatedQuery.{base:.0f}": rotated[0].detach(),
                f"rotatedKey.{base:.0f}": rotated[1],
                f"gradient.query.{base:.0f}": q.grad,
            }

        exact = run(torch.float64)
        deviations.append(deviation(exact, run(torch.float32)))
        tensors |= exact
    values = {
        "transformers": transformers.__version__,
        "time": time,
        "channels": channels,
        "headDim": head_dim,
        "bases": bases,
        "float32Deviation": max(deviations),
        "tolerance": 1e-5,
    }
    write("positions", values, tensors)


SMALL = {"vocabularySize": 11, "contextLength": 8, "channels": 12}
LLAMA = SMALL | {"channels": 32, "layers": 2, "heads": 4, "keyValueHeads": 2, "hidden": 24}
TIED = SMALL | {"bias": False, "tiedHead": True}
UNTIED = SMALL | {"bias": True, "tiedHead": False}
ADAPTER = {
    "layers": [
        "blocks.0.attention.queryKeyValue",
        "blocks.0.feedForward.contract",
        "blocks.1.attention.queryKeyValue",
        "blocks.1.feedForward.contract",
    ],
    "rank": 3,
    "alpha": 8.0,
}
LLAMA_ADAPTER = ADAPTER | {
    "layers": [
        "blocks.0.attention.query",
        "blocks.0.attention.value",
        "blocks.0.feedForward.gate",
        "blocks.1.attention.key",
        "blocks.1.attention.output",
        "blocks.1.feedForward.expand",
        "blocks.1.feedForward.contract",
    ]
}
ALL = {
    "schedule": schedule,
    "adamw": adamw,
    "layers": layers,
    "attention": attention,
    "positions": positions,
    "llama-layers": llama_layers,
    "gpt": lambda: model("gpt", 4, UNTIED | {"layers": 2, "heads": 3}),
    "gpt-tied": lambda: model("gpt-tied", 5, TIED | {"layers": 2, "heads": 3}),
    "gpt-adapted": lambda: model(
        "gpt-adapted", 8, UNTIED | {"layers": 2, "heads": 3}, adapter=ADAPTER
    ),
    "gpt-masked": lambda: model("gpt-masked", 9, TIED | {"layers": 1, "heads": 3}, masked=True),
    "value-only": lambda: model("value-only", 6, UNTIED | {"layers": 1, "heads": 0}),
    "self-attention": lambda: model("self-attention", 7, UNTIED | {"layers": 1, "heads": 1}),
    # The first has an epsilon and a base that the result shows, the second the usual ones.
    "llama": lambda: model(
        "llama", 10, LLAMA | {"rotaryBase": 500.0, "normEpsilon": 1e-3, "tiedHead": False}, Llama
    ),
    "llama-tied": lambda: model(
        "llama-tied",
        11,
        LLAMA | {"channels": 16, "rotaryBase": 10_000.0, "normEpsilon": 1e-6, "tiedHead": True},
        Llama,
    ),
    "llama-adapted": lambda: model(
        "llama-adapted",
        12,
        LLAMA | {"channels": 16, "rotaryBase": 500.0, "normEpsilon": 1e-3, "tiedHead": False},
        Llama,
        adapter=LLAMA_ADAPTER,
    ),
}

if __name__ == "__main__":
    torch.set_num_threads(1)
    for chosen in sys.argv[1:] or ALL:
        ALL[chosen]()
