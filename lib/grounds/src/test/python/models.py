"""The models with our parameter names and shapes: GPT in plain PyTorch, Llama by transformers.

The plain ones are slow and literal on purpose: attention is written out, nothing is fused.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


IGNORED = -100  # a target that does not count: PyTorch's own default


class LanguageModel(nn.Module):
    """What gives logits, and what follows from them."""

    def loss(self, ids: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The mean over the targets that are not IGNORED."""
        logits = self(ids).flatten(0, 1)
        return F.cross_entropy(logits, targets.flatten(), ignore_index=IGNORED)

    def log_probabilities(self, ids: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """For each row the sum over the targets that are not IGNORED."""
        logits = self(ids).transpose(1, 2)
        return -F.cross_entropy(logits, targets, ignore_index=IGNORED, reduction="none").sum(1)


class Attention(nn.Module):
    """softmax(Q K^T / sqrt(headDim)) V over the positions up to each one's own."""

    def __init__(self, channels: int, heads: int, bias: bool):
        super().__init__()
        self.heads = heads
        self.queryKeyValue = nn.Linear(channels, 3 * channels, bias=bias)
        self.output = nn.Linear(channels, channels, bias=bias)

    def split(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Query, key and value, each [batch, heads, time, headDim]."""
        batch, time, channels = x.shape
        qkv = self.queryKeyValue(x).view(batch, time, 3, self.heads, channels // self.heads)
        return qkv.permute(2, 0, 3, 1, 4).unbind(0)

    def weights(self, x: torch.Tensor) -> torch.Tensor:
        query, key, _ = self.split(x)
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        later = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        return scores.masked_fill(later, -math.inf).softmax(-1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mixed = self.weights(x) @ self.split(x)[2]
        return self.output(mixed.transpose(1, 2).reshape(x.shape))


class Average(nn.Module):
    """Attention without query and key: every position up to its own counts the same."""

    def __init__(self, channels: int, bias: bool):
        super().__init__()
        self.value = nn.Linear(channels, channels, bias=bias)
        self.output = nn.Linear(channels, channels, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen = torch.arange(1, x.shape[1] + 1, dtype=x.dtype)[:, None]
        return self.output(self.value(x).cumsum(1) / seen)


class FeedForward(nn.Module):
    def __init__(self, channels: int, bias: bool):
        super().__init__()
        self.expand = nn.Linear(channels, 4 * channels, bias=bias)
        self.contract = nn.Linear(4 * channels, channels, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.contract(F.gelu(self.expand(x)))


class Block(nn.Module):
    """x + attention(norm(x)), then x + feedForward(norm(x))."""

    def __init__(self, channels: int, attention: nn.Module, bias: bool):
        super().__init__()
        self.attentionNorm = nn.LayerNorm(channels, bias=bias)
        self.attention = attention
        self.feedForwardNorm = nn.LayerNorm(channels, bias=bias)
        self.feedForward = FeedForward(channels, bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attention(self.attentionNorm(x))
        return x + self.feedForward(self.feedForwardNorm(x))


class Model(LanguageModel):
    """Token and position tables, blocks, a last norm and a head; heads = 0 for the average."""

    def __init__(self, vocabularySize, contextLength, channels, layers, heads, bias, tiedHead):
        super().__init__()
        self.tokenEmbedding = nn.Embedding(vocabularySize, channels)
        self.positionEmbedding = nn.Embedding(contextLength, channels)
        self.blocks = nn.ModuleList(
            Block(
                channels,
                Attention(channels, heads, bias) if heads else Average(channels, bias),
                bias,
            )
            for _ in range(layers)
        )
        self.finalNorm = nn.LayerNorm(channels, bias=bias)
        if not tiedHead:
            self.head = nn.Linear(channels, vocabularySize, bias=False)
        self.tiedHead = tiedHead

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.tokenEmbedding(ids) + self.positionEmbedding.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        x = self.finalNorm(x)
        return x @ self.tokenEmbedding.weight.T if self.tiedHead else self.head(x)


class Llama(LanguageModel):
    """Hugging Face's LlamaForCausalLM, its parameters under our names.

    Its norms and the angles of its positions are float32 inside, in a float64 model too.
    """

    NAMES = {
        "model.embed_tokens.": "tokenEmbedding.",
        "model.layers.": "blocks.",
        "input_layernorm": "attentionNorm",
        "self_attn.q_proj": "attention.query",
        "self_attn.k_proj": "attention.key",
        "self_attn.v_proj": "attention.value",
        "self_attn.o_proj": "attention.output",
        "post_attention_layernorm": "feedForwardNorm",
        "mlp.gate_proj": "feedForward.gate",
        "mlp.up_proj": "feedForward.expand",
        "mlp.down_proj": "feedForward.contract",
        "model.norm": "finalNorm",
        "lm_head": "head",
    }

    def __init__(
        self,
        vocabularySize,
        contextLength,
        channels,
        layers,
        heads,
        keyValueHeads,
        hidden,
        rotaryBase,
        normEpsilon,
        tiedHead,
    ):
        super().__init__()
        from transformers import LlamaConfig, LlamaForCausalLM

        self.theirs = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=vocabularySize,
                max_position_embeddings=contextLength,
                hidden_size=channels,
                num_hidden_layers=layers,
                num_attention_heads=heads,
                num_key_value_heads=keyValueHeads,
                intermediate_size=hidden,
                rope_parameters={"rope_type": "default", "rope_theta": rotaryBase},
                rms_norm_eps=normEpsilon,
                tie_word_embeddings=tiedHead,
            )
        )

    def named_parameters(self, *args, **kwargs):
        for name, parameter in self.theirs.named_parameters():
            yield self.ours(name), parameter

    def get_submodule(self, target: str) -> nn.Module:
        return {self.ours(name): layer for name, layer in self.theirs.named_modules()}[target]

    def ours(self, name: str) -> str:
        for theirs, ours in self.NAMES.items():
            name = name.replace(theirs, ours)
        return name

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.theirs(ids, use_cache=False).logits


class LowRank(nn.Module):
    """What a linear layer's adapter adds: (alpha / rank) (x A^T) B^T."""

    def __init__(self, inputs: int, outputs: int, rank: int, alpha: float):
        super().__init__()
        self.down = nn.Linear(inputs, rank, bias=False)
        self.up = nn.Linear(rank, outputs, bias=False)
        self.scale = alpha / rank

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.scale * self.up(self.down(x))


def adapt(model: LanguageModel, layers: list[str], rank: int, alpha: float) -> None:
    """Freezes every weight, then adds adapters to the linear layers of those names."""
    model.requires_grad_(False)
    for name in layers:
        linear = model.get_submodule(name)
        linear.adapter = LowRank(linear.in_features, linear.out_features, rank, alpha)
        linear.register_forward_hook(lambda layer, inputs, y: y + layer.adapter(*inputs))
