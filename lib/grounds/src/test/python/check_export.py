"""Loads a folder that PublishedWeights wrote into transformers, and prints logits and texts as JSON.

    python check_export.py FOLDER '[[1, 2, 3]]'
"""

import json
import sys

import torch
from transformers import AutoModelForCausalLM

model, report = AutoModelForCausalLM.from_pretrained(
    sys.argv[1], dtype=torch.float32, output_loading_info=True
)
model.eval()
ids = torch.tensor(json.loads(sys.argv[2]))
with torch.no_grad():
    logits = model(ids).logits
answer = {
    "missing": sorted(report["missing_keys"]),
    "unexpected": sorted(report["unexpected_keys"]),
    "logits": logits.flatten().tolist(),
}
print(json.dumps(answer))
