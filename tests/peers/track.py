#!/usr/bin/env python3
"""Trains with the tiny model, kills the run, goes on with it, and reads what was written with TensorBoard's and
Weights & Biases' own programs; exit 1 unless both have the names, steps and values of metrics.jsonl.

    pip install 'tensorboard==2.21.*' 'wandb>=0.31,<0.32'
    tests/peers/track.py build/release/bin/sbert
"""
import argparse
import json
import logging
import math
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile

import wandb
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fake_wandb_service import FakeWandbService

HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE.parent / "golden/checkpoint/hf"
CORE = pathlib.Path(wandb.__file__).parent / "bin/wandb-core"
SECONDS = 120
STEPS = 60


def words(folder, steps, online):
    return ["train", f"restore_from_path={MODEL}", "model.data.data_prefix=train.json", f"exp_manager.explicit_log_dir={folder}",
            "model.data.evaluation_sample_size=8", "model.encoder_seq_length=32", "model.global_batch_size=4",
            "model.micro_batch_size=2", f"trainer.max_steps={steps}", "trainer.log_every_n_steps=1", "trainer.val_check_interval=20",
            "model.optim.sched.warmup_steps=10", "model.optim.sched.constant_steps=0", "exp_manager.create_wandb_logger=True",
            "exp_manager.wandb_logger_kwargs.project=a project", "exp_manager.wandb_logger_kwargs.name=a name",
            f"++exp_manager.wandb_logger_kwargs.offline={not online}"]


def train(program, folder, environment, steps=STEPS, online=False, kill_at=None):
    """Runs; with `kill_at` it is killed when a line of its output begins so."""
    command = [program, *words(folder, steps, online)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=folder.parent, env=environment) as process:
        lines = []
        for line in process.stderr:
            lines.append(line)
            if kill_at and line.startswith(kill_at):
                process.kill()
                break
        lines += process.stderr.readlines()
        code = process.wait(SECONDS)
    expected = -signal.SIGKILL if kill_at else 0
    if code != expected:
        sys.exit(f"sbert train ended with {code}, not {expected}:\n{''.join(lines)}")
    return "".join(lines)


def metrics_of(folder):
    """-> {(name, step): value} of metrics.jsonl"""
    values = {}
    for line in (folder / "metrics.jsonl").read_text().splitlines():
        row = json.loads(line)
        step = row.pop("step")
        values.update({(name, step): math.nan if value is None else value for name, value in row.items()})
    return values


def tensorboard_of(folder):
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    if events.Tags()["tensors"] != ["config"]:
        sys.exit(f"TensorBoard reads no configuration: {events.Tags()}")
    text = events.Tensors("config")[-1].tensor_proto.string_val[0].decode()
    if "global_batch_size" not in text:
        sys.exit(f"TensorBoard reads another configuration: {text}")
    points = [((tag, point.step), point.value) for tag in events.Tags()["scalars"] for point in events.Scalars(tag)]
    if len(points) != len(dict(points)):
        sys.exit("TensorBoard reads a point twice")
    return dict(points)


def wandb_of(rows):
    """-> {(name, step): value}, the newest of each"""
    values = {}
    for row in map(json.loads, rows):
        values.update({(name, row["trainer/global_step"]): value for name, value in row.items()
                       if not name.startswith("_") and name != "trainer/global_step"})
    return values


def compare(what, found, expected, rounded):
    different = [f"{key}: {found.get(key)}, not {expected.get(key)}" for key in sorted(found.keys() | expected.keys())
                 if key not in found or key not in expected or found[key] != rounded(expected[key])]
    print(f"{what}: {len(found)} values, {len(different)} differ from metrics.jsonl")
    if different:
        sys.exit("\n".join(different[:10]))


def to_float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def check_run(folder, run):
    expected = metrics_of(folder)
    assert len(expected) > STEPS
    compare("TensorBoard", tensorboard_of(folder), expected, to_float32)
    compare("Weights & Biases", wandb_of(run["history"]), expected, float)
    summary = json.loads(run["summary"])
    last = {name: value for (name, step), value in sorted(expected.items(), key=lambda each: each[0][1])}
    if {name: summary.get(name) for name in last} != last:
        sys.exit(f"the summary is {summary}, not {last}")
    if run["project"] != "a project" or run["display_name"] != "a name" or run["exit_code"] != 0:
        sys.exit(f"the run is {run['project']}, {run['display_name']}, exit code {run['exit_code']}")
    if json.loads(run["config"])["model"]["value"]["global_batch_size"] != 4:
        sys.exit(f"the configuration is {run['config']}")


def run_id_of(folder):
    return (folder / "wandb_run_id").read_text().strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=os.path.abspath)
    program = parser.parse_args().program
    logging.getLogger("tensorboard").setLevel(logging.ERROR)  # it warns of each point that it drops
    with tempfile.TemporaryDirectory() as name, FakeWandbService() as service:
        home = pathlib.Path(name)
        environment = {"PATH": os.environ["PATH"], "HOME": name, "OMP_NUM_THREADS": "1", "WANDB_BASE_URL": service.url,
                       "WANDB_API_KEY": "0" * 40, "WANDB_ERROR_REPORTING": "false", "SBERT_WANDB_CORE": str(CORE)}
        rows = [{"question": f"text {i}", "pos_doc": [f"the text {i}"], "neg_doc": [f"no {i}"]} for i in range(60)]
        (home / "train.json").write_text(json.dumps(rows))

        print("on disk, killed, gone on, sent by wandb sync:")
        folder = home / "offline"
        train(program, folder, environment, kill_at="step 40:")
        said = train(program, folder, environment)
        if "resuming from" not in said:
            sys.exit(f"the run did not go on:\n{said}")
        logs = sorted((folder / "wandb").iterdir())
        if len(logs) != 2:
            sys.exit(f"two starts left {logs}")
        shown = subprocess.run([sys.executable, "-m", "wandb", "leet", "inspect", "--summary", logs[-1]], cwd=folder,
                               capture_output=True, text=True, env=environment, timeout=SECONDS).stdout
        if "finished (exit code 0)" not in shown:
            sys.exit(f"wandb leet inspect shows {shown}")
        subprocess.run([sys.executable, "-m", "wandb", "sync", "--yes", *logs], cwd=folder, check=True, env=environment, timeout=SECONDS,
                       capture_output=True)
        run = service.runs[run_id_of(folder)]
        check_run(folder, run)
        rows = [json.loads(row)["_step"] for row in run["history"]]
        if rows != list(range(len(rows))):
            sys.exit(f"the rows are {rows}")

        # What was sent before the kill is sent again, in front of the new rows: wandb-core knows no half of a log.
        print("sent live, killed, gone on:")
        folder = home / "online"
        train(program, folder, environment, online=True, kill_at="step 40:")
        said = train(program, folder, environment, online=True)
        if "warning: Weights & Biases" in said:
            sys.exit(said)
        check_run(folder, service.runs[run_id_of(folder)])


if __name__ == "__main__":
    main()
