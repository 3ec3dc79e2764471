"""Time and memory of encoding by the length of a text and by the number of texts: two charts and a table of each.

    python bench/growth.py BUILD MODEL OUTPUT-FOLDER [--rounds 3] [--most 1000000]

BUILD is build/release. Lengths: some 8,000 tokens of one word repeated, one thread, CPU time. Numbers of texts: short texts in int8
on all cores, to a .npy file.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

from chart import chart

TOKENS, LENGTHS, SPECIAL = 8_192, (16, 32, 64, 128, 256, 512), 2


def microseconds_a_token(program, model, path, precision, rounds):
    answers = subprocess.run([program, model, path, "1", str(max(LENGTHS))], input=f"{precision}\n" * (rounds + 1), check=True, capture_output=True,
                             text=True).stdout.splitlines()
    return statistics.median(float(line.split()[1]) for line in answers[1:]) / TOKENS * 1e6


def by_length(build, model, folder, rounds):
    path = folder / "texts.txt"
    series = {"float32": ([], "line"), "int8": ([], "line")}
    print("| tokens of a text | float32, µs a token | int8, µs a token |\n|---|---|---|")
    for length in LENGTHS:
        path.write_text((" ".join(["cat"] * (length - SPECIAL)) + "\n") * (TOKENS // length))
        row = []
        for name, precision in (("float32", "32"), ("int8", "int8")):
            row.append(microseconds_a_token(build / "bench/embed_bench", model, path, precision, rounds))
            series[name][0].append((length, row[-1]))
        print(f"| {length} | " + " | ".join(f"{each:.0f}" for each in row) + " |", flush=True)
    return chart("Time of a token", "tokens of a text", "µs", series)


def by_number(build, model, folder, most):
    path = folder / "texts.txt"
    seconds, memory = [], []
    print("\n| texts | seconds | µs a text | most resident memory |\n|---|---|---|---|")
    count = 1_000
    while count <= most:
        with path.open("w") as file:
            file.writelines(f"document {i} of the corpus\n" for i in range(count))
        start = time.monotonic()
        process = subprocess.Popen([build / "bin/sbert", "embed", "--quiet", "--model", model, "--input", path, "--precision", "int8",
                                    "--output", folder / "vectors.npy"])
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            raise SystemExit("the program failed")
        passed = time.monotonic() - start
        seconds.append((count, passed / count * 1e6))
        memory.append((count, usage.ru_maxrss / 1_000))
        print(f"| {count:,} | {passed:.1f} | {passed / count * 1e6:.0f} | {usage.ru_maxrss / 1_000:.0f} MB |", flush=True)
        count *= 10
    return (chart("Time of a text", "texts", "µs", {"int8": (seconds, "line")}, y_log=True),
            chart("Most resident memory", "texts", "MB", {"int8": (memory, "line")}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=int, default=1_000_000)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        charts = [by_length(options.build, options.model, pathlib.Path(name), options.rounds),
                  *by_number(options.build, options.model, pathlib.Path(name), options.most)]
    for name, svg in zip(("growth-length", "growth-time", "growth-memory"), charts):
        (options.output / f"{name}.svg").write_text(svg)


if __name__ == "__main__":
    main()
