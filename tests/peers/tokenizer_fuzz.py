#!/usr/bin/env python3
"""Compares `sbert tokenize` with the `tokenizers` wheel on random strings; exit 1 if one differs.

    pip install tokenizers==0.23.3
    tests/peers/tokenizer_fuzz.py build/release/sbert/cli/sbert MODEL_FOLDER [--strings N] [--seed S] [--max-length N]
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

from tokenizers import Tokenizer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden/tokenizer"))
from random_strings import SCALARS, SPECIALS, random_string


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("model", type=pathlib.Path, help="a folder with a tokenizer.json")
    parser.add_argument("--strings", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--max-length", type=int, default=256)
    options = parser.parse_args()
    print(f"seed {options.seed}")

    peer = Tokenizer.from_file(str(options.model / "tokenizer.json"))
    peer.no_padding()
    peer.enable_truncation(options.max_length)
    added = [token.content for token in peer.get_added_tokens_decoder().values()]
    pieces = sorted(peer.get_vocab(with_added_tokens=False))
    rng = random.Random(options.seed)
    strings = [random_string(rng, pieces, added + SPECIALS) for _ in range(options.strings)]
    # Every scalar comes up alone or in a word, over a few seeds.
    strings += [chr(c) for c in SCALARS[rng.randrange(50)::50]]
    strings += [f"a{chr(c)}b" for c in SCALARS[rng.randrange(50)::50]]

    with tempfile.TemporaryFile("w+") as lines:
        lines.writelines(json.dumps({"text": text}) + "\n" for text in strings)
        lines.seek(0)
        command = [options.program, "tokenize", "--model", str(options.model), "--max-length", str(options.max_length)]
        output = subprocess.run(command, stdin=lines, stdout=subprocess.PIPE, text=True, check=True).stdout
    ours = [json.loads(line)["ids"] for line in output.splitlines()]
    if len(ours) != len(strings):
        sys.exit(f"{len(strings)} strings in, {len(ours)} lines out")

    different = 0
    for start in range(0, len(strings), 1000):
        part = strings[start:start + 1000]
        for text, encoding, ids in zip(part, peer.encode_batch_fast(part), ours[start:start + 1000]):
            if encoding.ids != ids:
                different += 1
                if different <= 5:
                    print(f"{ascii(text)}\n  wheel {encoding.ids}\n  sbert {ids}")
    print(f"{different} of {len(strings)} strings differ")
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
