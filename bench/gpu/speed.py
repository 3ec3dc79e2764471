#!/usr/bin/env python3
"""Training and embedding on a GPU beside sentence-transformers, on the same texts, and as a share of what the GPU multiplies.

    python3 bench/gpu/speed.py PROGRAM MODEL --output FOLDER

Training: the shape of BERT-large with random weights, pairs of texts of 512 tokens, bf16. Embedding: MODEL, bf16.
Prints a table; writes speed.json.
"""
import json
import pathlib
import shutil
import statistics
import subprocess
import time

import torch
from training import arguments, random_texts, train, write_pairs

LENGTH = 512
PAIRS = 32
STEPS = 25
WARM_UP = 8
LAYERS, HIDDEN = 24, 1024


def product_rate():
    """TFLOP/s of a bf16 product of 8192 x 8192 matrices."""
    a, b = (torch.randn(8192, 8192, dtype=torch.bfloat16, device="cuda") for _ in range(2))
    for _ in range(3):
        a @ b
    torch.cuda.synchronize()
    start = time.monotonic()
    for _ in range(20):
        a @ b
    torch.cuda.synchronize()
    return 20 * 2 * 8192**3 / (time.monotonic() - start) / 1e12


def training_work(tokens, length):
    """TFLOP of a forward and a backward pass: products of weights, and of attention."""
    return 3 * tokens * LAYERS * (24 * HIDDEN**2 + 4 * length * HIDDEN) / 1e12


def make_large(folder, tokenizer_of):
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(hidden_size=HIDDEN, num_hidden_layers=LAYERS, num_attention_heads=16, intermediate_size=4096)
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        source = pathlib.Path(tokenizer_of) / name
        if source.exists():
            shutil.copy(source, folder)


def train_peer(model, data):
    """A loop of PyTorch around sentence-transformers' model and loss, as its trainer has it: autocast, fused AdamW, clipping.
    -> median seconds a step, peak memory in bytes"""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.losses import MultipleNegativesRankingLoss
    from sentence_transformers.models import Pooling, Transformer

    encoder = Transformer(str(model), max_seq_length=LENGTH)
    sentence_model = SentenceTransformer(modules=[encoder, Pooling(HIDDEN)], device="cuda").float()
    loss = MultipleNegativesRankingLoss(sentence_model)
    optimizer = torch.optim.AdamW(sentence_model.parameters(), lr=2e-5, fused=True)
    pairs = json.loads(pathlib.Path(data).read_text())
    tokenize = getattr(sentence_model, "preprocess", None) or sentence_model.tokenize
    sentence_model.train()
    seconds = []
    for step in range(STEPS):
        start = time.monotonic()
        batch = pairs[step * PAIRS:(step + 1) * PAIRS]
        features = [{key: value.to("cuda") for key, value in tokenize(texts).items() if hasattr(value, "to")}
                    for texts in ([p["question"] for p in batch], [p["pos_doc"][0] for p in batch])]
        with torch.autocast("cuda", dtype=torch.bfloat16):
            value = loss(features, None)
        value.backward()
        torch.nn.utils.clip_grad_norm_(sentence_model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        torch.cuda.synchronize()
        seconds.append(time.monotonic() - start)
    memory = torch.cuda.max_memory_allocated()
    del sentence_model, encoder, loss, optimizer, value
    torch.cuda.empty_cache()
    return statistics.median(seconds[WARM_UP:]), memory


def embed_ours(program, model, texts, output):
    start = time.monotonic()
    subprocess.run([program, "embed", "--quiet", "--model", model, "--input", texts, "--output", output / "speed.npy", "--device", "cuda",
                    "--precision", "bf16"], check=True)
    return time.monotonic() - start


def main():
    options = arguments(__doc__)
    results = {"gpu": torch.cuda.get_device_name(), "torch": torch.__version__, "product_tflops": product_rate()}
    print(f"{results['gpu']}, torch {torch.__version__}: bf16 product {results['product_tflops']:.0f} TFLOP/s")

    large = options.output / "bert-large-shape"
    make_large(large, options.model)
    data = options.output / "long-pairs.json"
    write_pairs(data, PAIRS * STEPS, 400)
    tokens = 2 * PAIRS * LENGTH
    lines = train(options.program, large, data, options.output / "run-large", steps=STEPS, batch=PAIRS, micro_batch=PAIRS, length=LENGTH,
                  words=["trainer.accelerator=gpu", "trainer.precision=bf16", "++exp_manager.resume_if_exists=False",
                         "trainer.limit_val_batches=1", "++exp_manager.checkpoint_callback_params.save_top_k=0"])
    ours = statistics.median(line["train_step_timing in s"] for line in lines[WARM_UP:])
    results["training_tokens_a_step"] = lines[-1]["tokens_per_second"] * lines[-1]["train_step_timing in s"]
    print(f"sbert {1000 * ours:.1f} ms a step, {training_work(tokens, LENGTH) / ours:.0f} TFLOP/s", flush=True)
    peer, peer_memory = train_peer(large, data)
    for name, seconds in (("sbert", ours), ("sentence-transformers", peer)):
        rate = training_work(tokens, LENGTH) / seconds
        results[f"training_{name}"] = {"seconds_a_step": seconds, "tokens_a_second": tokens / seconds, "tflops": rate,
                                       "share_of_product": rate / results["product_tflops"]}
        print(f"training, BERT-large shape, {tokens:,} tokens a step, {name:22}: {1000 * seconds:7.1f} ms  "
              f"{tokens / seconds:9,.0f} tokens/s  {rate:5.0f} TFLOP/s  {rate / results['product_tflops']:4.0%} of the product")
    print(f"ratio {peer / ours:.2f}; peer's peak memory {peer_memory / 1e9:.1f} GB")

    from sentence_transformers import SentenceTransformer

    for words, count in ((6, 200_000), (40, 60_000)):
        texts = random_texts(count, words, seed=words)
        file = options.output / "speed.txt"
        file.write_text("\n".join(texts) + "\n")
        one = options.output / "one.txt"
        one.write_text(texts[0] + "\n")
        start_up = embed_ours(options.program, options.model, one, options.output)
        ours = embed_ours(options.program, options.model, file, options.output)
        model = SentenceTransformer(options.model, device="cuda", model_kwargs={"torch_dtype": torch.bfloat16})
        model.encode(texts[:1000], batch_size=256)
        start = time.monotonic()
        model.encode(texts, batch_size=256, show_progress_bar=False)
        peer = time.monotonic() - start
        results[f"embedding_{words}_words"] = {"texts": count, "start_up": start_up, "sbert": ours, "sentence-transformers": peer}
        print(f"embedding {count:,} texts of {words} words: sbert {ours:.2f} s, of it {start_up:.2f} s start; "
              f"sentence-transformers {peer:.2f} s without start: {peer / (ours - start_up):.2f} times")
    (options.output / "speed.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
