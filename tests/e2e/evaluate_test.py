"""Evaluate: a folder in BEIR's layout in, measures out."""
import json

from program import HF_MODEL, INPUT, IO, USAGE, ProgramTest

# Queries are the texts of documents, so that each finds its own first.
CORPUS = {"d1": "the cat sat on the mat", "d2": "hello world", "d3": "a vector search model", "d4": "train and query"}
QUERIES = {"q1": "hello world", "q2": "a vector search model", "q3": "not judged"}


class Evaluate(ProgramTest):
    def data(self, judgements):
        self.write_lines("data/corpus.jsonl", [{"_id": name, "title": "", "text": text} for name, text in CORPUS.items()])
        self.write_lines("data/queries.jsonl", [{"_id": name, "text": text} for name, text in QUERIES.items()])
        self.write("data/qrels/test.tsv", "query-id\tcorpus-id\tscore\n" + "".join(f"{q}\t{d}\t1\n" for q, d in judgements))

    def evaluate(self, *words):
        return self.succeed("evaluate", "retrieval", "--data", "data", *words)

    def test_json_has_the_measures(self):
        self.data([("q1", "d2"), ("q2", "d3")])
        report = json.loads(self.evaluate("--model", HF_MODEL, "--split", "test", "--format", "json"))
        self.assertEqual({key: report[key] for key in ("ndcg@10", "mrr@10", "map@100", "recall@100")},
                         {"ndcg@10": 1, "mrr@10": 1, "map@100": 1, "recall@100": 1})
        self.assertEqual((report["queries"], report["documents"]), (2, 4))

    def test_a_wrong_judgement_lowers_them(self):
        self.data([("q1", "d1"), ("q2", "d3")])
        report = json.loads(self.evaluate("--model", HF_MODEL, "--format", "json"))
        self.assertLess(report["mrr@10"], 1)
        self.assertEqual(report["recall@100"], 1)

    def test_table_compares_two_models_and_run_file_ranks(self):
        self.data([("q1", "d2"), ("q2", "d3")])
        self.succeed("convert", "--input", HF_MODEL, "--output", "same.nemo")
        table = self.evaluate("--model", HF_MODEL, "--model", "same.nemo")
        self.assertRegex(table, r"ndcg@10 +1\.0000 +1\.0000 +\+0\.0000")
        self.evaluate("--model", "same.nemo", "--run-file", "run.trec")
        lines = [line.split() for line in (self.folder / "run.trec").read_text().splitlines()]
        self.assertEqual([line[2] for line in lines if line[0] == "q1"][0], "d2")
        self.refuse(USAGE, ["--run-file"], "evaluate", "retrieval", "--data", "data", "--model", HF_MODEL, "--model", "same.nemo",
                    "--run-file", "two.trec")

    def test_wrong_folders_are_named(self):
        words = ("evaluate", "retrieval", "--model", HF_MODEL, "--data", "data")
        self.refuse(IO, ["data"], *words)
        self.data([("q1", "d2")])
        self.refuse(IO, ["dev.tsv"], *words, "--split", "dev")
        self.write("data/qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td2\n")
        self.refuse(INPUT, ["test.tsv", "line 2"], *words)
        self.write("data/qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td2\tx\n")
        self.refuse(INPUT, ["test.tsv", "line 2"], *words)
        self.data([])
        self.refuse(INPUT, ["test.tsv"], *words)

    def test_task_must_be_known(self):
        self.refuse(USAGE, ["retrieval"], "evaluate")
        self.refuse(USAGE, ["retrieval", "sts"], "evaluate", "sts")
