"""The Python peer of grounds.bench.TokenizerBench: the same arguments, the same lines of JSON.

Candidates: tiktoken, huggingface (tokenizers), and, for training, spm (the program spm_train). It
needs no network: tiktoken's ranks come from a file.
"""

import argparse
import array
import gc
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path


def chunks(path, size):
    """A text in parts of whole lines, each line end after an ASCII letter; as Java cuts it."""
    text, found, start = Path(path).read_bytes(), [], 0
    while start < len(text):
        end = len(text)
        if size and end - start > size:
            end = start + size
            while not (text[end - 1] == 10 and chr(text[end - 2]).isascii() and chr(text[end - 2]).isalpha()):
                end -= 1
        found.append(text[start:end].decode())
        start = end
    return found


class Ids:
    def __init__(self):
        self.digest, self.count = hashlib.sha256(), 0

    def add(self, ids):
        values = array.array("i", ids)
        if sys.byteorder != "little":
            values.byteswap()
        self.digest.update(values.tobytes())
        self.count += len(values)

    def put(self, result):
        result.update(tokens=self.count, hash=self.digest.hexdigest()[:16])


class Clock:
    """Time that passed and processor time, this process's and its children's, while started."""

    def __init__(self):
        self.seconds = self.cpu_seconds = 0

    def __enter__(self):
        self.cpu_seconds -= self.cpu()
        self.seconds -= time.perf_counter()

    def __exit__(self, *_):
        self.seconds += time.perf_counter()
        self.cpu_seconds += self.cpu()

    @staticmethod
    def cpu():
        return sum(os.times()[2:4]) + time.process_time()


class Tiktoken:
    def __init__(self, folder):
        import tiktoken
        from tiktoken.load import load_tiktoken_bpe
        from tiktoken_ext.openai_public import r50k_pat_str

        self.encoding = tiktoken.Encoding(
            "gpt2",
            pat_str=r50k_pat_str,
            mergeable_ranks=load_tiktoken_bpe(str(folder / "r50k_base.tiktoken")),
            special_tokens={"<|endoftext|>": 50256},
        )

    def encode(self, text):
        return self.encoding.encode_ordinary(text)

    def encode_all(self, texts):
        return self.encoding.encode_ordinary_batch(texts, num_threads=os.cpu_count())


class HuggingFace:
    def __init__(self, folder):
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def encode(self, text):
        # The call for many texts is the one that leaves out offsets, which nobody else finds.
        return self.tokenizer.encode_batch_fast([text], add_special_tokens=False)[0].ids

    def encode_all(self, texts):
        return [e.ids for e in self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


def encode_one_by_one(encoder, texts):
    def work(clock, result, first):
        ids = Ids()
        for text in texts:
            with clock:
                encoded = encoder.encode(text)
            if first:
                ids.add(encoded)
        if first:
            ids.put(result)

    return work


def encode_together(encoder, batches):
    def work(clock, result, first):
        ids = Ids()
        for batch in batches:
            with clock:
                encoded = encoder.encode_all(batch)
            if first:
                for each in encoded:
                    ids.add(each)
        if first:
            ids.put(result)

    return work


def train_huggingface(path, a):
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=a.vocabulary,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train([path], trainer)
    return tokenizer.get_vocab_size()


def train_spm(path, a):
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(folder, "m")
        options = {
            "input": path,
            "model_prefix": model,
            "model_type": "bpe",
            "vocab_size": a.vocabulary,
            "character_coverage": 1.0,
            "max_sentence_length": 1 << 20,
            "num_threads": os.cpu_count(),
            "minloglevel": 2,
        }
        command = [a.spm, *(f"--{name}={value}" for name, value in options.items())]
        subprocess.run(command, check=True, capture_output=True)
        with open(model + ".vocab", encoding="utf-8") as file:
            return sum(1 for _ in file)


def train(path, a):
    def work(clock, result, first):
        with clock:
            size = (train_spm if a.candidate == "spm" else train_huggingface)(path, a)
        if first:
            result.update(peak(a), tokens=size)

    return work


def peak(a):
    """The most memory that was resident: of this process, or of the program that it ran."""
    if a.candidate == "spm":
        return {"peakMegabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6}
    if os.path.exists("/proc/self/status"):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return {"peakMegabytes": int(line.split()[1]) * 1024 / 1e6}
    return {}


def make_work(a, encoder, text):
    if a.work == "train":
        return train(text, a)
    parts = chunks(text, a.chunk)
    if a.work == "encode":
        return encode_one_by_one(encoder, parts)
    return encode_together(encoder, [parts[i : i + a.batch] for i in range(0, len(parts), a.batch)])


def first_pass(work, result, limit):
    """The first pass over a text; false if it takes longer than it may."""
    found = {}

    def run():
        clock = Clock()
        try:
            work(clock, found, True)
            found.update(firstSeconds=clock.seconds, firstCpuSeconds=clock.cpu_seconds)
        except Exception as e:
            found["failed"] = repr(e)

    if limit:
        worker = threading.Thread(target=run, daemon=True)
        worker.start()
        worker.join(limit)
        if worker.is_alive():
            result["over"] = limit
            return False
    else:
        run()
    result.update(found)
    return "failed" not in found


def idle(a):
    if a.candidate == "spm":
        subprocess.run([a.spm, "--version"], check=True, capture_output=True)
    elif a.candidate == "huggingface":
        import tokenizers

        tokenizers.Tokenizer(tokenizers.models.BPE())
    return peak(a)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--work", default="encode", choices=["encode", "encodeAll", "train", "idle"])
    p.add_argument("--candidate", required=True, choices=["tiktoken", "huggingface", "spm"])
    p.add_argument("--texts", default="")
    p.add_argument("--folder", default=".")
    p.add_argument("--chunk", type=int, default=1_000_000)
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--vocabulary", type=int, default=10_000)
    p.add_argument("--warm", type=float, default=5)
    p.add_argument("--repetitions", type=int, default=3)
    p.add_argument("--limit", type=float, default=0)
    p.add_argument("--spm", default=shutil.which("spm_train") or "spm_train")
    a = p.parse_args()
    texts = a.texts.split(os.pathsep)
    results = [
        {"candidate": a.candidate + " (Python)", "work": a.work, "text": os.path.basename(text)}
        for text in texts
    ]
    if a.work == "idle":
        results[0].update(idle(a))
        print(json.dumps(results[0]))
        return
    encoder = None
    if a.work != "train":
        encoder = (Tiktoken if a.candidate == "tiktoken" else HuggingFace)(Path(a.folder))
    works = [make_work(a, encoder, text) for text in texts]
    started = time.perf_counter()
    if all(first_pass(work, result, a.limit) for work, result in zip(works, results)):
        while time.perf_counter() - started < a.warm:
            for work in works:
                work(Clock(), {}, False)
        gc.disable()  # Its pauses are not the candidates' own.
        for result in results:
            result.update(seconds=[], cpuSeconds=[])
        for _ in range(a.repetitions):
            for work, result in zip(works, results):
                clock = Clock()
                work(clock, {}, False)
                result["seconds"].append(clock.seconds)
                result["cpuSeconds"].append(clock.cpu_seconds)
    print("\n".join(map(json.dumps, results)), flush=True)
    os._exit(0)  # Whoever takes too long is still at it.


if __name__ == "__main__":
    main()
