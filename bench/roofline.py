"""How far the encoder is from what a core can do: a roofline (Williams, Waterman and Patterson, 2009), as SVG and a table.

    python bench/roofline.py build/release/bench/bench OUTPUT.svg [--repetitions 9]

The roof is the rate of a large float32 matrix product and that of copying memory, both measured here; intensities count each
operand once. One thread; the shape of MiniLM-L6. Repetitions take turns, and medians count.
"""
import argparse
import json
import pathlib
import subprocess

from chart import chart

NAMES = {"linear_layers_alone": "linear layers", "encode": "encode", "train": "train", "attention/forward": "attention",
         "attention/forward_backward": "attention, both ways"}


def measure(program, repetitions):
    wanted = "^(large_product|copy_memory|linear_layers_alone|encode/.*|train/.*|attention/.*)$"
    done = subprocess.run([program, f"--benchmark_filter={wanted}", "--benchmark_format=json",
                           f"--benchmark_repetitions={repetitions}", "--benchmark_report_aggregates_only=true",
                           "--benchmark_enable_random_interleaving=true"], check=True, stdout=subprocess.PIPE, text=True)
    return {each["run_name"]: each for each in json.loads(done.stdout)["benchmarks"] if each["aggregate_name"] == "median"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--repetitions", type=int, default=9)
    options = parser.parse_args()
    measured = measure(options.program, options.repetitions)
    peak, bandwidth = measured["large_product"]["GFLOP/s"], measured["copy_memory"]["GB/s"]
    print(f"large product {peak:.1f} GFLOP/s, memory {bandwidth:.1f} GB/s\n")
    print("| what | flop/byte | GFLOP/s | of the roof |\n|---|---|---|---|")
    series = {"roof of SGEMM": ([(x, min(peak, bandwidth * x)) for x in (0.5, peak / bandwidth, 1_000)], "line")}
    for run, result in measured.items():
        if "flop/byte" not in result:
            continue
        x, y = result["flop/byte"], result["GFLOP/s"]
        print(f"| {run} | {x:.1f} | {y:.1f} | {y / min(peak, bandwidth * x):.0%} |")
        name = next(NAMES[key] for key in sorted(NAMES, key=len, reverse=True) if run.startswith(key))
        series.setdefault(name, ([], "points"))[0].append((x, y))
    options.output.write_text(chart("One core", "flop/byte", "GFLOP/s", series, y_log=True))


if __name__ == "__main__":
    main()
