"""Training beside sentence-transformers, and the gradient cache beside a single pass.

    python bench/peers/training.py PROGRAM MODEL FOLDER [--rounds 5] [--threads N] [--steps 5]

A step: 8 questions, each with a positive and 4 negatives of training.json, in-batch negatives, AdamW. Seconds of a
step are the median of those after the first two. Then 1,024 questions with a positive and a negative of 64 tokens at
most, in 32 global batches of 32 (one pass) and in one of 1,024 (micro batches of 32): seconds a question, and most
memory. -> JSON on stdout.
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

BATCH, LENGTH, NEGATIVES, SKIPPED = 8, 256, 4, 2
CACHE_QUESTIONS, CACHE_LENGTH, CACHE_NEGATIVES = 1_024, 64, 1


def run_sbert(options, batch, micro, steps, length=LENGTH, negatives=NEGATIVES):
    """-> seconds of each step, most memory in MB"""
    with tempfile.TemporaryDirectory() as folder:
        command = [options.program, "train", "--quiet", f"restore_from_path={options.model}",
                   f"model.data.data_prefix={options.folder / 'training.json'}", f"exp_manager.explicit_log_dir={folder}",
                   f"model.global_batch_size={batch}", f"model.micro_batch_size={micro}",
                   f"model.encoder_seq_length={length}", f"model.data.hard_negatives_to_train={negatives}",
                   "model.data.no_duplicates=False", "model.data.evaluation_sample_size=0",
                   "model.hidden_dropout=0.1", "model.attention_dropout=0.1", "model.softmax_temp=0.05",
                   "exp_manager.create_checkpoint_callback=False",
                   f"trainer.max_steps={steps}", "trainer.log_every_n_steps=1", "model.optim.lr=2e-5"]
        environment = os.environ | {"OMP_WAIT_POLICY": "passive", "OMP_NUM_THREADS": str(options.threads)}
        process = subprocess.Popen(list(map(str, command)), env=environment, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit("sbert train failed")
        lines = map(json.loads, (pathlib.Path(folder) / "metrics.jsonl").read_text().splitlines())
        seconds = [line["train_step_timing in s"] for line in lines if "train_step_timing in s" in line]
        return seconds, usage.ru_maxrss / 1024


def peer_steps(options, steps):
    import sentence_transformers
    import torch
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
    torch.set_num_threads(options.threads)
    model = sentence_transformers.SentenceTransformer(str(options.model), device="cpu")
    model.max_seq_length = LENGTH
    model.train()
    loss = MultipleNegativesRankingLoss(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5)
    rows = json.loads((options.folder / "training.json").read_text())
    seconds = []
    for step in range(steps):
        batch = rows[step * BATCH:(step + 1) * BATCH]
        start = time.perf_counter()
        columns = [[row["question"] for row in batch], [row["pos_doc"][0] for row in batch],
                   *([row["neg_doc"][i] for row in batch] for i in range(NEGATIVES))]
        loss([model.tokenize(column) for column in columns], None).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - start)
    return seconds


def middle(seconds):
    return statistics.median(seconds[SKIPPED:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--peer", action="store_true", help="only the peer's steps, for a process of its own")
    options = parser.parse_args()
    if options.peer:
        json.dump(peer_steps(options, options.steps), sys.stdout)
        return
    pairs = []
    for _ in range(options.rounds):
        own, _ = run_sbert(options, BATCH, BATCH, options.steps)
        command = [sys.executable, *sys.argv, "--peer"]
        peer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        pairs.append((middle(own), middle(peer)))
    cached = []
    for _ in range(options.rounds):
        small, small_memory = run_sbert(options, 32, 32, CACHE_QUESTIONS // 32, CACHE_LENGTH, CACHE_NEGATIVES)
        large, large_memory = run_sbert(options, CACHE_QUESTIONS, 32, 1, CACHE_LENGTH, CACHE_NEGATIVES)
        cached.append({"seconds_a_question": [sum(steps) / CACHE_QUESTIONS for steps in (small, large)],
                       "megabytes": [small_memory, large_memory]})
    # The machine's mood is in the times of a pair alike, so that each pair has its ratio; not in the memory.
    time_ratio = statistics.median(large / small for small, large in (each["seconds_a_question"] for each in cached))
    small_memory, large_memory = (statistics.median(sizes) for sizes in zip(*(each["megabytes"] for each in cached)))
    json.dump({"threads": options.threads, "steps_per_second": {
        "sbert": 1 / statistics.median(own for own, _ in pairs),
        "sentence-transformers": 1 / statistics.median(peer for _, peer in pairs)},
        "ratio": statistics.median(peer / own for own, peer in pairs),
        "gradient_cache_1024_over_32": {"time": time_ratio, "memory": large_memory / small_memory},
        "gradient_cache": cached}, sys.stdout)


if __name__ == "__main__":
    main()
