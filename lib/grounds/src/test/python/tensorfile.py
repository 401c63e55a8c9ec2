"""Writes tensors in the safetensors format: a JSON header, then the raw values."""

import json
import struct
from pathlib import Path

import torch

NAMES = {torch.float32: "F32", torch.int64: "I64"}


def write(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Writes float tensors as float32 and integer tensors as int64, in the order given."""
    header, chunks, offset = {}, [], 0
    for name, tensor in tensors.items():
        stored = tensor.detach().to(torch.float32 if tensor.is_floating_point() else torch.int64)
        data = stored.contiguous().numpy().tobytes()
        header[name] = {
            "dtype": NAMES[stored.dtype],
            "shape": list(stored.shape),
            "data_offsets": [offset, offset + len(data)],
        }
        chunks.append(data)
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the values start at a multiple of eight bytes
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(chunks))
