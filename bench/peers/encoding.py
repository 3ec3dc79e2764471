"""Encoding and tokenizing beside the peers, turn by turn.

    python bench/peers/encoding.py BUILD MODEL FOLDER [--rounds 5] [--threads N ...]

BUILD is build/release; FOLDER has synopses.txt and descriptions.txt of bench/peers/texts.py. -> JSON on stdout.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

from turns import CLOCKS, Contender, median_seconds, ratio, take_turns

HERE = pathlib.Path(__file__).parent
PEERS = {"sentence-transformers": "st", "ONNX Runtime": "ort", "ONNX Runtime int8": "ort-int8"}


def count_tokens(build, model, path):
    lines = subprocess.run([build / "bin/sbert", "tokenize", "--model", model, "--input", path, "--max-length", "256"],
                           check=True, capture_output=True, text=True).stdout.splitlines()
    return [json.loads(line)["ids"] for line in lines]


def peer(name, kind, model, path, threads):
    return Contender(name, [sys.executable, HERE / "contender.py", kind, model, path, threads], "go")


def rates(amount, seconds):
    """-> {name: {"wall": amount a second, "cpu": amount a second of CPU time}}"""
    return {name: {clock: amount / median_seconds(rounds)[clock] for clock in CLOCKS} for name, rounds in seconds.items()}


def encode(build, model, path, threads, rounds, tokens):
    environment = os.environ | {"OMP_WAIT_POLICY": "passive"}
    own = [build / "bench/embed_bench", model, path, threads]
    contenders = [Contender("sbert", own, "32", environment), Contender("sbert int8", own, "int8", environment),
                  *(peer(name, kind, model, path, threads) for name, kind in PEERS.items())]
    seconds = take_turns(contenders, rounds)
    pairs = [("sbert", "sentence-transformers"), ("sbert", "ONNX Runtime"), ("sbert int8", "ONNX Runtime int8")]
    return {"tokens_per_second": rates(tokens, seconds), "seconds": seconds,
            "ratios": {f"{one} : {other}": ratio(seconds, one, other) for one, other in pairs}}


def tokenize(build, model, path, rounds):
    seconds = take_turns([Contender("sbert", [build / "bench/embed_bench", model, path, 1], "tokenize"),
                          peer("tokenizers", "tokenizers", model, path, 1)], rounds)
    return {"megabytes_per_second": rates(pathlib.Path(path).stat().st_size / 1e6, seconds),
            "ratio": ratio(seconds, "sbert", "tokenizers")}


def equal_ids(model, path, ids):
    import tokenizers
    theirs = tokenizers.Tokenizer.from_file(str(model / "tokenizer.json"))
    theirs.enable_truncation(256)
    theirs.no_padding()
    texts = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    return [each.ids for each in theirs.encode_batch(texts)] == ids


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, len(os.sched_getaffinity(0))}))
    options = parser.parse_args()
    result = {}
    for kind in ("synopses", "descriptions"):
        path = options.folder / f"{kind}.txt"
        ids = count_tokens(options.build, options.model, path)
        tokens = sum(map(len, ids))
        result[kind] = {"texts": len(ids), "tokens": tokens, "equal_ids": equal_ids(options.model, path, ids),
                        "tokenize": tokenize(options.build, options.model, path, options.rounds),
                        "encode": {threads: encode(options.build, options.model, path, threads, options.rounds, tokens)
                                   for threads in options.threads}}
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
