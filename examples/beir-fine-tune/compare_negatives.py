#!/usr/bin/env python3
"""Which hard negatives help: fine-tunes a model on the train claims of a collection in BEIR layout with negatives of each kind, the
same number of steps each, over several seeds, and prints nDCG@10 on the test claims. A run that was stopped goes on.

    compare_negatives.py --sbert build/release/bin/sbert --model MiniLM/ --beir scifact/ --folder out/ --steps 200

random   any documents of the corpus
bm25     what BM25 puts first (k1 1.2, b 0.75)
mined    what `sbert mine` finds with the model before training
training mined from the corpus again and again with the weights in training (model.mining)
"""
import argparse
import collections
import concurrent.futures
import csv
import json
import math
import pathlib
import random
import re
import statistics
import subprocess

# The same filters for both kinds of mining: documents that score as near to the claim as its positive may be answers.
FILTERS = {"range_min": "0", "topk_percpos": "0.95", "near_duplicate": "0.8"}
KINDS = ("random", "bm25", "mined", "training")


def read_jsonl(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Collection:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.documents = {row["_id"]: f"{row.get('title', '')} {row['text']}".strip() for row in read_jsonl(self.folder / "corpus.jsonl")}
        texts = {row["_id"]: row["text"] for row in read_jsonl(self.folder / "queries.jsonl")}
        self.relevant = collections.defaultdict(list)
        with open(self.folder / "qrels/train.tsv", encoding="utf-8") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                if int(row["score"]) > 0:
                    self.relevant[row["query-id"]].append(row["corpus-id"])
        self.queries = {query: texts[query] for query in sorted(self.relevant)}

    def records(self, negatives_of):
        """A record for each relevant document of a query, with the documents of these ids as its negatives."""
        for query, text in self.queries.items():
            negatives = [self.documents[each] for each in negatives_of(query)]
            for document in self.relevant[query]:
                yield {"question": text, "pos_doc": [self.documents[document]], "neg_doc": negatives}


class Bm25:
    """Okapi BM25 with Lucene's idf."""

    def __init__(self, documents, k1=1.2, b=0.75):
        counts = {name: collections.Counter(re.findall(r"\w+", text.lower())) for name, text in documents.items()}
        lengths = {name: sum(each.values()) for name, each in counts.items()}
        mean_length = statistics.fmean(lengths.values())
        self.weights = collections.defaultdict(dict)
        for name, each in counts.items():
            norm = k1 * (1 - b + b * lengths[name] / mean_length)
            for word, count in each.items():
                self.weights[word][name] = count / (count + norm)
        for holders in self.weights.values():
            idf = math.log(1 + (len(documents) - len(holders) + 0.5) / (len(holders) + 0.5))
            for name in holders:
                holders[name] *= idf

    def ranking(self, text):
        scores = collections.Counter()
        for word in re.findall(r"\w+", text.lower()):
            for name, weight in self.weights.get(word, {}).items():
                scores[name] += weight
        return [name for name, _ in sorted(scores.items(), key=lambda item: (-item[1], item[0]))]


class Comparison:
    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(options.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.collection = Collection(options.beir)

    def sbert(self, *words):
        return subprocess.run([self.options.sbert, *map(str, words)], check=True, stdout=subprocess.PIPE, text=True).stdout

    def training_file(self, kind, seed):
        """-> the training records with negatives of this kind; those that training mines itself begin without any"""
        path = self.folder / (f"{kind}-{seed}.json" if kind == "random" else f"{kind}.json")
        if path.exists():
            return path
        data, count = self.collection, self.options.negatives
        if kind == "mined":
            plain = self.training_file("training", seed)
            words = [word for key, value in FILTERS.items() for word in (f"--{key.replace('_', '-')}", value)]
            output = self.folder / "mine-output.json"
            self.sbert("mine", "--data", plain, "--corpus", data.folder / "corpus.jsonl", "--model", self.options.model,
                       "--num-negatives", count, *words, "--output", output)
            # It writes a record for each question; here, as with the other kinds, each relevant document has its own.
            found = {row["question"]: row["neg_doc"] for row in json.loads(output.read_text(encoding="utf-8"))}
            names = {text: name for name, text in data.documents.items()}

            def choose(query):
                return [names[text] for text in found.get(data.queries[query], [])]
        elif kind == "random":
            rng = random.Random(seed)
            names = sorted(data.documents)

            def choose(query):
                drawn = rng.sample(names, count + len(data.relevant[query]))
                return [each for each in drawn if each not in data.relevant[query]][:count]
        elif kind == "bm25":
            index = Bm25(data.documents)

            def choose(query):
                return [each for each in index.ranking(data.queries[query]) if each not in data.relevant[query]][:count]
        else:
            def choose(_):
                return []
        path.write_text(json.dumps(list(data.records(choose)), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return path

    def ndcg(self, model):
        report = self.sbert("evaluate", "retrieval", "--quiet", "--model", model, "--data", self.options.beir, "--split", "test",
                            "--format", "json")
        return json.loads(report)["ndcg@10"]

    def train(self, kind, seed):
        """-> nDCG@10 of the trained model"""
        run = self.folder / f"run-{kind}-{seed}-{self.options.steps}"
        result = run / "ndcg.json"
        if result.exists():
            return json.loads(result.read_text())
        options = self.options
        words = [f"restore_from_path={options.model}", f"exp_manager.explicit_log_dir={run}",
                 f"++model.data.data_prefix={self.training_file(kind, seed)}", "++model.data.evaluation_sample_size=0",
                 f"++model.data.hard_negatives_to_train={options.negatives}", "++model.data.query_prefix=", "++model.data.passage_prefix=",
                 f"model.global_batch_size={options.batch}", f"model.micro_batch_size={options.micro_batch}",
                 f"model.encoder_seq_length={options.max_length}", f"++model.seed={seed}", f"model.optim.lr={options.lr}",
                 f"model.optim.sched.warmup_steps={options.steps // 10}", "model.optim.sched.constant_steps=0", "model.optim.sched.min_lr=0",
                 f"trainer.max_steps={options.steps}", f"trainer.val_check_interval={options.steps}", "++model.loss.mask_same_text=True",
                 "++exp_manager.checkpoint_callback_params.save_nemo_on_train_end=False"]
        if kind == "training":
            words += [f"++model.mining.refresh_every_n_steps={max(1, options.steps // options.refreshes)}",
                      f"++model.mining.pool={self.collection.folder / 'corpus.jsonl'}",
                      f"++model.mining.num_negatives={options.negatives}",
                      *(f"++model.mining.{key}={value}" for key, value in FILTERS.items())]
        self.sbert("train", *words)
        value = self.ndcg(run / "last-model")
        result.write_text(json.dumps(value))
        return value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sbert", default="sbert")
    parser.add_argument("--model", required=True)
    parser.add_argument("--beir", required=True)
    parser.add_argument("--folder", required=True, help="where training files and runs are kept")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--refreshes", type=int, default=4, help="minings during training")
    parser.add_argument("--negatives", type=int, default=4)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--micro-batch", type=int, default=8)
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side: for a GPU that one small model does not fill")
    parser.add_argument("--lr", type=float, default=2e-5)
    options = parser.parse_args()

    comparison = Comparison(options)
    lines = [f"| before training | {100 * comparison.ndcg(options.model):.2f} | | |"]
    runs = [(kind, seed) for kind in options.kinds for seed in options.seeds]
    for run in runs:
        comparison.training_file(*run)  # before the runs, which would make them side by side
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as jobs:
        found = dict(zip(runs, jobs.map(lambda run: comparison.train(*run), runs), strict=True))
    for kind in options.kinds:
        values = [100 * found[kind, seed] for seed in options.seeds]
        deviation = statistics.stdev(values) if len(values) > 1 else 0
        lines.append(f"| {kind} | {statistics.fmean(values):.2f} | {deviation:.2f} | {', '.join(f'{each:.2f}' for each in values)} |")
    print(f"nDCG@10 in percent on the test queries, {options.steps} steps of {options.batch}, {options.negatives} negatives a question\n")
    print("| negatives | mean | standard deviation | by seed |\n|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
