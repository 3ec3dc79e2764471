"""Exact top-k on random vectors: sbert, faiss IndexFlatIP and the matrix product alone, turn by turn.

    python bench/peers/topk.py build/release/bench/topk_bench [--queries 1000] [--rows 1000000] [--columns 384] [--k 100]

Needs numpy and faiss-cpu (pip). Each round runs all three once on the same vectors; what is printed is the best
and the median round, in GFLOP per second of the wall clock, and of CPU time, which other work on the machine
disturbs less. Exit 1 if sbert and faiss find other scores.
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

import faiss
import numpy as np


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
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


def main():
    options = arguments()
    faiss.omp_set_num_threads(options.threads)
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        queries, corpus = (random.standard_normal((rows, options.columns), dtype=np.float32)
                           for rows in (options.queries, options.rows))
        np.save(folder / "queries.npy", queries)
        np.save(folder / "corpus.npy", corpus)
        index = faiss.IndexFlatIP(options.columns)
        index.add(corpus)
        del corpus
        command = [options.program, folder / "queries.npy", folder / "corpus.npy", str(options.k), str(options.threads)]
        program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def ask(what):
            program.stdin.write(what + "\n")
            program.stdin.flush()
            return json.loads(program.stdout.readline())

        rounds = {"product alone": [], "sbert": [], "faiss": []}
        for _ in range(options.rounds):
            rounds["product alone"].append(ask("product"))
            ours = ask("topk")
            rounds["sbert"].append(ours)
            (scores, _), seconds = timed(lambda: index.search(queries, options.k))
            rounds["faiss"].append(seconds)
            if not np.allclose(ours["last"], scores[:, -1], rtol=1e-4, atol=1e-4):
                sys.exit("sbert and faiss differ in the scores at rank k")
        program.stdin.close()
        program.wait()

    work = 2e-9 * options.queries * options.rows * options.columns
    product = {clock: min(each[clock] for each in rounds["product alone"]) for clock in ("wall", "cpu")}
    print(f"{options.queries} queries, {options.rows} x {options.columns}, k {options.k}, {options.threads} threads")
    for name, each in rounds.items():
        for clock in ("wall", "cpu"):
            seconds = [round_[clock] for round_ in each]
            print(f"{name:14} {clock:4}  best {work / min(seconds):7.1f} GFLOP/s  median {work / statistics.median(seconds):7.1f}"
                  f"  share of the product {product[clock] / min(seconds):5.1%}")


main()
