"""Hugging Face's cached generation on demand: the peer of grounds.bench.StepServer --work generate.

Reads a number of new tokens from a line, writes them after a prompt of 16, and prints a line of JSON
with the seconds. GPT-2 small with random weights, float32, one text, the likeliest token each time.
"""

import argparse
import time

import torch
import transformers

from step_server import serve

PROMPT = 16


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    transformers.logging.set_verbosity_error()
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config()).eval()
    model.generation_config.eos_token_id = None  # so that it writes as many as it is asked for
    prompt = torch.randint(model.config.vocab_size, (1, PROMPT))
    last = [0]

    def run(count):
        before = time.perf_counter()
        text = model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=count,
            do_sample=False,
            use_cache=True,
            pad_token_id=0,
        )
        seconds = time.perf_counter() - before
        if text.shape[1] != PROMPT + count:
            raise RuntimeError(f"Wanted {count} new tokens, got {text.shape[1] - PROMPT}.")
        last[0] = text[0, -1].item()
        return [seconds]

    size = sum(p.numel() for p in model.parameters())
    threads = "1 thread" if a.threads == 1 else f"{a.threads} threads"
    computation = f"transformers {transformers.__version__}, {threads}"
    serve(run, lambda: {"parameters": size, "computation": computation, "lastToken": last[0]})


if __name__ == "__main__":
    main()
