#!/usr/bin/env python3
"""Whether a GPU gives the numbers of the CPU: embeddings, the losses and gradient norms of a short training.

    python3 bench/gpu/parity.py PROGRAM MODEL --output FOLDER
"""
import subprocess
import sys

import numpy as np
from training import arguments, random_texts, train, write_pairs

STEPS = 20


def embed(options, texts, name, *words):
    output = options.output / f"{name}.npy"
    subprocess.run([options.program, "embed", "--quiet", "--model", options.model, "--input", texts, "--output", output, *words],
                   check=True)
    return np.load(output).astype(np.float64)


def main():
    options = arguments(__doc__)

    wrong = []

    def show(what, value, limit):
        is_right = value <= limit
        print(f"{what:58} {value:10.2e}  limit {limit:.0e}  {'ok' if is_right else 'WRONG'}")
        if not is_right:
            wrong.append(what)

    texts = options.output / "texts.txt"
    lines = [text for words in (1, 3, 12, 40, 150, 400) for text in random_texts(100, words, seed=words)]
    texts.write_text("\n".join(lines) + "\n")
    cpu = embed(options, texts, "cpu", "--device", "cpu")
    for precision, limit in (("32", 1e-4), ("bf16", 1e-3), ("16", 1e-3)):
        gpu = embed(options, texts, precision, "--device", "cuda", "--precision", precision)
        show(f"embeddings, precision {precision}: largest 1 - cosine", float((1 - (cpu * gpu).sum(1)).max()), limit)
        if precision == "32":
            show("embeddings, precision 32: largest difference", float(np.abs(cpu - gpu).max()), 1e-4)

    data = options.output / "pairs.json"
    write_pairs(data, 160, 40, negatives=1)

    def run(name, *words):
        return train(options.program, options.model, data, options.output / f"run-{name}", steps=STEPS, batch=8, micro_batch=4,
                     length=64, negatives=1, words=["++exp_manager.resume_if_exists=False", *words])

    exact = ["model.hidden_dropout=0", "model.attention_dropout=0"]
    expected = run("cpu", "trainer.accelerator=cpu", *exact)
    found = run("gpu", "trainer.accelerator=gpu", "trainer.precision=32", *exact)
    for key in ("reduced_train_loss", "grad_norm"):
        show(f"{STEPS} steps without dropout: {key}, relative",
             max(abs(a[key] - b[key]) / abs(a[key]) for a, b in zip(expected, found, strict=True)), 1e-3)
    show("the first step: grad_norm, relative", abs(expected[0]["grad_norm"] / found[0]["grad_norm"] - 1), 1e-4)

    # Dropout on: gradient cache must draw the masks of the first pass again in the second.
    once = train(options.program, options.model, data, options.output / "run-once", steps=3, batch=4, micro_batch=4, length=64,
                 negatives=1, words=["trainer.accelerator=gpu", "trainer.precision=32"])
    again = train(options.program, options.model, data, options.output / "run-again", steps=3, batch=4, micro_batch=4, length=64,
                  negatives=1, words=["trainer.accelerator=gpu", "trainer.precision=32"])
    recomputed = train(options.program, options.model, data, options.output / "run-recomputed", steps=3, batch=4, micro_batch=4,
                       length=64, negatives=1, words=["trainer.accelerator=gpu", "trainer.precision=32",
                                                      "model.activations_checkpoint_granularity=full"])
    for name, other in (("repeated", again), ("recomputed", recomputed)):
        show(f"3 steps with dropout, {name}: loss, relative",
             max(abs(a["reduced_train_loss"] / b["reduced_train_loss"] - 1) for a, b in zip(once, other, strict=True)), 1e-4)
        show(f"3 steps with dropout, {name}: grad_norm, relative",
             max(abs(a["grad_norm"] / b["grad_norm"] - 1) for a, b in zip(once, other, strict=True)), 1e-3)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
