"""Training on several processes of this machine: what a step takes and sends, and what memory a process has.

    python bench/scaling.py PROGRAM MODEL TRAINING.json [--processes 1,2,4] [--optimizers fused_adam,...] [--batch 32]
        [--micro 8] [--length 64] [--steps 12] [--memory] [WORD ...]

A step: questions of the training file, each with a positive and a negative. Seconds are the median of the steps after the first two.
With --memory, the anonymous memory of each process in MB, looked at 50 times a second from the first step on: the medians, and the most of
all; what is freed then goes back to the kernel, which takes time. WORDs go to `sbert train`. -> a table on stdout
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

SKIPPED = 2


def words(options, processes, optimizer, folder):
    return [options.program, "train", "--quiet", f"restore_from_path={options.model}", f"model.data.data_prefix={options.training}",
            f"exp_manager.explicit_log_dir={folder}", "exp_manager.create_checkpoint_callback=False",
            f"model.global_batch_size={options.batch}", f"model.micro_batch_size={options.micro}",
            f"model.encoder_seq_length={options.length}", "model.data.hard_negatives_to_train=1", "model.data.evaluation_sample_size=0",
            f"trainer.max_steps={options.steps}", "trainer.log_every_n_steps=1", "model.optim.lr=2e-5", f"model.optim.name={optimizer}",
            f"trainer.devices={processes}", *options.words]


def children(pid):
    try:
        return [int(each) for each in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def anonymous_mb(pid):
    """-> None when the process is gone"""
    try:
        fields = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
        return int(fields["RssAnon"].split()[0]) / 1000
    except (OSError, KeyError):
        return None


def records(folder):
    path = pathlib.Path(folder) / "metrics.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [record for record in map(json.loads, lines) if "reduced_train_loss" in record]


def train(options, processes, optimizer):
    """-> what each step was, MB of each process"""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"OMP_WAIT_POLICY": "passive"}
        if options.memory:
            environment["MALLOC_MMAP_THRESHOLD_"] = "1000000"
        if processes > os.cpu_count():
            environment["OMP_NUM_THREADS"] = "1"
        starter = subprocess.Popen(words(options, processes, optimizer, folder), env=environment)
        memory = {}
        while starter.poll() is None:
            time.sleep(0.02)
            if not options.memory or not records(folder):
                continue
            for pid in [starter.pid] if processes == 1 else children(starter.pid):
                used = anonymous_mb(pid)
                if used:
                    memory.setdefault(pid, []).append(used)
        if starter.returncode != 0:
            sys.exit("sbert train failed")
        return records(folder)[SKIPPED:], list(memory.values())


def row(processes, optimizer, steps, memory):
    def median(name):
        return statistics.median(step.get(name, 0) for step in steps)

    medians = sorted(statistics.median(each) for each in memory)
    used = f"| {medians[0]:.0f} to {medians[-1]:.0f} MB | {max(map(max, memory)):.0f} MB " if memory else ""
    return (f"| {processes} | {optimizer} | {median('train_step_timing in s'):.2f} s | {median('communication_wait_share'):.1%} "
            f"| {median('communication_bytes_per_step') / 1e6:.1f} MB {used}| {steps[-1]['reduced_train_loss']:.5f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("training")
    parser.add_argument("--processes", default="1,2,4")
    parser.add_argument("--optimizers", default="fused_adam")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--micro", type=int, default=8)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--memory", action="store_true")
    options, options.words = parser.parse_known_args()
    print(f"| processes | optimizer | step | waited | sent by each {'| memory | at most ' if options.memory else ''}| last loss |")
    for processes in map(int, options.processes.split(",")):
        for optimizer in options.optimizers.split(","):
            print(row(processes, optimizer, *train(options, processes, optimizer)), flush=True)


main()
