"""Exact top-k on random vectors: sbert, faiss IndexFlatIP and torch's matrix product alone, turn by turn.

    python bench/peers/topk.py build/release/bench [--queries 1000] [--rows 1000000] [--columns 384] [--k 100] [--cpu avx2]

Needs numpy, and faiss-cpu unless --no-faiss is given (pip). Each round runs all once on the same vectors; what is printed is
the best and the median round, in GFLOP per second of the wall clock, and of CPU time, which other work on the machine
disturbs less. --cpu names an instruction set for sbert (SBERT_CPU) and for torch's product alike. Exit 1 if sbert and
faiss find other scores.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

# What makes torch's product (MKL) use no more than these instructions.
MKL_NAMES = {"avx2": "AVX2", "avx512": "AVX512"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="where topk_bench and sgemm_bench are")
    parser.add_argument("--cpu", choices=sorted(MKL_NAMES))
    parser.add_argument("--no-faiss", action="store_true")
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=384)
    parser.add_argument("--k", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


def timed(work):
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


class Program:
    """A program that runs its work once for each line, and answers with a line of JSON."""

    def __init__(self, words, environment):
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def run(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def faiss_index(corpus, threads):
    import faiss

    faiss.omp_set_num_threads(threads)
    index = faiss.IndexFlatIP(corpus.shape[1])
    index.add(corpus)
    return index


def run_rounds(options, folder):
    random = np.random.default_rng(0)
    queries, corpus = (random.standard_normal((rows, options.columns), dtype=np.float32)
                       for rows in (options.queries, options.rows))
    np.save(folder / "queries.npy", queries)
    np.save(folder / "corpus.npy", corpus)
    index = None if options.no_faiss else faiss_index(corpus, options.threads)
    del corpus
    files = [folder / "queries.npy", folder / "corpus.npy"]
    environment = dict(os.environ)
    if options.cpu:
        environment |= {"SBERT_CPU": options.cpu, "MKL_ENABLE_INSTRUCTIONS": MKL_NAMES[options.cpu]}
    product = Program([options.folder / "sgemm_bench", *files, str(options.threads)], environment)
    sbert = Program([options.folder / "topk_bench", *files, str(options.k), str(options.threads)], environment)
    rounds = {"product alone": [], "sbert": []} | ({"faiss": []} if index else {})
    for _ in range(options.rounds):
        rounds["product alone"].append(product.run())
        rounds["sbert"].append(sbert.run())
        if not index:
            continue
        (scores, _), seconds = timed(lambda: index.search(queries, options.k))
        rounds["faiss"].append(seconds)
        if not np.allclose(rounds["sbert"][-1]["results"], scores[:, -1], rtol=1e-4, atol=1e-4):
            sys.exit("sbert and faiss differ in the scores at rank k")
    product.end()
    sbert.end()
    return rounds


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        rounds = run_rounds(options, pathlib.Path(folder))

    work = 2e-9 * options.queries * options.rows * options.columns
    product = {clock: min(each[clock] for each in rounds["product alone"]) for clock in ("wall", "cpu")}
    print(f"{options.queries} queries, {options.rows} x {options.columns}, k {options.k}, {options.threads} threads")
    for name, each in rounds.items():
        for clock in ("wall", "cpu"):
            seconds = [round_[clock] for round_ in each]
            print(f"{name:14} {clock:4}  best {work / min(seconds):7.1f} GFLOP/s  median {work / statistics.median(seconds):7.1f}"
                  f"  share of the product {product[clock] / min(seconds):5.1%}")


main()
