"""Writes tensors in the safetensors format: a JSON header, then the raw values."""

import json
import math
import struct
from pathlib import Path

import torch


def write(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Writes the tensors as float32, in the order given."""
    header, offset = {}, 0
    for name, tensor in tensors.items():
        end = offset + 4 * math.prod(tensor.shape)
        header[name] = {
            "dtype": "F32",
            "shape": list(tensor.shape),
            "data_offsets": [offset, end],
        }
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the values start at a multiple of eight bytes
    values = b"".join(t.detach().float().contiguous().numpy().tobytes() for t in tensors.values())
    path.write_bytes(struct.pack("<Q", len(text)) + text + values)
