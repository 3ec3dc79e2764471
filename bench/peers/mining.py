"""Hard negatives by sbert and by sentence-transformers: the same ones? How long, and in how much memory?

    python bench/peers/mining.py PROGRAM MODEL [--data scifact/ | --documents 20000 --words 20 60]
                                   [--negatives 4] [--margin 0.05]

MODEL is a sentence-transformers folder. --data is a folder in BEIR layout with qrels/train.tsv; without it random texts are
made: --documents of them, a tenth as many questions. Each side runs in a process of its own. Needs sentence-transformers
6 and datasets. Exit 0: every question has the same set of negatives on both sides, but for scores that are equal to 1e-5.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

WORDS = 5000
EQUAL = 1e-5


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("--data")
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--words", type=int, nargs=2, default=(20, 60), help="of a random text, least and most")
    parser.add_argument("--negatives", type=int, default=4)
    parser.add_argument("--margin", type=float, help="relative margin")
    parser.add_argument("--memory", default="2GB", help="of sbert")
    parser.add_argument("--peer", metavar="FOLDER", help=argparse.SUPPRESS)  # this process is the peer's
    return parser.parse_args()


def random_data(num_documents, words_of_a_text, folder):
    draw = random.Random(0)
    words = ["".join(draw.choices("etaoinshrdlucmfwypvbgk", k=draw.randint(2, 9))) for _ in range(WORDS)]

    def text(length):
        return " ".join(draw.choices(words, k=length))

    corpus = [text(draw.randint(*words_of_a_text)) for _ in range(num_documents)]
    pairs = []
    for i in range(num_documents // 10):
        part = corpus[i].split()[:12]
        pairs.append({"question": " ".join(part[::2]) + " " + text(2), "pos_doc": [corpus[i]]})
    write(folder, corpus, pairs)


def beir_data(data, folder):
    data = pathlib.Path(data)
    lines = [json.loads(line) for line in (data / "corpus.jsonl").open()]
    corpus = {each["_id"]: (each.get("title", "") + " " + each["text"]).strip() for each in lines}
    queries = {each["_id"]: each["text"] for each in map(json.loads, (data / "queries.jsonl").open())}
    positives = {}
    for line in (data / "qrels/train.tsv").read_text().splitlines()[1:]:
        query, document, grade = line.split("\t")
        if int(grade) > 0:
            positives.setdefault(query, []).append(corpus[document])
    write(folder, list(corpus.values()), [{"question": queries[q], "pos_doc": texts} for q, texts in positives.items()])


def write(folder, corpus, pairs):
    (folder / "corpus.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in corpus))
    (folder / "train.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in pairs))


def run_peer(options):
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.util import mine_hard_negatives

    folder = pathlib.Path(options.peer)
    corpus = [json.loads(line)["text"] for line in (folder / "corpus.jsonl").open()]
    pairs = [json.loads(line) for line in (folder / "train.jsonl").open()]
    dataset = Dataset.from_dict({"anchor": [p["question"] for p in pairs for _ in p["pos_doc"]],
                                 "positive": [text for p in pairs for text in p["pos_doc"]]})
    mined = mine_hard_negatives(dataset, SentenceTransformer(options.model, device="cpu"), corpus=corpus,
                                num_negatives=options.negatives, relative_margin=options.margin, output_format="triplet",
                                output_scores=True, verbose=False)
    found = {}
    for row in mined:
        found.setdefault(row["anchor"], {})[row["negative"]] = row["scores"][1]
    (folder / "peer.json").write_text(json.dumps(found))


def measured(command):
    """-> seconds, peak resident memory in bytes"""
    start = time.monotonic()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"failed: {command}")
    return time.monotonic() - start, usage.ru_maxrss * 1024


def differences(ours, peers):
    """Questions whose sets differ by more than documents of scores that are equal within the rounding."""
    wrong = []
    for question in ours.keys() | peers.keys():
        a, b = ours.get(question, {}), peers.get(question, {})
        only = [(text, score) for mine, other in ((a, b), (b, a)) for text, score in mine.items() if text not in other]
        if not only:
            continue
        lowest = min([*a.values(), *b.values()])
        if len(a) != len(b) or any(abs(score - lowest) > EQUAL for _, score in only):
            wrong.append((question, only))
    return wrong


def main():
    options = arguments()
    if options.peer:
        return run_peer(options)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if options.data:
            beir_data(options.data, folder)
        else:
            random_data(options.documents, options.words, folder)
        ours = [options.program, "mine", "--quiet", "--model", options.model, "--data", folder / "train.jsonl", "--corpus",
                folder / "corpus.jsonl", "--output", folder / "mined.jsonl", "--num-negatives", options.negatives,
                "--with-scores", "--near-duplicate", 0, "--memory", options.memory]
        peer = [sys.executable, __file__, *sys.argv[1:], "--peer", name]
        if options.margin is not None:
            ours += ["--relative-margin", options.margin]
        seconds, memory = measured([str(word) for word in ours])
        peer_seconds, peer_memory = measured(peer)

        found = {each["question"]: dict(zip(each["neg_doc"], each["neg_scores"]))
                 for each in map(json.loads, (folder / "mined.jsonl").open()) if each["neg_doc"]}
        peers = json.loads((folder / "peer.json").read_text())
        documents = sum(1 for _ in (folder / "corpus.jsonl").open())
    wrong = differences(found, peers)
    print(f"{documents:,} documents, {len(found):,} questions with negatives (peer: {len(peers):,})")
    print(f"sbert                  {seconds:8.1f} s  {memory / 1e6:8.0f} MB")
    print(f"sentence-transformers  {peer_seconds:8.1f} s  {peer_memory / 1e6:8.0f} MB")
    print(f"ratio                  {peer_seconds / seconds:8.2f}    {peer_memory / memory:8.2f}")
    print(f"questions with other negatives: {len(wrong)}")
    for question, only in wrong[:5]:
        print(f"  {question[:80]}: {[(text[:40], score) for text, score in only]}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
