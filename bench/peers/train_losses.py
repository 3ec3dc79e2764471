"""The same training steps in plain PyTorch and in sbert: do the losses agree at every step?

    python bench/peers/train_losses.py PROGRAM MODEL TRAIN.json [--steps 50] [--batch 16] [--micro-batch 4]

MODEL is a Hugging Face or sentence-transformers folder of a BERT with mean pooling, TRAIN.json the training file of
`sbert train` (question, pos_doc, neg_doc). Needs torch and transformers. Exit 0: every loss agrees to 1e-4 relative.
"""
import argparse
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile

import torch
from transformers import AutoTokenizer, BertModel

LR, MIN_LR, WARMUP, TEMPERATURE, NEGATIVES, MAX_LENGTH, CLIP = 5e-5, 1e-6, 10, 0.05, 2, 64, 1.0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--micro-batch", type=int, default=4)
    return parser.parse_args()


def run_sbert(options, folder):
    subprocess.run([options.program, "train", "--quiet", f"restore_from_path={options.model}", f"model.data.data_prefix={options.data}",
                    f"exp_manager.explicit_log_dir={folder}", "model.hidden_dropout=0", "model.attention_dropout=0",
                    "trainer.accelerator=cpu", "trainer.precision=32",
                    f"model.global_batch_size={options.batch}", f"model.micro_batch_size={options.micro_batch}",
                    f"model.encoder_seq_length={MAX_LENGTH}", f"model.softmax_temp={TEMPERATURE}", "model.data.no_duplicates=False",
                    f"model.data.hard_negatives_to_train={NEGATIVES}", "model.data.evaluation_sample_size=0", f"model.optim.lr={LR}",
                    f"model.optim.sched.min_lr={MIN_LR}", f"model.optim.sched.warmup_steps={WARMUP}",
                    "model.optim.sched.constant_steps=0", f"trainer.max_steps={options.steps}", "trainer.log_every_n_steps=1",
                    f"trainer.gradient_clip_val={CLIP}"], check=True)
    lines = map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
    return [line["reduced_train_loss"] for line in lines if "reduced_train_loss" in line]


def learning_rate(step, steps):
    if step <= WARMUP:
        return LR * (step + 1) / (WARMUP + 1)
    return MIN_LR + (LR - MIN_LR) * 0.5 * (1 + math.cos(math.pi * (step - WARMUP) / (steps - WARMUP)))


def run_pytorch(options):
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = BertModel.from_pretrained(options.model, add_pooling_layer=False, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0).float()
    model.train()

    def embed(texts):
        batch = tokenizer(texts, padding=True, truncation=True, max_length=MAX_LENGTH, return_tensors="pt")
        hidden = model(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1).to(hidden.dtype)
        return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)

    no_decay = [p for n, p in model.named_parameters() if n.endswith("bias") or "LayerNorm" in n]
    decay = [p for n, p in model.named_parameters() if not (n.endswith("bias") or "LayerNorm" in n)]
    optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.01}, {"params": no_decay, "weight_decay": 0.0}],
                                  lr=LR, betas=(0.9, 0.98), eps=1e-8)
    rows = json.loads(pathlib.Path(options.data).read_text())
    random.seed(42)
    random.shuffle(rows)
    losses = []
    for step in range(options.steps):
        batch = rows[step * options.batch:(step + 1) * options.batch]
        questions = embed([f"query: {row['question']}".strip() for row in batch])
        positives = embed([f"passage: {row['pos_doc'][0] if isinstance(row['pos_doc'], list) else row['pos_doc']}".strip() for row in batch])
        scores = questions @ positives.T
        negatives = [[f"passage: {text}".strip() for text in row.get("neg_doc", [])[:NEGATIVES]] for row in batch]
        own = torch.full((len(batch), NEGATIVES), -math.inf)
        flat = embed([text for texts in negatives for text in texts]) if any(negatives) else None
        at = 0
        for i, texts in enumerate(negatives):
            for j in range(len(texts)):
                own[i, j] = questions[i] @ flat[at]
                at += 1
        loss = torch.nn.functional.cross_entropy(torch.cat([scores, own], 1) / TEMPERATURE, torch.arange(len(batch)))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, options.steps)
        optimizer.step()
        losses.append(loss.item())
    return losses


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        ours = run_sbert(options, pathlib.Path(folder))
    theirs = run_pytorch(options)
    worst = 0.0
    print("step      sbert    PyTorch  relative difference")
    for step, (a, b) in enumerate(zip(ours, theirs, strict=True), 1):
        difference = abs(a - b) / abs(b)
        worst = max(worst, difference)
        if step == 1 or step % 10 == 0:
            print(f"{step:4} {a:10.6f} {b:10.6f}  {difference:.1e}")
    print(f"largest relative difference of {len(ours)} steps: {worst:.1e}")
    return worst > 1e-4


if __name__ == "__main__":
    sys.exit(main())
