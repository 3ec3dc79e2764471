"""CPU time of a token by the length of the text.

    python bench/lengths.py build/release/bench/embed_bench MODEL [--rounds 5]

Texts are of one word repeated, some 8,000 tokens of each length, one thread; lengths up to the model's own. A table
goes to stdout: microseconds a token in float32 and in int8, the median of the rounds.
"""
import argparse
import pathlib
import statistics
import subprocess
import tempfile

TOKENS, LENGTHS, SPECIAL = 8_192, (16, 32, 64, 128, 256), 2


def measure(program, model, path, precision, rounds):
    words = [program, model, path, "1"]
    answers = subprocess.run(list(map(str, words)), input=f"{precision}\n" * (rounds + 1), check=True, capture_output=True,
                             text=True).stdout.splitlines()
    return statistics.median(float(line.split()[1]) for line in answers[1:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print("| tokens | float32, µs a token | int8, µs a token |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "texts.txt"
        for length in LENGTHS:
            path.write_text((" ".join(["cat"] * (length - SPECIAL)) + "\n") * (TOKENS // length))
            seconds = [measure(options.program, options.model, path, precision, options.rounds) for precision in ("32", "int8")]
            print(f"| {length} | " + " | ".join(f"{each / TOKENS * 1e6:.0f}" for each in seconds) + " |", flush=True)


if __name__ == "__main__":
    main()
