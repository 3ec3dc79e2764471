#!/usr/bin/env python3
"""Where the time of encoding and of training goes: shares of CPU time by phase, which add up to 100.

    python3 bench/phases.py PROGRAM MODEL FOLDER [--steps 20]

Samples of `perf` over whole commands, with their start. FOLDER holds the texts of bench/peers/texts.py. Encoding: one
thread. Training: steps of 8 questions, each with a positive and 4 negatives. Prints two tables.
"""
import argparse
import collections
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# The first pattern that is found in "library symbol" is its phase.
KERNEL = ("the kernel: fresh pages, files", r"^\[kernel")
ENCODING = [
    KERNEL,
    ("packing the weights, once", r"pack_|round_weights|quantize_weights"),
    ("rounding activations to 8 bits", r"quantize_rows"),
    ("matrix products, with bias and GELU", r"multiply|split_rows"),
    ("attention", r"attend|weigh_values|score_keys"),
    ("residuals and norms, sum of embeddings", r"add_norm"),
    ("pooling", r"segment_reduce"),
    ("tokenizing", r"okeniz|word_piece|normaliz"),
]
TRAINING = [
    KERNEL,
    ("matrix products", r"multiply_block|sgemm"),
    ("their operands as pieces", r"split_|pack_"),
    ("attention", r"attention_|score<|weighted_sum|exponentiate"),
    ("GELU (oneDNN)", r"^\[JIT\]|[Gg]elu"),
    ("norms", r"LayerNorm|RowwiseMoments"),
    ("dropout", r"dropout"),
    ("sums over tokens, of the gradients of biases", r"outer_sum|sum_kernel"),
    ("additions, products, copies of tensors", r"add_kernel|mul_kernel|fill_kernel|copy_kernel|memmove|memset"),
    ("optimizer, gradient norm", r"adam|reduce_lastdim|norm_kernel"),
    ("pooling", r"segment_reduce"),
]
REST = "the rest: start, loading, tokenizing, allocating"


def shares(phases, command):
    """-> per cent of each phase's name"""
    with tempfile.NamedTemporaryFile(suffix=".perf") as samples:
        subprocess.run(["perf", "record", "-q", "-F", "499", "-o", samples.name, *map(str, command)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        report = subprocess.run(["perf", "report", "-i", samples.name, "--no-children", "--sort", "dso,symbol", "-t", "\t",
                                 "--show-nr-samples"], check=True, capture_output=True, text=True).stdout
    counts = collections.Counter()
    for line in report.splitlines():
        found = re.match(r"\s*[\d.]+%\s*\t\s*(?P<samples>\d+)\s*\t(?P<library>[^\t]*)\t(?P<symbol>.*)", line)
        if not found:
            continue
        name = f"{found['library'].strip()} {found['symbol']}"
        phase = next((phase for phase, pattern in phases if re.search(pattern, name)), REST)
        counts[phase] += int(found["samples"])
    total = sum(counts.values())
    if total == 0:
        sys.exit("perf has no samples of " + " ".join(map(str, command)))
    return {phase: 100 * count / total for phase, count in counts.items()}


def print_table(phases, columns):
    print("| | " + " | ".join(columns) + " |")
    print("|---|" + "---|" * len(columns))
    for phase in [*(phase for phase, _ in phases[1:]), KERNEL[0], REST]:
        row = [column.get(phase, 0) for column in columns.values()]
        if any(row):
            print(f"| {phase} | " + " | ".join(f"{share:.1f}" if share >= 0.05 else "" for share in row) + " |")
    print("| together | " + " | ".join(f"{sum(column.values()):.0f}" for column in columns.values()) + " |\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    if not shutil.which("perf"):
        sys.exit("perf is not here (Debian: linux-perf)")
    with tempfile.TemporaryDirectory() as folder:
        encoding = {}
        for precision, suffix in (("32", ""), ("int8", ", int8")):
            for texts in ("synopses", "descriptions"):
                encoding[texts + suffix] = shares(ENCODING, [
                    options.program, "embed", "--quiet", "--threads", "1", "--precision", precision, "--model", options.model,
                    "--input", options.folder / f"{texts}.txt", "--output", f"{folder}/vectors.npy"])
        print_table(ENCODING, encoding)
        training = {}
        for length in (16, 64, 256):
            training[f"training, up to {length} tokens a text"] = shares(TRAINING, [
                options.program, "train", "--quiet", f"restore_from_path={options.model}",
                f"model.data.data_prefix={options.folder / 'training.json'}",
                f"exp_manager.explicit_log_dir={folder}/run-{length}", "exp_manager.create_checkpoint_callback=False",
                "model.global_batch_size=8", "model.micro_batch_size=8", f"model.encoder_seq_length={length}",
                "model.data.hard_negatives_to_train=4", "model.data.no_duplicates=False", "model.data.evaluation_sample_size=0",
                "model.hidden_dropout=0.1", "model.attention_dropout=0.1", f"trainer.max_steps={options.steps * 256 // length}"])
        print_table(TRAINING, training)


if __name__ == "__main__":
    main()
