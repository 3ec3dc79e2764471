"""Mines over many random vectors: how long, and in how much memory?

    python bench/mining_memory.py PROGRAM MODEL [--documents 2000000] [--questions 2000] [--memory 2GB] [--folder DIR]
                                  [--rank 32] [--options "--approximate-above 1"]

Embedding millions of texts takes hours and no more memory than embedding a few, so it is left out: a run is interrupted as
soon as it has begun its file of vectors, random unit vectors are written into it in its place, and the same command resumes it
from there. --rank makes vectors of that many independent directions, as embeddings of texts are nearer to than random
ones, for questions too. --options are more of sbert mine's. Needs numpy.
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import numpy

HEADER_BYTES, WRITTEN_AT = 4096, 32  # docs/formats.md, vectors
BLOCK = 100_000


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("--documents", type=int, default=2_000_000)
    parser.add_argument("--questions", type=int, default=2_000)
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--folder", help="where to work; default: a temporary folder")
    parser.add_argument("--rank", type=int, help="independent directions of the vectors; default: all")
    parser.add_argument("--options", default="", help="more options of sbert mine")
    return parser.parse_args()


def interrupt_when_begun(command, vectors):
    process = subprocess.Popen(command)
    while process.poll() is None and not (vectors.exists() and vectors.stat().st_size > HEADER_BYTES):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.wait()


def fill_with_random_vectors(path, rank, seed):
    generator = numpy.random.default_rng(seed)
    with path.open("r+b") as file:
        header = file.read(40)
        width, rows = int.from_bytes(header[12:16], "little"), int.from_bytes(header[16:24], "little")
        file.seek(HEADER_BYTES)
        directions = numpy.random.default_rng(0).standard_normal((rank, width), dtype=numpy.float32) if rank else None
        for begin in range(0, rows, BLOCK):
            block = generator.standard_normal((min(BLOCK, rows - begin), rank or width), dtype=numpy.float32)
            if rank:
                block = block @ directions
            file.write((block / numpy.linalg.norm(block, axis=1, keepdims=True)).tobytes())
        file.seek(WRITTEN_AT)
        file.write(rows.to_bytes(8, "little"))
    return rows, width


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = pathlib.Path(name)
        with (folder / "corpus.txt").open("w") as file:
            for i in range(options.documents):
                file.write(f"document {i} of the corpus, with some words in it\n")
        with (folder / "train.jsonl").open("w") as file:
            for i in range(options.questions):
                file.write(json.dumps({"question": f"question {i}", "pos_doc": [f"the answer to {i}"]}) + "\n")
        command = [options.program, "mine", "--model", options.model, "--data", folder / "train.jsonl", "--corpus",
                   folder / "corpus.txt", "--output", folder / "mined.jsonl", "--vectors", folder / "vectors", "--memory",
                   options.memory, "--near-duplicate", "0", "--with-scores", *options.options.split()]
        command = [str(word) for word in command]
        vectors = folder / "vectors/documents.vectors"
        interrupt_when_begun(command, vectors)
        if options.rank:
            fill_with_random_vectors(folder / "vectors/questions.vectors", options.rank, seed=1)
        rows, width = fill_with_random_vectors(vectors, options.rank, seed=2)
        start = time.monotonic()
        process = subprocess.Popen(command)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        if status != 0:
            sys.exit("the program failed")
    print(f"{rows:,} vectors of {width}, {options.questions:,} questions, --memory {options.memory}: {seconds:.0f} s, "
          f"{usage.ru_maxrss * 1024 / 1e6:.0f} MB at most; the vectors take {rows * width * 4 / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
