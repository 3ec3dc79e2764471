"""Texts and runs of `sbert train` that the checks and timings on a GPU share."""
import argparse
import json
import pathlib
import random
import subprocess


def arguments(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    return options


def random_texts(count, words, seed):
    draw = random.Random(seed)
    vocabulary = ["".join(draw.choices("etaoinshrdlucmfwypvbgk", k=draw.randint(2, 9))) for _ in range(2000)]
    return [" ".join(draw.choices(vocabulary, k=words)) for _ in range(count)]


def write_pairs(path, count, words, negatives=0):
    """Training records whose texts have this many words."""
    texts = random_texts(count * (2 + negatives), words, seed=1)
    each = 2 + negatives
    records = [{"question": texts[each * i], "pos_doc": [texts[each * i + 1]], "neg_doc": texts[each * i + 2:each * (i + 1)]}
               for i in range(count)]
    pathlib.Path(path).write_text(json.dumps(records))


def train(program, model, data, folder, *, steps, batch, micro_batch, length, negatives=0, words=(), environment=None):
    """-> the lines of metrics.jsonl that have a loss"""
    command = [program, "train", f"restore_from_path={model}", f"model.data.data_prefix={data}",
               f"exp_manager.explicit_log_dir={folder}", f"trainer.max_steps={steps}", f"trainer.val_check_interval={steps}",
               "trainer.log_every_n_steps=1", f"model.global_batch_size={batch}", f"model.micro_batch_size={micro_batch}",
               f"model.encoder_seq_length={length}", f"model.data.hard_negatives_to_train={negatives}",
               "model.data.evaluation_sample_size=0", "model.optim.sched.warmup_steps=2", "model.optim.sched.constant_steps=0",
               "++exp_manager.checkpoint_callback_params.save_nemo_on_train_end=False",
               "++exp_manager.checkpoint_callback_params.save_sentence_transformers_on_train_end=False", *words]
    run = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment)
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\n{run.stderr[-3000:]}")
    with open(pathlib.Path(folder) / "metrics.jsonl", encoding="utf-8") as file:
        return [line for line in map(json.loads, file) if "reduced_train_loss" in line]
