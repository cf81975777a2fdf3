"""The peer of the data benchmark: PyTorch's DataLoader over the same files.

Argument: a JSON file with kind, path, window, batch and workers. Prints one JSON line with its version, then for every line on standard input (a number of batches) one with seconds.
"""
import json
import os
import sys
import time

import numpy
import torch
from torch.utils.data import DataLoader, Dataset


class Images(Dataset):
    def __init__(self, root):
        from PIL import Image

        self.open = Image.open
        self.files = [
            (os.path.join(root, label, name), int(label))
            for label in sorted(os.listdir(root))
            for name in sorted(os.listdir(os.path.join(root, label)))
        ]

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        file, label = self.files[i]
        with self.open(file) as image:
            return torch.from_numpy(numpy.array(image.convert("RGB"))), label


class Bytes(Dataset):
    """Windows of bytes out of a memory map, half a window apart."""

    def __init__(self, file, window):
        self.data = numpy.memmap(file, dtype=numpy.uint8, mode="r")
        self.window = window

    def __len__(self):
        return (len(self.data) - self.window) // (self.window // 2) + 1

    def __getitem__(self, i):
        start = i * (self.window // 2)
        tokens = self.data[start : start + self.window].astype(numpy.int32)
        return torch.from_numpy(tokens), torch.ones(self.window)


class Dna(Bytes):
    """Tokens and weights by tables, every other window as the reverse complement. The sequence is unfolded into memory, which the FASTA file is not."""

    def __init__(self, file, window):
        with open(file) as lines:
            next(lines)
            text = "".join(line.strip() for line in lines)
        self.data = numpy.frombuffer(text.encode(), dtype=numpy.uint8)
        self.window = window
        self.tokens = numpy.full(256, 2, dtype=numpy.int32)
        self.weights = numpy.zeros(256, dtype=numpy.float32)
        for i, letter in enumerate("ACGT"):
            self.tokens[[ord(letter), ord(letter.lower())]] = 3 + i
            self.weights[[ord(letter), ord(letter.lower())]] = 1, 0.1
        self.random = numpy.random.default_rng(1)

    def __getitem__(self, i):
        start = i * (self.window // 2)
        letters = self.data[start : start + self.window]
        tokens, weights = self.tokens[letters], self.weights[letters]
        if self.random.random() < 0.5:
            tokens, weights = 9 - tokens[::-1], weights[::-1].copy()
        return torch.from_numpy(tokens), torch.from_numpy(weights)


def endless(loader):
    while True:
        yield from loader


def main():
    with open(sys.argv[1]) as file:
        plan = json.load(file)
    kind = {"images": Images, "bytes": Bytes, "dna": Dna}[plan["kind"]]
    data = kind(plan["path"]) if plan["kind"] == "images" else kind(plan["path"], plan["window"])
    loader = DataLoader(data, plan["batch"], shuffle=True, num_workers=plan["workers"], persistent_workers=True, drop_last=True)
    batches = endless(loader)
    next(batches)
    print(json.dumps({"version": torch.__version__}), flush=True)
    for line in sys.stdin:
        begin, used = time.perf_counter(), time.process_time()
        for _ in range(int(line)):
            next(batches)
        print(json.dumps({"seconds": time.perf_counter() - begin, "used": time.process_time() - used, "losses": []}), flush=True)


if __name__ == "__main__":
    main()
