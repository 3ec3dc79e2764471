"""From the start of the program to one sentence's embedding: seconds and memory, and the size of the program.

    python bench/peers/starting.py PROGRAM MODEL [--rounds 9]

The first run, which warms the file cache, does not count. `sbert --version` is the program with nothing done.
-> JSON on stdout.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time


def run(command, text=""):
    """-> seconds, most memory in MB"""
    start = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    process.stdin.write(text.encode())
    process.stdin.close()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"failed: {command}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def medians(command, text, rounds):
    runs = [run(command, text) for _ in range(rounds + 1)][1:]
    seconds, megabytes = map(statistics.median, zip(*runs))
    return {"seconds": seconds, "megabytes": megabytes}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    peer = ("import sys, sentence_transformers; sentence_transformers.SentenceTransformer(sys.argv[1], device='cpu')"
            ".encode('Hello, world')")
    result = {
        "empty": medians([options.program, "--version"], "", options.rounds),
        "sbert": medians([options.program, "embed", "--model", options.model, "--format", "jsonl"], "Hello, world\n",
                         options.rounds),
        "sentence-transformers": medians([sys.executable, "-c", peer, options.model], "", min(3, options.rounds)),
        "weights_megabytes": sum(path.stat().st_size for path in options.model.glob("*.safetensors")) / 1e6,
        "program_megabytes": options.program.stat().st_size / 1e6,
    }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
