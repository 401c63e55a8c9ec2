"""Writes the references of sampling, beam search, number types and published models.

    python lib/grounds/src/test/python/generation.py FOLDER

FOLDER holds the two tiny models that transformers wrote, tiny_gpt2 and tiny_llama_gqa, each with
config.json, model.safetensors and io.npz.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy
import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM
from transformers.generation.logits_process import (
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

RESOURCES = Path(__file__).parent.parent / "resources"
FIXTURES = Path(__file__).parents[5] / "data" / "fixtures"
SCORES = 50


def sampling():
    torch.manual_seed(1)
    logits = torch.randn(SCORES) * 3
    logits[7] = logits[11]  # equals, where a filter may cut
    text = [3, 3, 11, 40, 0]
    rules = {
        "temperature 0.3": [TemperatureLogitsWarper(0.3)],
        "temperature 1.5": [TemperatureLogitsWarper(1.5)],
        "topK 1": [TopKLogitsWarper(1)],
        "topK 10": [TopKLogitsWarper(10)],
        "topK 1000": [TopKLogitsWarper(1000)],
        "topP 0.01": [TopPLogitsWarper(0.01)],
        "topP 0.5": [TopPLogitsWarper(0.5)],
        "topP 0.9": [TopPLogitsWarper(0.9)],
        "topP 1.0": [TopPLogitsWarper(1.0)],
        "minP 0.02": [MinPLogitsWarper(0.02)],
        "minP 0.5": [MinPLogitsWarper(0.5)],
        "penalty 1.3": [RepetitionPenaltyLogitsProcessor(1.3)],
        "penalty 0.8": [RepetitionPenaltyLogitsProcessor(0.8)],
        "penalty 1.3, temperature 0.7, topK 20, topP 0.9": [
            RepetitionPenaltyLogitsProcessor(1.3),
            TemperatureLogitsWarper(0.7),
            TopKLogitsWarper(20),
            TopPLogitsWarper(0.9),
        ],
    }
    expected = {}
    for name, processors in rules.items():
        scores = logits[None].clone()
        for processor in processors:
            scores = processor(torch.tensor([text]), scores)
        expected[name] = torch.softmax(scores[0].double(), 0).tolist()
    case = {"logits": logits.tolist(), "text": text, "probabilities": expected}
    (RESOURCES / "reference" / "sampling.json").write_text(json.dumps(case) + "\n")


def beams(folder):
    """What beam search of transformers finds."""
    cases = []
    for name in ("tiny-gpt2", "tiny-llama"):
        model = AutoModelForCausalLM.from_pretrained(folder / name, dtype=torch.float32).eval()
        prompt = torch.tensor([[15, 92, 21, 86]])
        for stop in ([], [39], [86, 0, 76]):
            for penalty in (0.0, 1.0, 2.0):
                for count in (1, 3, 4):
                    found = model.generate(
                        prompt,
                        num_beams=max(2, count),
                        num_return_sequences=count,
                        do_sample=False,
                        max_new_tokens=12,
                        length_penalty=penalty,
                        eos_token_id=stop or None,
                        pad_token_id=99,
                        return_dict_in_generate=True,
                        output_scores=True,
                    )
                    texts = [row[4:].tolist() for row in found.sequences]
                    for text in texts:
                        while text[-1] == 99:  # filled up behind a stop token
                            text.pop()
                    cases.append(
                        {
                            "model": name,
                            "beams": max(2, count),
                            "stop": stop,
                            "penalty": penalty,
                            "texts": texts,
                            "scores": found.sequences_scores.tolist(),
                        }
                    )
    (RESOURCES / "reference" / "beams.json").write_text(json.dumps(cases) + "\n")


def types():
    """Every type of the format, written by its own library, and the same numbers as float32."""
    torch.manual_seed(2)
    bits16 = torch.arange(0, 65536, 37).to(torch.int32).to(torch.uint16)
    bits8 = torch.arange(256).to(torch.uint8)
    whole = torch.tensor([0, 1, -1, 127, -128])
    tensors = {
        "F64": torch.randn(3, 4, dtype=torch.float64),
        "F32": torch.randn(3, 4),
        "F16": bits16.view(torch.float16),
        "BF16": bits16.view(torch.bfloat16),
        "F8_E4M3": bits8.view(torch.float8_e4m3fn),
        "F8_E5M2": bits8.view(torch.float8_e5m2),
        "I64": torch.cat([whole, torch.tensor([2**63 - 1, -(2**63)])]),
        "I32": torch.cat([whole, torch.tensor([2**31 - 1, -(2**31)])]).to(torch.int32),
        "I16": torch.cat([whole, torch.tensor([2**15 - 1, -(2**15)])]).to(torch.int16),
        "I8": whole.to(torch.int8),
        "U64": torch.tensor([0, 1, 2**40]).to(torch.uint64),
        "U32": torch.tensor([0, 1, 2**32 - 1]).to(torch.uint32),
        "U16": torch.tensor([0, 1, 2**16 - 1]).to(torch.uint16),
        "U8": bits8,
        "BOOL": torch.tensor([True, False, True]),
    }
    expected = {name + " as F32": tensor.to(torch.float32) for name, tensor in tensors.items()}
    # Rounding: values of every size, and halfway between two neighbours.
    values = torch.cat(
        [
            torch.randn(2000) * torch.exp(torch.randn(2000) * 8),
            torch.tensor([1 + 2**-11, 1 + 3 * 2**-11, 1 + 2**-8, 1 + 3 * 2**-8]),
            torch.tensor([65504.0, 65519.0, 65520.0, 3e38, 3.4e38, 2**-24, 2**-25, 3 * 2**-25]),
            torch.tensor([0.0, -0.0, float("inf"), -float("inf"), float("nan")]),
        ]
    )
    tensors["rounded F32"] = values
    tensors["rounded F16"] = values.to(torch.float16)
    tensors["rounded BF16"] = values.to(torch.bfloat16)
    everything = {name: tensor.clone() for name, tensor in {**tensors, **expected}.items()}
    save_file(everything, RESOURCES / "reference" / "types.safetensors")


def published(folder):
    """The tiny models, and what they answer, with npz made safetensors."""
    for theirs, ours in (("tiny_gpt2", "tiny-gpt2"), ("tiny_llama_gqa", "tiny-llama")):
        target = FIXTURES / ours
        target.mkdir(parents=True, exist_ok=True)
        for file in ("config.json", "model.safetensors"):
            shutil.copyfile(folder / theirs / file, target / file)
        answers = numpy.load(folder / theirs / "io.npz")
        save_file(
            {name: torch.from_numpy(numpy.atleast_1d(answers[name])) for name in answers.files},
            target / "io.safetensors",
        )


if __name__ == "__main__":
    published(Path(sys.argv[1]))
    sampling()
    beams(FIXTURES)
    types()
