#!/usr/bin/env python3
"""How often a training step waits for the GPU: the waits of runs of two lengths, and their difference by steps.

    python3 bench/gpu/syncs.py PROGRAM MODEL --output FOLDER
"""
import os
import pathlib
import re
import subprocess

from training import arguments, write_pairs


def main():
    options = arguments(__doc__)
    library = options.output.resolve() / "count_syncs.so"
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", library, pathlib.Path(__file__).with_name("count_syncs.c"), "-ldl"],
                   check=True)
    data = options.output / "sync-pairs.json"
    write_pairs(data, 400, 40)

    def waits(steps):
        folder = options.output / f"run-syncs-{steps}"
        run = subprocess.run(
            [options.program, "train", f"restore_from_path={options.model}", f"model.data.data_prefix={data}",
             f"exp_manager.explicit_log_dir={folder}", f"trainer.max_steps={steps}", f"trainer.val_check_interval={steps}",
             f"trainer.log_every_n_steps={steps}", "model.global_batch_size=8", "model.micro_batch_size=8",
             "model.data.hard_negatives_to_train=0", "model.data.evaluation_sample_size=0", "trainer.accelerator=gpu",
             "++exp_manager.resume_if_exists=False", "model.optim.sched.warmup_steps=2", "model.optim.sched.constant_steps=0"],
            capture_output=True, text=True, env={**os.environ, "LD_PRELOAD": str(library)})
        found = re.search(r"waits: stream (\d+) device (\d+) event (\d+)", run.stderr)
        if run.returncode != 0 or not found:
            raise SystemExit(run.stderr[-2000:])
        return [int(each) for each in found.groups()]

    few, many = waits(10), waits(40)
    for kind, a, b in zip(("stream", "device", "event"), few, many):
        print(f"{kind:7} waits: {a} in 10 steps, {b} in 40: {(b - a) / 30:.2f} a step")


if __name__ == "__main__":
    main()
