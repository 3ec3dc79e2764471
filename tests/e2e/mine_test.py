"""Mine: from questions and answers to training data with hard negatives."""
import json
import os
import signal
import subprocess

from program import ENVIRONMENT, HF_MODEL, INPUT, INTERRUPTED, IO, PROGRAM, SECONDS, USAGE, ProgramTest, needs_torch

WORDS = ["the cat sat", "a vector search", "hello world", "on the mat", "query model", "the mat sat", "cat search",
         "world on a cat", "model of the world", "hello vector"]


class Mine(ProgramTest):
    def setUp(self):
        super().setUp()
        self.write_lines("train.jsonl", [{"question": f"{words} ?", "pos_doc": [f"{words} is here"]} for words in WORDS[:6]])
        self.write_lines("corpus.jsonl", [{"_id": f"d{i}", "text": f"{a} {b}"} for i, (a, b) in enumerate(
            (a, b) for a in WORDS for b in WORDS if a != b)])

    def mine(self, *words, output="mined.jsonl"):
        self.printed = self.succeed("mine", "--model", HF_MODEL, "--data", "train.jsonl", "--output", output, *words)
        text = (self.folder / output).read_text()
        return json.loads(text) if output.endswith(".json") else [json.loads(line) for line in text.splitlines()]

    def test_output_is_training_data(self):
        records = self.mine("--corpus", "corpus.jsonl", "--num-negatives", 3)
        self.assertEqual([each["question"] for each in records], [f"{words} ?" for words in WORDS[:6]])
        for each in records:
            self.assertEqual(list(each), ["question", "pos_doc", "neg_doc"])
            self.assertEqual(len(each["neg_doc"]), 3)
        self.assertEqual(self.mine("--corpus", "corpus.jsonl", "--num-negatives", 3, output="mined.json"), records)

    @needs_torch
    def test_output_can_be_trained_on(self):
        self.mine("--corpus", "corpus.jsonl", "--num-negatives", 3, output="mined.json")
        self.succeed("train", f"restore_from_path={HF_MODEL}", "model.data.data_prefix=mined.json", "trainer.max_steps=1",
                     "model.global_batch_size=4", "model.micro_batch_size=4", "model.encoder_seq_length=16",
                     "model.data.evaluation_sample_size=0", "model.optim.sched.constant_steps=0",
                     "model.optim.sched.warmup_steps=0", "exp_manager.explicit_log_dir=run")

    def test_without_a_corpus_other_answers_are_the_negatives(self):
        answers = {f"{words} is here" for words in WORDS[:6]}
        for each in self.mine("--num-negatives", 5, "--near-duplicate", 0):
            self.assertEqual(set(each["neg_doc"]), answers - set(each["pos_doc"]))

    def test_threads_and_memory_change_no_byte_and_a_seed_is_kept(self):
        options = ["--corpus", "corpus.jsonl", "--candidates", "hybrid", "--sampling", "random", "--with-scores"]
        first = self.mine(*options, "--threads", 1, "--memory", "1GB")
        self.assertEqual(self.mine(*options, "--threads", 2, "--memory", "4GB"), first)
        self.assertNotEqual(self.mine(*options, "--seed", 7), first)

    def test_report_counts_what_was_dropped(self):
        self.mine("--corpus", "corpus.jsonl", "--max-score", 0)
        report = json.loads((self.folder / "mined.jsonl.report.json").read_text())
        self.assertGreater(report["dropped"]["max_score"], 0)
        self.assertEqual(report["negatives"] + sum(4 - each["negatives"] for each in report["short"]), 24)
        self.assertIn("<svg", (self.folder / "mined.jsonl.report.html").read_text())
        self.assertIn("negatives for 6 questions", self.printed)

    def test_beir_folder_gives_ids(self):
        self.write_lines("b/corpus.jsonl", [{"_id": f"d{i}", "title": "", "text": words} for i, words in enumerate(WORDS)])
        self.write_lines("b/queries.jsonl", [{"_id": "q", "text": "the cat ?"}])
        self.write("b/qrels/train.tsv", "query-id\tcorpus-id\tscore\nq\td0\t1\n")
        self.succeed("mine", "--model", HF_MODEL, "--data", "b", "--output", "out.jsonl", "--with-ids", "--with-scores")
        record = json.loads((self.folder / "out.jsonl").read_text())
        self.assertEqual(record["question_id"], "q")
        self.assertEqual(record["pos_doc_id"], ["d0"])
        self.assertEqual([WORDS[int(each[1:])] for each in record["neg_doc_id"]], record["neg_doc"])
        self.assertEqual(record["neg_scores"], sorted(record["neg_scores"], reverse=True))

    def test_vectors_are_kept_where_asked_for_and_used_again(self):
        first = self.mine("--vectors", "kept")
        self.assertEqual(sorted(os.listdir(self.folder / "kept")), ["documents.vectors", "questions.vectors"])
        before = self.tree()["kept/documents.vectors"]
        self.assertEqual(self.mine("--vectors", "kept"), first)
        self.assertEqual(self.tree()["kept/documents.vectors"], before)
        self.mine()
        self.assertFalse((self.folder / "mined.jsonl.vectors").exists())

    def test_interrupted_run_leaves_vectors_and_no_output(self):
        self.write_lines("corpus.jsonl", [{"text": f"{WORDS[i % 10]} {i} {WORDS[i % 7]}"} for i in range(60_000)])
        with subprocess.Popen([PROGRAM, "mine", "--model", HF_MODEL, "--data", "train.jsonl", "--corpus", "corpus.jsonl",
                               "--output", "mined.jsonl", "--threads", "1"], cwd=self.folder, env=ENVIRONMENT,
                              stderr=subprocess.PIPE) as process:
            vectors = self.folder / "mined.jsonl.vectors/documents.vectors"
            while process.poll() is None and not (vectors.exists() and written(vectors) > 0):
                os.sched_yield()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=SECONDS)
        self.assertEqual(process.returncode, INTERRUPTED)
        self.assertFalse((self.folder / "mined.jsonl").exists())
        self.assertGreater(written(vectors), 0)
        self.assertEqual(len(self.mine("--corpus", "corpus.jsonl")), 6)

    def test_wrong_options_and_files_are_named(self):
        refuse = lambda code, parts, *words: self.refuse(code, parts, "mine", "--model", HF_MODEL, "--output", "out.jsonl",
                                                         *words)
        refuse(USAGE, ["--data"])
        refuse(USAGE, ["--memory", "2 bananas"], "--data", "train.jsonl", "--memory", "2 bananas")
        refuse(USAGE, ["memory must be at least"], "--data", "train.jsonl", "--memory", "1MB")
        refuse(USAGE, ["num_negatives must be at least 1"], "--data", "train.jsonl", "--num-negatives", 0)
        refuse(USAGE, ["no ids to write"], "--data", "train.jsonl", "--with-ids")
        refuse(IO, ["nosuch.jsonl"], "--data", "nosuch.jsonl")
        self.write("bad.jsonl", '{"text": "a"}\n{"txt": "b"}\n')
        refuse(INPUT, ["bad.jsonl: line 2: text is missing"], "--data", "train.jsonl", "--corpus", "bad.jsonl")
        (self.folder / "empty").mkdir()
        refuse(INPUT, ["must have corpus.jsonl"], "--data", "empty")


def written(vectors):
    """Rows that a vector file says it holds."""
    return int.from_bytes(vectors.read_bytes()[32:40], "little")
