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
        self.refuse(USAGE, ["retrieval", "sts"], "evaluate")
        self.refuse(USAGE, ["retrieval", "sts", "summarize"], "evaluate", "summarize")

    def test_options_of_a_task_are_checked(self):
        self.data([("q1", "d2")])
        words = ("evaluate", "retrieval", "--model", HF_MODEL, "--data", "data")
        self.refuse(USAGE, ["--k must be numbers from 1 with commas between: x"], *words, "--k", "10,x")
        self.refuse(USAGE, ["--mode"], *words, "--mode", "mteb")
        self.write("sts.tsv", "score\ts1\ts2\n1\thello\tworld\n2\tthe cat\tthe mat\n")
        self.refuse(USAGE, ["--run-file"], "evaluate", "sts", "--model", HF_MODEL, "--data", "sts.tsv", "--run-file", "r")

    def test_output_folder_has_results_and_rankings(self):
        self.data([("q1", "d2"), ("q2", "d3")])
        self.evaluate("--model", HF_MODEL, "--k", "1,2", "--mode", "st", "--output", "out")
        results = json.loads((self.folder / "out/results.json").read_text())
        self.assertEqual((results["task"], results["accuracy@1"], results["ndcg@2"]), ("retrieval", 1, 1))
        self.assertEqual(len((self.folder / "out/run.trec").read_text().splitlines()), 4)

    def test_similarity_of_a_collapsed_model_is_null(self):
        self.write("sts.csv", 'sentence1,sentence2,score\nhello,hello,1\n"the, cat","the, cat",2\nhello,hello,3\n')
        done = self.sbert("evaluate", "sts", "--model", HF_MODEL, "--data", "sts.csv", "--format", "json")
        report = json.loads(done.stdout)
        self.assertIsNone(report["spearman_euclidean"])
        self.assertIn("no correlation is defined: euclidean", done.stderr.decode())


class Groups(ProgramTest):
    TEXTS = "hello world\nthe cat sat\nhello world\nthe cat sat\nhello world\n"

    def test_clusters_are_those_of_equal_texts(self):
        self.write("texts.txt", self.TEXTS)
        for words in (("--clusters", 2), ("--clusters", 2, "--linkage", "ward"), ("--threshold", "0.999", "--min-size", 2)):
            lines = self.succeed("cluster", "--model", HF_MODEL, "--input", "texts.txt", "--format", "jsonl", *words).splitlines()
            self.assertEqual([json.loads(line)["cluster"] for line in lines], [1, 2, 1, 2, 1], words)
        self.assertIn("cluster 1: 3 texts\n  hello world\n",
                      self.succeed("cluster", "--model", HF_MODEL, "--input", "texts.txt", "--clusters", 2))
        self.refuse(USAGE, ["--clusters", "--threshold"], "cluster", "--model", HF_MODEL, "--input", "texts.txt")
        self.refuse(USAGE, ["more clusters than texts"], "cluster", "--model", HF_MODEL, "--input", "texts.txt", "--clusters", 6)

    def test_texts_may_be_in_no_community(self):
        self.write("texts.txt", "hello world\nthe cat sat\nhello world\n")
        lines = self.succeed("cluster", "--model", HF_MODEL, "--input", "texts.txt", "--threshold", "0.9999", "--min-size", 2,
                             "--format", "jsonl").splitlines()
        self.assertEqual([json.loads(line)["cluster"] for line in lines], [1, None, 1])

    def test_paraphrases_are_pairs_best_first(self):
        self.write_lines("texts.jsonl", [{"id": name, "text": text} for name, text in
                                         (("a", "hello world"), ("b", "the cat sat"), ("c", "hello world"))])
        lines = self.succeed("paraphrases", "--model", HF_MODEL, "--input", "texts.jsonl", "--format", "jsonl").splitlines()
        pairs = [json.loads(line) for line in lines]
        self.assertEqual([(pair["id1"], pair["id2"]) for pair in pairs][0], ("a", "c"))
        self.assertEqual(len(pairs), 3)
        self.assertAlmostEqual(pairs[0]["score"], 1, places=5)
        told = self.succeed("paraphrases", "--model", HF_MODEL, "--input", "texts.jsonl", "--pairs", 1)
        self.assertRegex(told, r"\A1\.0000  hello world \| hello world\n\Z")
