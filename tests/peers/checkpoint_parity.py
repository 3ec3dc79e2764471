#!/usr/bin/env python3
"""Compares embeddings of folders that sbert wrote, in sentence-transformers: checkpoint_parity.py PROGRAM MODEL.
The model goes through a .nemo and each precision; sentence-transformers must load every folder and agree with sbert."""

import pathlib
import subprocess
import sys
import tempfile

import numpy
from sentence_transformers import SentenceTransformer

TEXTS = ["A man is eating food.", "query: how much protein should a female eat", "Größe, 東京 and naïve café!", "a", "x " * 400]


def run(program, *words):
    subprocess.run([program, *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ours(program, folder, work):
    (work / "texts.txt").write_text("\n".join(TEXTS) + "\n")
    run(program, "embed", "--model", folder, "--input", work / "texts.txt", "--output", work / "out.npy")
    return numpy.load(work / "out.npy")


def largest_cosine_distance(a, b):
    a, b = a.astype("float64"), b.astype("float64")
    cosines = (a * b).sum(1) / numpy.linalg.norm(a, axis=1) / numpy.linalg.norm(b, axis=1)
    return float(numpy.abs(1 - cosines).max())


def main(program, model):
    program = pathlib.Path(program).resolve()
    failed = False
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        original = SentenceTransformer(model, device="cpu").encode(TEXTS)
        run(program, "convert", "--input", model, "--output", work / "a.nemo")
        for precision, limit in (("32", 1e-6), ("16", 1e-4), ("bf16", 1e-2)):
            folder = work / precision
            run(program, "convert", "--input", work / "a.nemo", "--output", folder, "--precision", precision)
            theirs = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": "float32"}).encode(TEXTS)
            for label, distance, most in (("sentence-transformers and sbert", largest_cosine_distance(theirs, ours(program, folder, work)), 1e-6),
                                          ("written and original", largest_cosine_distance(theirs, original), limit)):
                verdict = "ok" if distance <= most else "FAILED"
                failed = failed or verdict != "ok"
                print(f"precision {precision}, {label}: 1 - cosine at most {distance:.1e} (limit {most:.0e}) {verdict}")
    return 1 if failed else 0


sys.exit(main(*sys.argv[1:]))
