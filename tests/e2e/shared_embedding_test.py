"""Embed, evaluate and mine on several processes: what one process gives, byte by byte."""
import subprocess

from devices_test import free_port
from program import ENVIRONMENT, HF_MODEL, IO, PROGRAM, SECONDS, USAGE, ProgramTest, needs_torch

WORDS = ["the cat sat", "a vector search", "hello world", "on the mat", "query model", "the mat sat", "cat search"]
TEXTS = [f"{a} {b}" for a in WORDS for b in WORDS]


@needs_torch
class SharedEmbedding(ProgramTest):
    def test_vectors_of_a_file_and_of_stdin_are_those_of_one_process(self):
        self.write("texts.txt", "\n".join(TEXTS) + "\n")
        for devices in (1, 2, 3):
            self.succeed("embed", "--model", HF_MODEL, "--input", "texts.txt", "--output", f"{devices}.npy", "--devices", devices)
            self.assertEqual((self.folder / f"{devices}.npy").read_bytes(), (self.folder / "1.npy").read_bytes())
        lines = "\n".join(TEXTS).encode()
        alone = self.succeed("embed", "--model", HF_MODEL, stdin=lines)
        self.assertEqual(self.succeed("embed", "--model", HF_MODEL, "--devices", 2, stdin=lines), alone)
        self.assertEqual(len(alone.splitlines()), len(TEXTS))

    def test_evaluations_are_those_of_one_process_with_and_without_cache(self):
        self.write_lines("b/corpus.jsonl", [{"_id": f"d{i}", "text": text} for i, text in enumerate(TEXTS)])
        self.write_lines("b/queries.jsonl", [{"_id": f"q{i}", "text": words} for i, words in enumerate(WORDS)])
        self.write("b/qrels/test.tsv", "query-id\tcorpus-id\tscore\n" + "".join(f"q{i}\td{9 * i % 49}\t1\n" for i in range(7)))
        words = ["evaluate", "retrieval", "--model", HF_MODEL, "--data", "b", "--format", "json"]
        alone = self.succeed(*words, "--no-cache")
        self.assertEqual(self.succeed(*words, "--no-cache", "--devices", 2), alone)
        for _ in range(2):  # then from the cache, which only the leader reads
            self.assertEqual(self.succeed(*words, "--cache", "cache", "--devices", 3), alone)

    def test_several_models_are_evaluated_in_turn(self):
        self.copy_model("other")
        self.write("pairs.tsv", "score\ts1\ts2\n" + "".join(f"{i % 5}\t{text}\t{WORDS[i % 7]}\n" for i, text in enumerate(TEXTS)))
        words = ["evaluate", "sts", "--model", HF_MODEL, "--model", "other", "--data", "pairs.tsv", "--no-cache", "--format", "json"]
        self.assertEqual(self.succeed(*words, "--devices", 2), self.succeed(*words))

    def test_negatives_are_those_of_one_process_also_with_a_teacher(self):
        self.write_lines("train.jsonl", [{"question": f"{words} ?", "pos_doc": [f"{words} is here"]} for words in WORDS])
        self.write_lines("corpus.jsonl", [{"text": text} for text in TEXTS])
        for devices in (1, 2):
            self.succeed("mine", "--model", HF_MODEL, "--teacher", HF_MODEL, "--data", "train.jsonl", "--corpus", "corpus.jsonl",
                         "--with-scores", "--output", f"{devices}.jsonl", "--devices", devices)
        self.assertEqual((self.folder / "2.jsonl").read_bytes(), (self.folder / "1.jsonl").read_bytes())
        self.assertEqual(len((self.folder / "1.jsonl").read_text().splitlines()), len(WORDS))

    def test_processes_that_a_launcher_started_share_too(self):
        self.write("texts.txt", "\n".join(TEXTS) + "\n")
        self.succeed("embed", "--model", HF_MODEL, "--input", "texts.txt", "--output", "1.npy")
        port = str(free_port())
        ranks = [subprocess.Popen([PROGRAM, "embed", "--model", str(HF_MODEL), "--input", "texts.txt", "--output", "2.npy"],
                                  cwd=self.folder, stderr=subprocess.PIPE,
                                  env=dict(ENVIRONMENT, RANK=str(rank), WORLD_SIZE="2", LOCAL_RANK=str(rank),
                                           MASTER_ADDR="127.0.0.1", MASTER_PORT=port)) for rank in range(2)]
        for rank in ranks:
            _, said = rank.communicate(timeout=SECONDS)
            self.assertEqual(rank.returncode, 0, said.decode())
        self.assertEqual((self.folder / "2.npy").read_bytes(), (self.folder / "1.npy").read_bytes())

    def test_the_error_of_the_first_is_that_of_all(self):
        port = str(free_port())
        ranks = [subprocess.Popen([PROGRAM, "embed", "--model", str(HF_MODEL), "--input", "nothing.txt", "--output", "1.npy"],
                                  cwd=self.folder, stderr=subprocess.PIPE, text=True,
                                  env=dict(ENVIRONMENT, RANK=str(rank), WORLD_SIZE="2", LOCAL_RANK=str(rank),
                                           MASTER_ADDR="127.0.0.1", MASTER_PORT=port)) for rank in range(2)]
        for rank in ranks:
            _, said = rank.communicate(timeout=SECONDS)
            self.assertEqual(rank.returncode, IO, said)
            self.assertIn("nothing.txt", said)
        self.assertIn("process 0 of 2 failed: ", said)

    def test_what_cannot_work_ends_all_processes_with_the_reason(self):
        done = self.sbert("embed", "--model", HF_MODEL, "--input", "nothing.txt", "--output", "1.npy", "--devices", 2)
        self.assertEqual(done.returncode, IO)
        self.assertIn("nothing.txt", done.stderr.decode())
        self.assertFalse((self.folder / "1.npy").exists())
        done = self.sbert("embed", "--model", HF_MODEL, "--devices", 0)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("--devices must be at least 1: 0", done.stderr.decode())
