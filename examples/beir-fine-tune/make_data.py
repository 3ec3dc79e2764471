#!/usr/bin/env python3
"""Training examples from a judged collection in BEIR layout: for each query of a qrels split its relevant documents, and
hard negatives out of the ranks that a model gives to documents that are not relevant.

    make_data.py --sbert build/release/bin/sbert --model MODEL --beir scifact/ --split train --output train.json
"""
import argparse
import csv
import json
import pathlib
import random
import subprocess
import tempfile


def read_jsonl(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def relevant_documents(path):
    relevant = {}
    with open(path, encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if int(row["score"]) > 0:
                relevant.setdefault(row["query-id"], []).append(row["corpus-id"])
    return relevant


def search(options, queries):
    """-> for each query the ids of the documents that the model puts first"""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "queries.txt"
        file.write_text("".join(text.replace("\n", " ") + "\n" for text in queries), encoding="utf-8")
        found = subprocess.run([options.sbert, "search", "--model", options.model, "--corpus", f"{options.beir}/corpus.jsonl",
                                "--queries", file, "--k", str(options.last_rank), "--embeddings", f"{options.output}.npy",
                                "--max-length", str(options.max_length), "--format", "json"],
                               check=True, stdout=subprocess.PIPE, text=True).stdout
    return [[hit["id"] for hit in json.loads(line)["results"]] for line in found.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sbert", default="sbert")
    parser.add_argument("--model", required=True)
    parser.add_argument("--beir", required=True)
    parser.add_argument("--split", default="train")
    parser.add_argument("--output", required=True)
    parser.add_argument("--negatives", type=int, default=4)
    parser.add_argument("--first-rank", type=int, default=10, help="negatives are drawn from these ranks")
    parser.add_argument("--last-rank", type=int, default=60)
    parser.add_argument("--max-length", type=int, default=128, help="tokens of a text that the ranking sees")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    documents = {row["_id"]: f"{row.get('title', '')} {row['text']}".strip() for row in read_jsonl(f"{options.beir}/corpus.jsonl")}
    texts = {row["_id"]: row["text"] for row in read_jsonl(f"{options.beir}/queries.jsonl")}
    relevant = relevant_documents(f"{options.beir}/qrels/{options.split}.tsv")
    queries = sorted(relevant)
    rng = random.Random(options.seed)
    records = []
    for query, ranked in zip(queries, search(options, [texts[query] for query in queries]), strict=True):
        pool = [document for document in ranked[options.first_rank:] if document not in relevant[query]]
        negatives = rng.sample(pool, min(options.negatives, len(pool)))
        records += [{"question": texts[query], "pos_doc": [documents[document]], "neg_doc": [documents[each] for each in negatives]}
                    for document in relevant[query] if document in documents]
    pathlib.Path(options.output).write_text(json.dumps(records, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{len(records)} records of {len(queries)} queries: {options.output}")


if __name__ == "__main__":
    main()
